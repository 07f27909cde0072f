"""Blood sugar, adrenal glands, kidneys and salts."""

from medgenius.safety.rules.model import Finding, Rule
from medgenius.safety.scope import Mark

FINDINGS = (
    Finding(
        "ketoacidosis_named",
        """
ketoacidosis|kussmaul
""",
    ),
    Finding(
        "fruity_breath",
        """
breath .. fruity|drops|acetone|sweet|remover|pear
fruity|acetone breath
pear drops
breathing .. deep|deeply
deep .. breathing|breaths
""",
    ),
    Finding(
        "thirst",
        """
thirst|thirsty
drinking .. fish|loads|constantly|lots|litres|tons
drinks .. litres|loads
weeing|peeing|wetting .. constantly|loads|lots|bed|often
""",
        despite=Mark.PAST | Mark.SLIGHT,
    ),
    Finding(
        "sugar_unreadable",
        """
sugar|meter|reads|reading|says hi
sugar|sugars|glucose .. high|sky
sugars|sugar .. wont .. down
""",
    ),
    Finding(
        "no_insulin",
        """
run|ran|runs out .. insulin
without|missed|no|stopped .. insulin
""",
    ),
    Finding(
        "low_sugar_signs",
        """
sweaty|sweating|sweat|twitching|shaking|pale|confused|nonsense|drunk|woken|drowsy|unconscious|unresponsive|clammy
wont .. juice|eat
cant .. woken|wake
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "hypoglycaemia_named",
        """
hypoglycaemia|hypoglycemia|hypo
""",
    ),
    Finding(
        "steroid_dependence",
        """
addison|addisons|adrenal|hydrocortisone|fludrocortisone|hypopituitarism
""",
        despite=Mark.PAST | Mark.SLIGHT,
    ),
    Finding(
        "renal_failure",
        """
dialysis|ckd|ckd4|ckd5|esrd|hd|haemodialysis
kidney failure
""",
        despite=Mark.PAST | Mark.SLIGHT,
    ),
    Finding(
        "missed_dialysis",
        """
missed|cancelled|skipped|canceled .. hd|dialysis|session
dialysis|hd .. missed|cancelled|skipped|twice
wide qrs
""",
    ),
    Finding(
        "metabolic_disease",
        """
mcadd|mcad|galactosaemia
metabolic|urea disorder|cycle
""",
        despite=Mark.PAST | Mark.SLIGHT,
    ),
    Finding(
        "thyroid_storm",
        """
thyroid storm
myxoedema|myxedema coma
""",
    ),
)

RULES = (
    Rule("diabetic_ketoacidosis", "severe_ketones"),
    Rule("diabetic_ketoacidosis", "high_ketones", "high_glucose|vomiting"),
    Rule("diabetic_ketoacidosis", "acidosis"),
    Rule("diabetic_ketoacidosis", "ketoacidosis_named", "suspected|note_style|vomiting"),
    Rule("diabetic_ketoacidosis", "diabetes|high_glucose|sugar_unreadable|thirst", "fruity_breath"),
    Rule("diabetic_ketoacidosis", "diabetes|no_insulin", "vomiting", "high_glucose|sugar_unreadable|drowsy|no_insulin"),
    Rule("diabetic_ketoacidosis", "high_glucose", "drowsy|confused|vomiting|breathless"),
    Rule("diabetic_ketoacidosis", "thirst", "vomiting|drowsy|belly_pain", "child|fruity_breath|diabetes"),
    Rule("hypoglycaemia", "low_glucose", "low_sugar_signs|diabetes|drowsy|confused"),
    Rule("hypoglycaemia", "diabetes", "low_sugar_signs", "confused|drowsy|seizure"),
    Rule("hypoglycaemia", "hypoglycaemia_named", "drowsy|confused|seizure"),
    Rule("adrenal_crisis", "steroid_dependence", "vomiting|faint|drowsy|weak|fever"),
    Rule("hyperkalaemia", "high_potassium"),
    Rule("hyperkalaemia", "missed_dialysis", "weak|palpitations|breathless|slow_pulse|note_style"),
    Rule("metabolic_crisis", "metabolic_disease", "vomiting|drowsy"),
    Rule("metabolic_crisis", "thyroid_storm"),
)
