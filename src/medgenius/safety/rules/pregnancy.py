"""Pregnancy, birth and the weeks after."""

from medgenius.safety.rules.model import Finding, Rule
from medgenius.safety.scope import Mark

ANY_DEGREE = Mark.SLIGHT
"""In pregnancy light bleeding counts as well."""

FINDINGS = (
    Finding(
        "blood_in_pregnancy",
        """
bleeding|bleed|spotting|clots|soaking|soking|bled
blood loss|coming|down|pants|knickers|underwear|vaginal
red|brown|dark|bright|vaginal blood|discharge
losing|lost blood
vaginal .. bleeding|spotting
""",
        despite=ANY_DEGREE,
    ),
    Finding(
        "one_sided_pain",
        """
pain|pains|ache|agony|cramp .. side|right|left|shoulder|low|lower
one|right|left|1 side .. pain|tummy|belly
shoulder tip
tip .. shoulder
lower left|right .. pain
free fluid
empty uterus
""",
        despite=ANY_DEGREE,
    ),
    Finding(
        "period_late",
        """
missed|late .. period
period .. late|missed|weeks
positive|pos .. pregnancy|test
lmp|pregnancy test
""",
        despite=ANY_DEGREE,
    ),
    Finding(
        "ectopic_named",
        """
ectopic
""",
    ),
    Finding(
        "baby_still",
        """
baby .. not|hasnt|stopped|isnt|less|no|havent .. move|moved|moving|kick|kicked|kicking|movement*
havent|not|cant|last|no .. felt|feel|feeling .. baby|move|kick|movements
reduced|fewer|no|less foetal|fetal|baby movement|movements
movements .. stopped|less|fewer
baby kick
""",
    ),
    Finding(
        "pre_eclampsia_signs",
        """
flashing lights
flashes|spots|stars .. eyes|vision
blurred|blurry|visual vision|disturbance
visual|vision .. blurred|blurry|disturbance
headache|headaches
pain .. ribs|epigastric
upper belly|abdominal pain
epigastric
puffy|swollen face|hands
face .. puffy|swollen
proteinuria|hyperreflexia|clonus
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "swelling_or_pressure_in_pregnancy",
        """
puffy|swollen|swelling|proteinuria
ribs|epigastric
flashing lights
blurred|blurry|visual
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "cord_or_constant_pain",
        """
cord .. hanging|out|down|see|feel|loop
loop .. cord|rope|tube
cord|rope|loop|foot|arm|something .. between legs
between legs .. cord|rope|loop
tummy|belly|womb|uterus .. rock|hard .. relax|constant|pain
dark blood
constant|awful|horrible|severe|terrible pain
""",
    ),
    Finding(
        "waters_broke",
        """
waters .. gone|went|broke|broken|green|brown
water broke|broken|breaking
""",
    ),
    Finding(
        "heavy_after_birth",
        """
pads .. hour
passing .. lumps|clots
soaked|soaking|filled
heavy bleeding
lemons
""",
    ),
    Finding(
        "eclampsia_named",
        """
pre|preeclampsia eclampsia|preeclamptic
preeclampsia|eclampsia|eclamptic
""",
    ),
)

RULES = (
    Rule("ectopic_pregnancy", "pregnant|period_late", "one_sided_pain"),
    Rule("ectopic_pregnancy", "period_late", "blood_in_pregnancy|faint"),
    Rule("ectopic_pregnancy", "ectopic_named", "suspected|note_style|one_sided_pain"),
    Rule("bleeding_in_pregnancy", "pregnant", "blood_in_pregnancy"),
    Rule("reduced_foetal_movement", "late_pregnancy|pregnant|baby_still", "baby_still"),
    Rule(
        "pre_eclampsia",
        "late_pregnancy|after_birth|pregnant",
        "pre_eclampsia_signs",
        "swelling_or_pressure_in_pregnancy",
    ),
    Rule("pre_eclampsia", "pregnant|after_birth|late_pregnancy", "high_pregnancy_pressure"),
    Rule("pre_eclampsia", "pregnant|after_birth|late_pregnancy", "raised_blood_pressure", "headache"),
    Rule("pre_eclampsia", "eclampsia_named", "suspected|note_style|headache"),
    Rule("pre_eclampsia", "pregnant|late_pregnancy|after_birth", "seizure"),
    Rule("obstetric_emergency", "pregnant|late_pregnancy", "cord_or_constant_pain"),
    Rule("obstetric_emergency", "waters_broke", "cord_or_constant_pain|fever|fever_word"),
    Rule("obstetric_emergency", "after_birth", "heavy_after_birth|bleeds_on"),
    Rule("sepsis", "after_birth", "fever|fever_word"),
)
