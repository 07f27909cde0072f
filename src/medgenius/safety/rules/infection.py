"""Sepsis, fever in the very young and the defenceless, and infections that spread in hours."""

from medgenius.safety.rules.model import Finding, Rule
from medgenius.safety.scope import Mark

FINDINGS = (
    Finding(
        "infection",
        """
infection|infected|pneumonia|uti|abscess|cellulitis|wound|bug|kidney|cholangitis|flu|biliary|stone|cough|catheter
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "sepsis_named",
        """
sepsis|septic|septicaemia|septicemia|urosepsis
""",
    ),
    Finding(
        "septic_shock",
        """
have|has|having|hes|shes|im|is|into septic shock
""",
    ),
    Finding(
        "sepsis_signs",
        """
mottled|blotchy|clammy|rigors
hasnt|havent|not|no .. wee|pee|urine|peed|weed .. day|hours|since
only .. wet nappies|nappy|diapers
skin .. mottled|blotchy|cold|grey|blue
hands|feet .. cold
feel|feeling .. going|gonna .. die
breathing .. fast|quick|rapid
breething fast
cap refill
wont|not|isnt .. drink|drinking|feed|feeding
dreadfully|terribly ill
so weak
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "weak",
        """
weak|weakness|exhausted|wiped
cant .. stand|sit
legs .. jelly
""",
        despite=Mark.NONE,
    ),
    Finding(
        "infant_unwell",
        """
feeding less
poor|not|wont|isnt|off|less .. feeding|feeds|feed|fed|intake
hard .. wake .. feeds
very sleepy
grunting|floppy|limp|mottled|lethargic|irritable
wet nappies|nappy
hands .. cold
breathing .. fast
sunken fontanelle|eyes
bulging fontanelle
high pitched cry
""",
    ),
    Finding(
        "flesh_eating",
        """
redness|red|rash|infection|skin|patch .. spread|spreading|raced|racing|moving .. hours|fast|up|quick*
out of .. proportion
redness|red .. up .. groin|knee|armpit|hours
dusky|black|purple blisters|skin|patch
skin|patch .. black|dusky|purple
crackly|crackles|crepitus
necrotising|necrotizing|fournier*
purple in .. middle
screams .. touch*
""",
    ),
    Finding(
        "flesh_eating_signs",
        """
fever|hot|shivering|ill|pain|screams|nonsense|agony|blisters|hours|vomiting
""",
    ),
    Finding(
        "hot_joint",
        """
knee|hip|joint|ankle|elbow|wrist|shoulder .. hot|boiling|red
hot|boiling .. knee|hip|joint|ankle
septic arthritis
""",
    ),
    Finding(
        "joint_unusable",
        """
cant .. bend|stand|walk|move|weight
""",
    ),
    Finding(
        "tropics",
        """
africa|ghana|nigeria|kenya|uganda|congo|malaria|tropics|tanzania|sierra|india|cameroon|mozambique|zambia
""",
        despite=Mark.PAST | Mark.OVER | Mark.SLIGHT,
    ),
    Finding(
        "yellow",
        """
yellow eyes|skin
eyes|skin .. yellow|yellowish
jaundice|jaundiced
""",
    ),
    Finding(
        "cirrhosis",
        """
cirrhosis|cirrhotic
liver failure|disease
""",
        despite=Mark.PAST,
    ),
    Finding(
        "recent_operation",
        """
operation|surgery|op|operated|csection|postop|postoperative
""",
        despite=Mark.PAST | Mark.OVER | Mark.SLIGHT,
    ),
)

RULES = (
    Rule("sepsis", "sepsis_named", "suspected|note_style|fever"),
    Rule("sepsis", "septic_shock"),
    Rule("sepsis", "shaking_chills", "fever|fever_word|infection"),
    Rule("sepsis", "fever|fever_word|infection|cold_body", "confused|drowsy|reduced_consciousness"),
    Rule("sepsis", "fever|fever_word|infection", "sepsis_signs|blue|low_blood_pressure|raised_lactate"),
    Rule("sepsis", "fever|fever_word|infection", "breathless", "weak|drowsy|confused|over_50"),
    Rule("sepsis", "fever_38_5", "fast_pulse"),
    Rule("sepsis", "fever|fever_word|infection", "reduced_oxygen"),
    Rule("sepsis", "fever|fever_word|infection", "borderline_blood_pressure"),
    Rule("sepsis", "high_fever", "note_style|weak|faint|over_50|recent_operation"),
    Rule("sepsis", "extreme_fever"),
    Rule("sepsis", "recent_operation", "fever", "belly_swollen|belly_pain|fast_pulse|shaking_chills"),
    Rule("sepsis", "raised_lactate", "note_style"),
    Rule("sepsis", "cirrhosis", "confused|drowsy"),
    Rule("neutropenic_sepsis", "weak_defence", "fever|fever_word"),
    Rule("infant_fever", "young_infant", "fever|fever_word"),
    Rule("infant_fever", "newborn", "fever|fever_word"),
    Rule("sick_infant", "newborn|young_infant|small_child", "infant_unwell", "drowsy|fever|fever_word|sepsis_signs"),
    Rule("necrotising_infection", "flesh_eating", "flesh_eating_signs"),
    Rule("septic_joint", "hot_joint", "joint_unusable", "fever|fever_word|shaking_chills|weak_defence"),
    Rule(
        "severe_malaria",
        "tropics",
        "fever|fever_word",
        "confused|yellow|drowsy|hallucinations|headache|shaking_chills|vomiting",
    ),
)
