"""Poisons, overdoses, withdrawal, and dangerous reactions to medicines."""

from medgenius.safety.rules.model import Finding, Rule
from medgenius.safety.scope import Mark

DRUGS = (
    "pills|tablets|tabs|tablet|paracetamol|acetaminophen|tylenol|ibuprofen|aspirin|medication|meds|capsules|antidepressants|"
    "amitriptyline|propranolol|digoxin|methadone|morphine|oxycodone|codeine|tramadol|fentanyl|heroin|insulin|lithium|"
    "amlodipine|bisoprolol|sertraline|citalopram|diazepam|xanax|gliclazide|iron|sulfate|warfarin|metformin|benzos|pill"
)
HARMFUL = (
    "bleach|antifreeze|antifreaze|detergent|pesticide|weedkiller|paraquat|methanol|petrol|paraffin|cleaner|ammonia|"
    "amonia|caustic|lye|descaler|dishwasher|turpentine|whitespirit|polish|poison|cyanide|mercury|thinner|"
    "battery|batteries|batery|magnets|magnet|liquitabs|pods|nicotine|vape"
)
WILD = "wild|unknown|strange|foraged|poisonous|toxic|magic|picked|garden|forest|woods|bush|hedge|tree|park|yard"
SWALLOWED = (
    "swallowed|swalowed|swallow|swallows|drank|drunk|ate|eaten|ingested|ingestion|took|taken|taking|takin|taken|"
    "had|pushed|stuck|inhaled|licked|chewed"
)

FINDINGS = (
    Finding(
        "poison_taken",
        f"""
{SWALLOWED} .. {HARMFUL}
{HARMFUL} .. {SWALLOWED}|mouth
{SWALLOWED} .. battery|hydrochloric|hydrofluoric|sulfuric|sulphuric|nitric|muriatic acid
drank|drunk|drinking .. acid
swallowed|swallow acid
swallowed|swallow some|a|the|this acid
{HARMFUL} .. open|mouth|spilled & mouth|drooling|drool
{SWALLOWED} .. {WILD} .. berries|mushrooms|mushroom
{SWALLOWED} .. berries|mushrooms|mushroom .. {WILD}
picked|foraged .. mushrooms|mushroom
poisoned
button batery|battery|cell
tiny shiny & toy
""",
    ),
    Finding(
        "plant_eaten",
        f"""
{SWALLOWED} .. berries|mushrooms|mushroom
mushrooms .. cooked
""",
    ),
    Finding(
        "overdose_taken",
        f"""
took|taken|swallowed|downed ##|twenty|thirty|forty|fifty|sixty {DRUGS}
took|taken|swallowed|downed ##|twenty|thirty|forty|fifty|sixty sleeping pills|tablets
took|taken|swallowed|downed .. whole|entire|full box|bottle|packet|strip|pack
took|taken|swallowed|downed all pills|tablets
took|taken|taking overdose
""",
    ),
    Finding(
        "many_taken",
        f"""
{SWALLOWED}|swallowed .. ##|twenty|thirty|forty|fifty {DRUGS}
{SWALLOWED} .. lots|box|packet|bottle|handful|whole|loads|many|strip|pack .. {DRUGS}
{SWALLOWED} .. {DRUGS} .. ## tabs|tablets
overdose|overdosed|odd|overdosing
{DRUGS} .. ## tabs|tablets
{DRUGS} .. every .. hour|hours
lost count
whole box|bottle|packet|strip
double|twice|triple dose
too many .. {DRUGS}
""",
    ),
    Finding(
        "overdose_now",
        """
tonight|last|yesterday|ago|minutes|hour|hours|h|intentional|just|morning|sick|drowsy|today|clock|vomiting|purpose
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "child_got_drugs",
        f"""
got|found|ate|eaten|swallowed|hold|into|swalowed .. {DRUGS}
are|is|# missing
blister pack
ingestion
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "child_or_pet_word",
        """
child|toddler|son|daughter|grandson|granddaughter|baby|kid|boy|girl
3yo|2yo|1yo|4yo|5yo|yo
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "drugs_or_alcohol",
        """
heroin|methadone|morphine|fentanyl|opioid|opioids|oxycodone|pregabalin|ketamine|ghb|cocaine
mdma|ecstasy|whisky|vodka|drunk|party|xanax|benzos|sleeping|pills|something
shot up
took .. something
blue tablet|pill
pinpoint pupils
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "daily_methotrexate",
        """
methotrexate .. every|daily|days
methotrexate .. single day
""",
    ),
    Finding(
        "methotrexate",
        """
methotrexate
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "taken_daily",
        """
taken|took|taking|takes .. every|single day
taken|took|taking|takes .. daily
""",
    ),
    Finding(
        "carbon_monoxide_alarm",
        """
carbon monoxide .. alarm|detector|poisoning
co alarm|detector
alarm|detector .. carbon|co
""",
    ),
    Finding(
        "heater",
        """
heater|boiler|fire|stove|generator|barbecue|bbq|furnace|fireplace|charcoal|exhaust|garage|gas
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "all_ill",
        """
all|both|everyone|everybody|whole|family|wife|girls|kids|cat|dog|flat .. headaches|headache|sick|dopey|dizzy|wobbly|ill
headaches .. cat|dog|wife|all
""",
    ),
    Finding(
        "better_outside",
        """
better|perk|fine|better .. outside|out|work|school
goes .. outside
""",
    ),
    Finding(
        "alcohol_stopped",
        """
stopped|quit|stop|given .. drinking|alcohol|drink|booze|vodka|dead
no|last drink|alcohol .. since|days|day|hours|for
cold turkey
alcohol withdrawal
stopped .. litre|vodka
""",
    ),
    Finding(
        "smoking",
        """
smoke|smoked|smoking|smoker|cigarettes|fags|vape|vapes|tobacco
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "withdrawal_signs",
        """
shaking|shakes|tremor|tremors|sweats|sweating|sweat|seizure|fit|fits|spiders|insects|hallucinat*|racing
seeing|hearing things
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "skin_peels",
        """
skin .. peeling|peel|blister*|sheets|coming|sloughing
mouth|lips|eyes .. raw|blisters|ulcers|sores|blistered
blisters|raw .. mouth|lips|eyes
stevens johnson
necrolysis
""",
    ),
    Finding(
        "new_medicine",
        """
tablet|tablets|medicine|medication|lamotrigine|carbamazepine|allopurinol|antibiotic|started|drug|epilepsy|phenytoin
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "serotonin_drugs",
        """
sertraline|fluoxetine|citalopram|escitalopram|tramadol|maoi|ssri|paroxetine|venlafaxine|linezolid|mdma|dextromethorphan
serotonin syndrome
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "antipsychotic",
        """
olanzapine|haloperidol|risperidone|clozapine|quetiapine|aripiprazole|antipsychotic
neuroleptic malignant
""",
        despite=Mark.SLIGHT | Mark.PAST,
    ),
    Finding(
        "stiff_or_jerking",
        """
stiff|rigid|clonus|jerk|jerking|jerks|twitch*|restless|agitated|plank|chattering
cant keep still
""",
        despite=Mark.SLIGHT,
    ),
)

RULES = (
    Rule("poisoning", "poison_taken"),
    Rule("poisoning", "plant_eaten", "small_child|child_or_pet_word|vomiting|confused|drowsy|hallucinations"),
    Rule("overdose", "overdose_taken"),
    Rule("overdose", "many_taken", "overdose_now|note_style|small_child"),
    Rule(
        "poisoning",
        "child_got_drugs",
        "child_or_pet_word|small_child",
        "drowsy|overdose_now|vomiting|note_style|many_taken",
    ),
    Rule("overdose", "drugs_or_alcohol", "drowsy|blue|breathing_stops|slow_breathing"),
    Rule("overdose", "daily_methotrexate"),
    Rule("overdose", "methotrexate", "taken_daily"),
    Rule("carbon_monoxide", "carbon_monoxide_alarm", "headache|vomiting|faint|confused|all_ill|acute|ill_looking"),
    Rule("carbon_monoxide", "heater", "all_ill"),
    Rule("carbon_monoxide", "heater", "headache", "better_outside|confused"),
    Rule("alcohol_withdrawal", "alcohol_stopped", "withdrawal_signs|hallucinations|confused|seizure", unless="smoking"),
    Rule("severe_drug_reaction", "skin_peels", "new_medicine|fever_word|fever"),
    Rule(
        "serotonin_syndrome", "serotonin_drugs", "stiff_or_jerking", "fever|fever_word|confused|sweating|palpitations"
    ),
    Rule("neuroleptic_malignant", "antipsychotic", "stiff_or_jerking", "fever|fever_word|confused|sweating"),
)
