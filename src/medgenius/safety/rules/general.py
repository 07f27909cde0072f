"""Symptoms that many areas share, and shock, collapse and clouded consciousness."""

from medgenius.safety.rules.model import CIRCUMSTANCE, Finding, Rule
from medgenius.safety.scope import Mark

FINDINGS = (
    Finding(
        "unresponsive",
        """
found|lying|now|completely|suddenly|is unresponsive|unconscious
unresponsive|unrousable
wont wake up
""",
    ),
    Finding(
        "sudden",
        """
sudden|suddenly|abrupt|abruptly|instantly|thunderclap
all at once
out of nowhere|blue
came on|in second|seconds|instant
""",
        despite=Mark.PAST,
    ),
    Finding(
        "vomiting",
        """
vomit|vomits|vomited|vomiting|vomitting|puking|puked|emesis
throwing|throw|threw|thrown|chucking|chucked up
been|being|be|was|feel|felt|keep|keeps|keep|kept|thrown|get|getting sick
sick once|twice|three|several|# times
twice|three|four|all .. sick
hes|shes sick
sick .. times|day
cant keep .. down
bringing up everything
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "fever_word",
        """
fever|fevers|feverish|pyrexia|febrile|temp|temperature|rigor|rigors
burning|boiling hot|up
feels|felt hot
shivering|shivery|shivers|chills
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "shaking_chills",
        """
shaking|shakeing chills|uncontrollably|uncontrolably
rigors
shivering violently|uncontrollably
violent|uncontrollable shivering|shaking|shivers
shivering|shaking & fever|temperature|temp
shaking .. cold
teeth chatter*
chills & temperature|fever
fever .. shaking|rigor*
""",
    ),
    Finding(
        "drowsy",
        """
drowsy|drowsiness|lethargic|lethargy|unrousable|unresponsive|obtunded|listless|stupor
hard|difficult|impossible .. wake|rouse|waken
cant wake|rouse|waken
cant .. be woken|roused
wont wake|rouse|respond|answer
doesnt|wont|not respond|responding|react|answer
very|so|too|really sleepy
sleepy & fever|feeds|breathing|vomit*|hard
keeps|keep falling|dozing|drifting asleep|off
limp|floppy
only groans|moans
cant keep .. awake
hasnt|not woken
barely|hardly conscious|awake|responsive
""",
    ),
    Finding(
        "confused",
        """
confused|confusion|delirious|delirium|disoriented|muddled|incoherent|rambling|disorientated|encephalopathy
altered|change mental
mental status .. altered|change*
not|isnt|wont|doesnt making|make|talking sense
talking|talks|speaking nonsense|rubbish|gibberish|gobbledygook
doesnt know .. year|where|name|who
hands flapping
put|puts|putting .. fridge|oven
not|isnt himself|herself
doesnt|not recognise|recognize|recognising
out of it
acting|acts|behaving drunk|strange|strangely|weird|oddly
calling|called .. wrong|sister|brother name
says silly
saying odd|strange|silly
talking to people .. not
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "faint",
        """
faint|faints|fainted|fainting|syncope|presyncope|woozy|lightheaded|collapse|collapsed|collapses
near|pre syncope
nearly|almost pass|passed|black|blacked|faint*|collapsed
pass|passed|passing out
black|blacked|blacking out
light|lighted headed
loss|lost .. consciousness
went dark|black
too|so weak .. stand
""",
        despite=Mark.OVER,
    ),
    Finding(
        "dizzy_on_standing",
        """
dizzy|dizzyness|dizziness .. stand|standing|up
""",
    ),
    Finding(
        "pale_and_clammy",
        """
clammy|ashen|diaphoretic|diaphoresis
pale|grey|gray|white|cold & sweaty|sweating|sweat|faint|weak|dizzy|shaking
gone|went|turned|horrible|nasty|awful|terrible|dreadful grey|gray|ashen
cold sweat
sweating cold|buckets|heavily|profusely
drenched|soaked .. sweat
sweating through
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "sweating",
        """
sweating|sweaty|sweat|sweatin|clammy
""",
    ),
    Finding(
        "severe",
        """
severe|sever|terrible|awful|unbearable|agony|agonising|agonizing|excruciating|worst|intense|horrible|horrendous
screaming|dreadful
killing
like hell
""",
        despite=Mark.PAST,
    ),
    Finding(
        "acute",
        """
today|tonight|sudden|suddenly|minutes|mins|min|hours|hour|acute|now
this morning|afternoon|evening
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "suspected",
        """
having|think|thinks|suspect|suspected|query|possible|likely|probable|maybe|could|might|acute|severe|onset|new
is this
had .. minutes|hour|hours|today|now|tonight
this morning|minute|afternoon|evening
""",
    ),
)

RULES = (
    Rule("altered_consciousness", "unresponsive"),
    Rule("shock", "borderline_blood_pressure", "fast_pulse"),
    Rule("shock", "low_blood_pressure"),
    Rule("shock", "very_fast_pulse"),
    Rule("shock", "pale_and_clammy", "faint|confused|drowsy|vomiting|borderline_blood_pressure|fast_pulse"),
    Rule("shock", "severe_anaemia"),
    Rule("collapse", "faint|dizzy_on_standing", "fast_pulse|borderline_blood_pressure|slow_pulse"),
    Rule("altered_consciousness", "confused", "drowsy|acute|sudden|fever_word|note_style|vomiting|over_50|sweating"),
    Rule("altered_consciousness", "reduced_consciousness"),
)
