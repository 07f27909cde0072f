"""Wounds, burns, eyes, heat, cold, current, venom and height."""

from medgenius.safety.rules.model import Finding, Rule
from medgenius.safety.scope import Mark

FINDINGS = (
    Finding(
        "stabbed_or_shot",
        """
stabbed|stab|gunshot|impaled|skewered
was|were|been|being|got|gets|hes|shes|im shot
shot me|us|him|her|myself|himself|herself|someone|somebody|people
someone|somebody|police|he|she shot my|his|her
shot in|through .. chest|head|neck|stomach|belly|leg
shot .. gun|pistol|rifle|bullet|bullets
""",
    ),
    Finding(
        "crash",
        """
hit .. car|bus|lorry|train|van|truck
car|bike|motorbike crash|accident
crash|crashed|collision|rtc|rta|mva
fell|fall .. ladder|roof|height|window|stairs|scaffold*|m|metres|horse|tree
came|thrown off .. bike|horse|scooter|motorbike
kicked by .. horse|cow
""",
    ),
    Finding(
        "crash_signs",
        """
woozy|swollen|numb|faint|confused|drowsy|breathless|severe|deformed|bone|unconscious|weak
cant .. move|feel|breathe|stand
really painful|hurts
tummy|belly .. painful|swollen|hurts
passed out
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "hip_broken",
        """
foot|leg|toes .. turned out|outwards
leg|foot .. shorter
cant .. weight & fell|fall|hip
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "severed",
        """
cut|chopped|sliced|torn|ripped|severed off .. finger|thumb|hand|toe|foot
amputated|amputation
bone .. sticking|through|poking
open fracture
front tooth .. out
tooth .. completely out
""",
    ),
    Finding(
        "burn",
        """
burn|burns|burned|burnt|scald|scalded|scalds|blistered
boiling|hot oil|water|tea|soup|coffee .. over
kettle|pan|mug|pot|tea .. over
petrol .. face
explosion|flash|exploded
skin .. white|peeling|charred
""",
    ),
    Finding(
        "burn_large",
        """
chest|face|tummy|neck|whole|groin|genitals|arms|legs|airway|hoarse|eyebrows|charred|peeling|peel|bigger|large
white .. places
coughing black|soot
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "eye_chemical",
        """
bleach|ammonia|amonia|cleaner|acid|lime|cement|alkali|plaster|caustic|chemical|chemicals|oven|detergent .. eye|eyes
eye|eyes .. bleach|ammonia|amonia|acid|lime|cement|alkali|caustic|chemical|burns
splashed|flicked|squirted|sprayed .. eye|eyes
""",
    ),
    Finding(
        "eye_pierced",
        """
nail|glass|metal|wire|dart|stick|splinter|shard .. eye|eyeball
stuck|embedded .. eye|eyeball
eye|eyeball .. pierced|punctured|ruptured|popped
""",
    ),
    Finding(
        "eye_pressure",
        """
eye .. rock|hard
rainbows|halos|haloes .. lights|lamps|lamp
eye .. red .. pain|terrible|agony|severe
red|painful eye & sick|vomit*|halos|rainbows|blurred|blurry
""",
    ),
    Finding(
        "retina",
        """
floater|floaters|floters|flashes & curtain|curtin|shadow|hundreds|shower|sudden|dark
curtain|curtin|veil|shadow .. sight|vision|eye
""",
    ),
    Finding(
        "heat",
        """
heat|sun|marathon|hot|sauna|roofing|degrees|roof
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "heat_signs",
        """
confused|staggering|collapsed|nonsense|rubbish|unconscious|drunk|fitting|seizure
skin .. hot|burning|roasting|dry
not|isnt making sense
cant .. walk
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "skin_burning_hot",
        """
skin .. burning|roasting|boiling|hot
boiling|burning|roasting hot
""",
    ),
    Finding(
        "cold",
        """
frost|ice|snow|freezing|cold|hypothermia|hypothermic|outside|garden|water
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "cold_signs",
        """
stopped shivering
mumbles|mumbling|drowsy|slurring|slurred|stiff|blue|confused|unconscious
skin .. ice|icy|cold
ice cold
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "cold_skin",
        """
stopped shivering
skin .. ice|icy|stone .. cold
ice cold
""",
    ),
    Finding(
        "electrocuted",
        """
electrocuted|electrocution
struck by .. lightning
lightning .. struck|hit
electric|electrical|mains shock
thrown back
hand .. cable|wire|socket
shock .. socket|mains|cable
""",
    ),
    Finding(
        "venom",
        """
snake|snakebite|adder|viper|rattlesnake|cobra|scorpion|spider|jellyfish .. bit|bite|bitten|got|stung|sting
bit|bitten|bite|stung by .. snake|adder|viper|rattlesnake|cobra|scorpion|widow|jellyfish
rattlesnake|adder|viper|cobra|snakebite
""",
    ),
    Finding(
        "snake_bite",
        """
bit|bitten .. snake|adder|viper|rattlesnake|cobra|mamba|copperhead
snake|adder|viper|rattlesnake|cobra|mamba|copperhead bit|bitten
""",
    ),
    Finding(
        "venom_signs",
        """
swollen|swelling|swell|faint|tingling|numb|dizzy|breathing|vomiting|spreading|blurred|sweating|bruising
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "altitude",
        """
altitude|trekking|nepal|everest|kilimanjaro|andes|summit|basecamp
# metres|m high
""",
        despite=Mark.PAST | Mark.SLIGHT,
    ),
    Finding(
        "crush_or_chest_air",
        """
crackles|crackling|crackly .. skin|neck|chest
neck .. crackles
tore .. chest
""",
    ),
    Finding(
        "sickle",
        """
sickle
""",
        despite=Mark.PAST | Mark.SLIGHT,
    ),
)

RULES = (
    Rule("major_trauma", "stabbed_or_shot"),
    Rule("major_trauma", "crash", "crash_signs"),
    Rule("major_trauma", "severed"),
    Rule("hip_fracture", "hip_broken", "over_50|long_bedridden_or_elderly|head_blow|severe"),
    Rule("burn", "burn", "burn_large"),
    Rule("burn", "burn", "small_child", "severe|acute"),
    Rule("eye_emergency", "eye_chemical"),
    Rule("eye_emergency", "eye_pierced"),
    Rule("eye_emergency", "eye_pressure"),
    Rule("eye_emergency", "retina"),
    Rule("eye_emergency", "sight_lost", "sudden|acute|note_style"),
    Rule("heat_stroke", "heat", "heat_signs", "skin_burning_hot|confused|high_fever"),
    Rule("hypothermia", "cold", "cold_signs", "confused|drowsy|cold_body|speech_lost|cold_skin"),
    Rule("hypothermia", "cold_body"),
    Rule("electrocution", "electrocuted"),
    Rule("envenomation", "snake_bite"),
    Rule("envenomation", "venom", "venom_signs"),
    Rule("altitude_sickness", "altitude", "unsteady|confused|breathless|speech_lost"),
    Rule("oesophageal_rupture", "crush_or_chest_air", "vomiting"),
    Rule("sickle_crisis", "sickle", "chest_pain|breathless|fever|fever_word|severe"),
)
