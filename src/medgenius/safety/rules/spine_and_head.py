"""Blows to the head, spinal cord and cauda equina."""

from medgenius.safety.rules.model import Finding, Rule

FINDINGS = (
    Finding(
        "head_blow",
        """
hit|hits|banged|bang|knocked|bumped|cracked|smashed|struck|knock|blow|bump|lump|landed .. head|skull
head .. injury|trauma|hit|bang*|bump|lump
fell|fall|fallen|tumbled|tripped
came off .. bike|scooter|horse|ladder|skateboard|motorbike
took|had .. knock
knocked out
""",
    ),
    Finding(
        "head_blow_signs",
        """
vomit*|sick|drowsy|sleepy|confused|headache|unconscious|pupil|pupils|dilated|limp|doze|dozing|dozy|seizure
knocked|passed|blacked out
clear|watery fluid
hard to rouse|wake
throwing|threw up
bigger .. pupil
pins .. needles
not|isnt making sense
fluid .. ear|nose
""",
    ),
    Finding(
        "saddle_numb",
        """
numb|numbness|cant|dead .. bum|bottom|saddle|genitals|privates|thighs|groin|crotch|anus|perineum|wipe
saddle|perianal|perineal anaesthesia|anesthesia|numbness
wipe .. numb|someone|feel
numb|numbness between legs
cant feel .. wipe|bum|bottom|toilet|wee|pee
cauda equina
""",
    ),
    Finding(
        "legs_weak",
        """
legs|leg|both .. weak|weakness|numb|heavy|way|paralysed|feel|dead|move|moving
weak|numb|weakness|numbness .. legs
bilat|bilateral sciatica
sciatica .. both|legs
""",
    ),
    Finding(
        "bladder_lost",
        """
cant pee|wee|urinate|pass
havent|hasnt|unable .. pee|wee|urinate|urine
strain .. wee|pee|urine
havent|hasnt .. been .. pee|wee
wet|weed|peed|soiled .. myself|himself|herself
weed|peed|wet|soiled myself|himself|herself|themselves
urinary|urine retention|incontinence
incontinent
lost control .. bladder|bowel*
cant control .. bladder|bowel*
any urine
""",
    ),
    Finding(
        "back_pain",
        """
back|sciatica|spine|spinal
""",
    ),
    Finding(
        "neck_broken",
        """
dived|dive|diving|neck .. pins|needles|tingling|numb|move
neck .. broken
cant .. feel|move .. legs|arms|hands
""",
    ),
    Finding(
        "dysreflexia",
        """
autonomic dysreflexia
t1|t2|t3|t4|t5|t6 complete|injury & pounding|headache|head
t .. complete & head|headache .. pounding|pound*
""",
    ),
)

RULES = (
    Rule("head_injury", "head_blow", "head_blow_signs"),
    Rule("head_injury", "head_blow", "blood_thinner"),
    Rule("spinal_injury", "neck_broken"),
    Rule("cauda_equina", "saddle_numb"),
    Rule("cauda_equina", "legs_weak|back_pain", "bladder_lost"),
    Rule("autonomic_dysreflexia", "dysreflexia"),
)
