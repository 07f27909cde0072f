"""Brain, spinal cord and nerves."""

from medgenius.safety.rules.model import Finding, Rule
from medgenius.safety.scope import Mark

TRANSIENT = Mark.OVER | Mark.SLIGHT
"""A stroke that passed in minutes is one to treat today."""

FINDINGS = (
    Finding(
        "face_drops",
        """
face|mouth|lip|lips|smile|cheek|eyelid .. drop|drops|dropped|droop|droops|drooped|drooping|droopy|fell|slack
face|mouth|lip|lips|smile|cheek|eyelid .. lopsided|crooked|sagging|slid|sliding|hanging|wonky|uneven|twisted
facial droop|weakness|palsy|asymmetry|numbness
corner .. mouth .. down
one|1 side .. face
face .. one|1 side
""",
        despite=TRANSIENT,
    ),
    Finding(
        "speech_lost",
        """
speech|words|voice|talking .. slurred|slurring|slured|garbled|jumbled|wrong|muddled|gibberish|nonsense|thick
slur|slurs|slurred|slurring|slured|slurrin|dysarthria|aphasia|aphasic|dysphasia
sounds|sounding|talking|speaking|talks drunk
words .. coming|come|came .. out .. wrong|funny|jumbled|muddled|nonsense
words .. nonsense
cant .. find|speak|talk|understand|get .. words|word|properly
cant speak|talk
cant get .. words
trouble|difficulty .. finding|understanding|speaking .. words|word|speech|right
trouble|difficulty finding|speaking|talking
word finding
losing|lost|loses .. words
saying|talking|speaking gibberish
""",
        despite=TRANSIENT,
    ),
    Finding(
        "one_sided_weakness",
        """
weak|weakness|numb|numbness|paralysed|paralyzed .. left|right|one|r|l|1 side|arm|leg|hand|foot
floppy|tingling|heavy|dead|limp|dropping .. left|right|one|r|l|1 side|arm|leg|hand|foot
left|right|one|1|r|l arm|leg|side|hand .. weak|weakness|numb|numbness|floppy|paralysed|limp|dead|useless|heavy|wont|cant
cant .. lift|move|raise|hold|use|pick|find .. arm|leg|hand|pen|mug|cup|sleeve|spoon|fork|phone
one|1 side .. body|weak|numb
weakness .. one|1 side
hemiparesis|hemiplegia|hemiparetic|hemiplegic
unilateral weakness|numbness
right|left|one|1 sided weakness|numbness|weak|numb|paralysis
weakness|numbness .. left|right face|body|side
dragging|draging|dragin .. leg|foot
arm|arms|hand .. wont move|lift|work
leg .. gave|given .. way
""",
        despite=TRANSIENT,
    ),
    Finding(
        "stroke_named",
        """
stroke|tia|haemorrhage
subarachnoid|subdural
mini stroke
""",
    ),
    Finding(
        "sight_lost",
        """
lost|loss|lose|losing|no .. sight|vision
cant see
vision|sight|eye .. gone|lost|went|black|dark|curtain|blind
suddenly|sudden .. blind|double
sudden .. vision|sight
curtain|curtin|blind|shadow|veil & eye|sight|vision|side
vision|sight|visual loss
double vision
seeing double
""",
        despite=TRANSIENT,
    ),
    Finding(
        "unsteady",
        """
cant|unable .. walk|stand .. straight|line
keep|keeps|kept falling|veering|stumbling
room|world .. spin|spins|spinning
vertigo|ataxia|ataxic|staggering|staggers|stumbling
""",
    ),
    Finding(
        "worst_headache",
        """
worst .. headache|head
headache .. worst|thunderclap|ever|explod*|bat|hammer
thunderclap
headache|head .. sudden|suddenly|second|seconds|instantly
sudden|suddenly .. headache
never had headache .. like
hit|hammer .. head & headache
like .. hit .. bat|brick|hammer
""",
    ),
    Finding(
        "headache",
        """
headache|headaches|head ache|hurts|aches|pounding|splitting|killing
headache|headaches|migraine
head .. pounding|splitting|exploding|bursting
head is pounding
""",
    ),
    Finding(
        "severe_headache",
        """
severe|sever|terrible|awful|excruciating|unbearable|horrendous|agonising|splitting headache|head
headache .. unbearable|excruciating|severe|wont|splitting
awful headache
""",
    ),
    Finding(
        "stiff_neck",
        """
stiff|rigid|sore neck|kneck
neck|nuchal .. stiff|rigid|rigidity|stiffness
cant .. bend|touch|put|move|get .. chin|neck|head
lift .. head
screams .. head
""",
    ),
    Finding(
        "light_hurts",
        """
light|lights .. hurt|hurts|hurting|bothers|unbearable
photophobia|photophobic
cant stand|bear .. light
wont|shut|draw .. open .. curtains
curtains
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "rash_that_stays",
        """
rash|spots|blotches|bruises .. dont|doesnt|wont|not|didnt .. fade|go|disappear|blanch
rash|spots .. glass
non|nonblanching blanching|rash
purple|purpel|dark|purplish|bruise rash|spots|patches|blotches
purple|purpel .. rash|spots|blotches
petechiae|petechial|purpura|purpuric
rash .. bruises|bruise|purple
tiny|like bruises
""",
    ),
    Finding(
        "meningitis_named",
        """
meningitis|meningococcal|encephalitis
""",
    ),
    Finding(
        "seizure",
        """
having|had|has|another|first|new|in|just fit|seizure|convulsion|fits|seizures
fit|seizure|convulsion|convulsing|convultion .. minutes|mins|first|gone|wont|stop|stopped|blue|today|morning
status epilepticus
fitting
seizure|seizures|convulsion|convulsions|convulsed
jerked|jerking|shaking|twitching & floor|over|rigid|tongue|unconscious|eyes
jerked|jerking|shaking|twitching & stop|wake|woken|woke|minutes|blue|uncontrollably
went rigid|stiff
eyes rolled
third|second|another fit
""",
    ),
    Finding(
        "seizure_now",
        """
minutes|mins|min|first|floor|blue|floppy|stop|woken|wake|stopped|pregnant|now|today|hours|hour|rigid|stiff
this morning
in a row
again
""",
    ),
    Finding(
        "giant_cell",
        """
jaw .. chew|chewing
scalp .. tender|hurts|sore
hurts .. comb|brush
temporal arteritis
""",
    ),
)

RULES = (
    Rule("stroke", "face_drops"),
    Rule("stroke", "speech_lost"),
    Rule("stroke", "one_sided_weakness", "sudden|acute|speech_lost|face_drops|note_style|heart_risk|confused"),
    Rule("stroke", "stroke_named", "suspected|note_style"),
    Rule("stroke", "sight_lost", "sudden|acute|headache|severe_blood_pressure|heart_risk"),
    Rule("stroke", "unsteady", "sudden|confused|headache", "over_50|sight_lost|speech_lost|headache|drowsy"),
    Rule("subarachnoid", "worst_headache"),
    Rule("subarachnoid", "severe_headache"),
    Rule(
        "hypertensive_emergency",
        "severe_blood_pressure",
        "headache|sight_lost|speech_lost|confused|chest_pain|vomiting",
    ),
    Rule("meningitis", "stiff_neck", "fever_word|fever|headache|light_hurts|vomiting|drowsy"),
    Rule("meningitis", "headache", "light_hurts", "fever_word|fever"),
    Rule("meningitis", "fever_word|fever", "light_hurts", "drowsy|confused|rash_that_stays|stiff_neck"),
    Rule("meningitis", "rash_that_stays", "fever_word|fever|drowsy|headache|vomiting|child"),
    Rule("meningitis", "meningitis_named", "suspected|note_style|fever"),
    Rule("seizure", "seizure", "seizure_now|child|note_style"),
    Rule("giant_cell_arteritis", "giant_cell", "sight_lost"),
)
