"""Bleeding, the acute abdomen, testicles and the urinary tract."""

from medgenius.safety.rules.model import Finding, Rule
from medgenius.safety.scope import Mark

FINDINGS = (
    Finding(
        "vomits_blood",
        """
vomit|vomits|vomited|vomiting|sick|threw|throwing|thrown|puking|puked|bringing|puke .. blood|bloody|coffee
haematemesis|hematemesis|hematemisis
hemat|haemat emesis
coffee ground|grounds
vomit .. blood
blood|bloody .. vomit
blood .. filling|fills .. mouth
spit|spitting .. blood .. more|comes
been sick & blood
""",
    ),
    Finding(
        "black_stool",
        """
black|tarry|tar .. stool|stools|poo|poop|poos|bowel|motions
stool|stools|poo|poop|poos|motions .. black|tarry|tar
melaena|melena|malaena|melina
like tar
""",
    ),
    Finding(
        "takes_iron",
        """
iron|ferrous|bismuth|liquorice
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "bloody_stool",
        """
bloody|maroon stool|stools|poo|diarrhoea|diarrhea
blood .. stool|stools|poo|toilet|rectum|bottom|bowl
blood .. back passage
rectal bleed*
haematochezia|hematochezia
passing .. blood|clots
jelly .. blood
redcurrant|currant jelly
""",
    ),
    Finding(
        "bleeds_on",
        """
bleeding|bleed|blood|nosebleed|bleeds .. wont|not|doesnt|cant|isnt|hasnt .. stop|stopping|stopped|slow|control*
wont|not|doesnt|cant .. stop .. bleeding|bleed
spurt|spurts|spurted|spurting|pumping|gushing|pouring|squirting|spraying
pressing|pressure .. wont|not|isnt .. stop*
soaked|soaking|soaks|soakin|soking|filled .. towel|towels|pad|pads|cloth|dressing|bandage|sheet
used .. towels
not controlled .. pressure
blood .. everywhere|pool|floor|puddle
bleeding .. heavily|loads|badly|profusely
wont stop .. pouring
nosebleed|epistaxis|bleed .. hour|hours|h
""",
    ),
    Finding(
        "bleeding",
        """
bleeding|bleed|blood|haemorrhage|hemorrhage|bleeds|bleading|nosebleed|epistaxis
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "belly_pain",
        """
belly|tummy|stomach|abdomen|abdominal|abdo|stomac|gut .. pain|pains|ache|agony|hurts|hurting|cramps|cramping|tender
pain|pains|ache|agony|cramp|cramps .. belly|tummy|stomach|abdomen|side|abdo|navel|button
lower right|left|belly .. pain|ache
pain .. lower right|left
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "belly_hard",
        """
belly|tummy|stomach|abdomen|stomac .. hard|rigid|board|rock|tight|tense
rock|hard|rigid .. belly|tummy|stomach|stomac|abdomen
guarding|rebound|peritonitis|peritonitic|peritonism
cant bear|stand .. touch*
hard as .. board|rock
""",
    ),
    Finding(
        "belly_swollen",
        """
belly|tummy|stomach|abdomen .. swollen|swolen|distended|bloated|bigger
swollen|swolen|distended belly|tummy|stomach|abdomen
distended|distension
""",
    ),
    Finding(
        "bowel_blocked",
        """
cant|havent|not|hasnt|no .. pass|passed|passing .. wind|gas|flatus
absolute constipation
feculent|faeculent|bilious
vomit* .. green|bile|brown
green vomit|bile
throwing up green
""",
    ),
    Finding(
        "appendix",
        """
moved|shifted|settled|moves|gone .. right
appendicitis|appendix
lower right .. pain|rebound|guarding|tender
pain .. lower right
walks|walk|stand .. bent|straight
bumps .. road|car|drive
""",
    ),
    Finding(
        "cannot_move_for_pain",
        """
dead still
cant .. move|stand|straighten
moving .. agony
doubled|bent over|double
worst .. pain
curled
""",
    ),
    Finding(
        "hernia_stuck",
        """
hernia .. hard|stuck|wont|back|painful|red
hernia
""",
    ),
    Finding(
        "hernia_signs",
        """
wont go|push .. in|back
rock hard
pass wind|gas
vomit*
sick .. times
""",
    ),
    Finding(
        "baby_colic_spells",
        """
screams|screaming|cries .. knees|legs .. up|goes
pulls .. knees|legs
redcurrant|currant jelly
""",
    ),
    Finding(
        "testicle",
        """
testicle|testicles|testical|testicals|testis|testes|ball|balls|bollock|bollocks|nut|scrotum|scrotal|bollox
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "torsion_named",
        """
testicular|testicle torsion
torsion .. testicle|testis
""",
    ),
    Finding(
        "testicle_signs",
        """
sudden|suddenly|agony|swollen|vomit*|sick|higher|high
severe|sever|terrible|terribly|excruciating|twisted|torsion|unbearable
woke .. pain
throwing|threw|thrown|pulled up
pulled .. up
all at once
hurts|pain .. hours|hour|morning
bad pain
""",
    ),
    Finding(
        "priapism",
        """
erection|hardon|priapism .. hours|hour|hrs|wont|painful
priapism
""",
    ),
    Finding(
        "urine_blocked",
        """
cant pee|wee|urinate
hasnt|havent|unable|no .. pee|wee|urinate|urine
hasnt|havent passed .. drop|water
urine|pee|wee .. none|nothing
urinary retention
""",
    ),
    Finding(
        "urine_blocked_signs",
        """
tight|swollen|agony|sweating|drum|bursting|hours|pain|retention
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "muscle_breakdown",
        """
pee|peeing|urine|wee|weeing .. dark|cola|brown|coke|tea
dark|brown|cola|tea .. pee|urine|wee
rhabdo|rhabdomyolysis
""",
    ),
    Finding(
        "muscle_signs",
        """
thighs|muscles|legs|arms .. swollen|solid|hard|agony|bend
""",
    ),
)

RULES = (
    Rule("gi_bleed", "vomits_blood"),
    Rule("gi_bleed", "black_stool", unless="takes_iron"),
    Rule("gi_bleed", "bloody_stool"),
    Rule("major_bleeding", "bleeds_on"),
    Rule("major_bleeding", "bleeding", "blood_thinner", "faint|fast_pulse|acute|high_inr"),
    Rule("gi_bleed", "black_stool", "dizzy_on_standing|faint|vomiting"),
    Rule("major_bleeding", "bleeding", "faint|dizzy_on_standing|low_blood_pressure|fast_pulse|pale_and_clammy"),
    Rule("major_bleeding", "high_inr", "bleeding|headache|head_blow"),
    Rule("acute_abdomen", "belly_hard"),
    Rule("acute_abdomen", "belly_pain|belly_swollen", "bowel_blocked"),
    Rule("acute_abdomen", "bowel_blocked", "small_child|newborn|belly_swollen|vomiting"),
    Rule("acute_abdomen", "belly_pain", "severe|sudden|cannot_move_for_pain|faint|belly_swollen"),
    Rule("acute_abdomen", "belly_pain|vomiting", "fever_38_5|fever_word", "fast_pulse|appendix|belly_swollen|severe"),
    Rule("acute_abdomen", "belly_pain", "fever_38_5"),
    Rule(
        "acute_abdomen",
        "appendix",
        "fever_word|fever|vomiting|cannot_move_for_pain|note_style",
        "acute|fever_word|fever|note_style",
    ),
    Rule("acute_abdomen", "hernia_stuck", "hernia_signs"),
    Rule("acute_abdomen", "baby_colic_spells"),
    Rule("testicular_torsion", "testicle", "testicle_signs"),
    Rule("testicular_torsion", "torsion_named", "suspected|note_style"),
    Rule("priapism", "priapism"),
    Rule("urinary_retention", "urine_blocked", "urine_blocked_signs"),
    Rule("rhabdomyolysis", "muscle_breakdown", "muscle_signs"),
)
