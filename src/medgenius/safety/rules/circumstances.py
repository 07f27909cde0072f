"""Who it is: circumstances that make an emergency of other findings."""

from medgenius.safety.rules.model import CIRCUMSTANCE, Finding, Rule

FINDINGS = (
    Finding(
        "pregnant",
        """
pregnant|pregnancy|preggers|trimester|gestation
# weeks|wks gone|gestation|pregnant
weeks|wks gone
g1|g2|g3
in labour|labor
midwife
bhcg|hcg
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "late_pregnancy",
        """
20|21|22|23|24|25|26|27|28|29|30|31|32|33|34|35|36|37|38|39|40|41 weeks|wks .. pregnant|preg|gone|gestation
pregnant .. 20|21|22|23|24|25|26|27|28|29|30|31|32|33|34|35|36|37|38|39|40|41
twenty|thirty one|two|three|four|five|six|seven|eight weeks
third trimester
unborn|bump
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "after_birth",
        """
gave|given birth
postpartum|postnatal|puerperal
had .. baby .. ago|yesterday|days|weeks|week
after|since .. birth|delivery|csection|caesarean
had .. son|daughter|twins|baby .. days|weeks
new mum|mother
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "blood_thinner",
        """
warfarin|apixaban|rivaroxaban|xarelto|zarelto|eliquis|edoxaban|dabigatran|coumadin|heparin|clopidogrel|anticoagulant*
blood thinner|thinners|thinning
bloodthinner|bloodthinners
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "diabetes",
        """
diabetic|diabetes|t1dm|t2dm|type1|dm1|dm2
type one|1
insulin|gliclazide|glipizide|glimepiride|glibenclamide|sulfonylurea
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "weak_defence",
        """
chemo|chemotherapy|neutropenic|neutropenia|immunosuppressed|immunocompromised|transplant|leukaemia|leukemia|lymphoma
no spleen
splenectomy|asplenic|azathioprine|ciclosporin|tacrolimus|adalimumab|infliximab|clozapine|carbimazole
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "clot_risk",
        """
flight|flew|flown|pill|immobile|bedbound|postop
postoperative|operation|surgery|replacement|plaster|cast|cancer|contraceptive
long|coach drive|journey
post op
knee|hip replaced|done|op
calf .. swollen|sore|tender|tight|bigger|painful|cramp*
swollen|tight|sore|painful calf
leg .. swollen|bigger
dvt
knee|hip surgery
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "heart_risk",
        """
irregular|funny .. heartbeat|rhythm
af|afib|fibrillation|stents|stent|angina|cad|bypass
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "small_child",
        """
toddler|infant|baby|newborn|neonate|babies|babby
# month|months|mo|week|weeks old
little boy|girl|one|lad
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "newborn",
        """
newborn|neonate
# days|day|weeks|week old|infant|baby|newborn|boy|girl
baby .. # weeks|days old
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "long_bedridden_or_elderly",
        """
care home
grandma|grandpa|gran|nan|grandmother|grandfather|grandad|dad|mum
nursing home
elderly|frail
""",
        despite=CIRCUMSTANCE,
    ),
)

RULES: tuple[Rule, ...] = ()
