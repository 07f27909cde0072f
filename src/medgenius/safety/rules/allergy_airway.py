"""Anaphylaxis, and whatever closes the airway."""

from medgenius.safety.rules.model import CIRCUMSTANCE, Finding, Rule
from medgenius.safety.scope import Mark

FINDINGS = (
    Finding(
        "anaphylaxis_named",
        """
anaphylaxis|anaphylactic|anaphalaxis
""",
    ),
    Finding(
        "airway_swelling",
        """
lip|lips|tongue|toungue|tounge .. swell|swelling|swelled|swollen|swolen|puffy|puffed
throat|throte|face|eyelids|eyes|mouth .. swell|swelling|swelled|swollen|swolen|puffy|puffed
lip|lips|tongue|toungue|tounge|throat|throte|face|eyelids|eyes|mouth .. puff|thick|fat|huge|big|closing|close|tight
swell|swelling|swollen|swolen|puffy|thick|huge|closing .. lip|lips|tongue|throat|face
throat .. closing|tight|closed|swelling
angioedema|angiooedema
facial|lip|tongue|throat swelling
clearing .. throat
""",
    ),
    Finding(
        "tongue_swells",
        """
tongue|toungue|tounge swelling|swells|swelled|swollen|swolen
swollen|swolen tongue
swelling tongue
throat closing
""",
    ),
    Finding(
        "voice_changed",
        """
voice .. gone|funny|squeaky|hoarse|muffled|changed|croaky|thick
hot potato
croaky|hoarse|squeaky
speaking thickly
hardly|barely talk|speak
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "hives",
        """
hives|urticaria|welts|wheals|blotches|lumps|nettle|bumps
itchy|itching all|everywhere
covered .. rash|hives|bumps|itchy
rash .. all|everywhere|body
scratching all
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "allergen",
        """
ate|eaten|eating|eats|peanut|peanuts|nut|nuts|cashew|prawn|prawns|shellfish|sesame|egg|milk|fish
sting|stung|stings|wasp|waps|bee|hornet|jab|vaccine|vaccination
injection|antibiotic|amoxicillin|penicillin|dye|contrast|ceftriaxone|dose|shot|ramipril|lisinopril
ace inhibitor
allergic|alergic|allergy reaction|reacton|attack
wasp got
""",
        despite=CIRCUMSTANCE,
    ),
    Finding(
        "adrenaline_used",
        """
used|given|gave|jabbed|had|one .. epipen|adrenaline|epinephrine|autoinjector|jext
epipen given|used
""",
    ),
    Finding(
        "choking",
        """
choking|choked|chokes
choking|choked on
stuck .. throat|windpipe
no sound .. comes|out
cant .. talk|cough|speak|breathe .. holding|throat|neck
""",
    ),
    Finding(
        "stridor",
        """
stridor|stridulous
noisy breathing
breathing .. noisy
crowing
drool*|dribbl* & swallow*
""",
    ),
    Finding(
        "cannot_swallow",
        """
cant|wont|not|struggle|difficulty .. swallow|swalow .. saliva|spit|own|anything|drool*
wont|cant swallow|swalow
drool|drools|drooling|dribbling|dribble
swallowing .. struggle
spits .. cup
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "deep_neck_infection",
        """
jaw|neck|chin|throat|mouth|tonsil .. swollen|swelling|abscess|open|stiff
cant|barely|hardly .. open .. jaw|mouth
tongue .. pushed|raised
swelling .. under|chin|jaw|floor
floor .. mouth
tonsillitis|epiglottitis|quinsy
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "near_drowning",
        """
under .. water|minute
drowned|drowning|submerged
pulled .. pool|water|lake|river|sea|pond
fell .. pool|lake|pond
""",
    ),
    Finding(
        "nearly_drowned",
        """
nearly|almost|just drowned|drown
near drowning
""",
    ),
    Finding(
        "button_battery",
        """
button batery|battery|cell
shiny .. nose|ear|mouth|throat
shiny & toy & nose|ear|mouth|throat
shiny .. toy & nose|ear|mouth|throat
battery|batery|magnet|magnets .. swallowed|nose|ear|throat
""",
    ),
)

RULES = (
    Rule("anaphylaxis", "anaphylaxis_named", "suspected|note_style|hives|breathless|asthma|airway_swelling"),
    Rule("anaphylaxis", "airway_swelling", "hives|allergen|voice_changed|breathless|asthma|cannot_swallow"),
    Rule(
        "anaphylaxis",
        "hives",
        "faint|voice_changed|breathless|asthma|vomiting",
        "allergen|acute|voice_changed|breathless",
    ),
    Rule("anaphylaxis", "allergen", "hives", "vomiting|faint|asthma"),
    Rule("anaphylaxis", "adrenaline_used", "airway_swelling|hives|allergen|acute"),
    Rule("airway", "choking"),
    Rule("airway", "stridor"),
    Rule("airway", "airway_swelling", "voice_changed|cannot_swallow|breathless"),
    Rule("airway", "cannot_swallow", "fever|fever_word|breathless|deep_neck_infection|voice_changed"),
    Rule("airway", "tongue_swells|nearly_drowned"),
    Rule("airway", "near_drowning", "breathless|drowsy|coughs_blood|vomiting|small_child|confused|child"),
    Rule("button_battery", "button_battery"),
)
