"""Heart, great vessels, lungs, and the circulation of a limb."""

from medgenius.safety.rules.model import Finding, Rule
from medgenius.safety.scope import Mark

FINDINGS = (
    Finding(
        "chest_pain",
        """
chest|chestpain|breastbone|sternum|substernal|retrosternal .. pain|pains|pane|pressure
chest|chestpain|breastbone|sternum|substernal|retrosternal .. presure|tight|tightness|ache|aching
chest|chestpain|breastbone|sternum|substernal|retrosternal .. aches|heaviness|heavy|hurts
chest|chestpain|breastbone|sternum|substernal|retrosternal .. hurting|squeez*|crush*|discomfort|burning
pain|pains|pane|pressure|presure|tight|tightness|ache|heaviness .. chest|breastbone|sternum
weight|squeezing|crushing|band|discomfort|elephant|stabbing|heavy|heviness .. chest|breastbone|sternum
chest .. feels|felt .. squeezed|heavy|tight|crushed
sitting|standing on .. chest
heart .. pain|hurts|hurting|aching
chest pain
angina .. rest|worse|longer
something tore .. chest
""",
        despite=Mark.OVER,
    ),
    Finding(
        "heart_attack_named",
        """
heart attack
cardiac arrest
myocardial infarction
st elevation
acute coronary
""",
    ),
    Finding(
        "arm_or_jaw_pain",
        """
ache|aching|pain|pains|heavy|heavyness|heviness|hevy|heaviness|numb|tingling .. left|down|both arm|arms
arm|arms .. heavy|hevy|aching|ache|pain
jaw .. aches|ache|aching|hurts|pain|tight
pain|ache|presure|pressure .. jaw
radiat* .. jaw|arm|arms|neck|shoulder|back
spreads|spreading|going|goes|into|up|down .. jaw|arm|neck|shoulder
heaviness .. arms
""",
    ),
    Finding(
        "ill_looking",
        """
clammy|diaphoretic|sweating|sweaty|sweat|sweatin|grey|gray
ashen|nausea|nauseous|sick|breathless|breathlessness|dizzy|drenched
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "palpitations",
        """
heart|heartbeat|pulse .. racing|pounding|mad|fast|fluttering|irregular|skipping|skips|odd|slow|place|galloping|jumping
palpitation|palpitations|tachycardia|svt|vt
racing heart
""",
    ),
    Finding(
        "breathless",
        """
cant|carnt|hard|struggling|struggle|struggles .. breathe|breath|breathing|breathin|breth
difficulty|difficult|trouble|fighting|battling|unable .. breathe|breath|breathing|breathin|breth
breathing .. fast|hard|heavily|difficult|laboured|labored|deep|race|funny|noisy|rapid|rapidly|quick|quickly
breathing like
breathing .. difficulty|trouble
breaths .. short|shallow
short|shortness of breath
out of breath
catch .. breath|breth
breathless|breathlessness|dyspnoea|dyspnea|puffed|panting|suffocating|orthopnoea
get|catch .. good|my|her|his|enough breath|air
cant get .. breath|air
gasping|gasps
leaning forward .. breathe|breath
breth|breath .. short
puffed|puffing walking|doing|crossing
""",
    ),
    Finding(
        "breathing_stops",
        """
not|isnt|stopped|barely|hardly breathing
isnt|not|aint breathing .. normally|properly
breathing .. stopped|slow|shallow|few|gaps
long gaps
gasp now|here
snoring|snores|gurgling|gurgly|gurgles & wake|lips|weird|strange|gaps|groans|answer|respond
breathing .. # times
maybe .. times .. minute
""",
    ),
    Finding(
        "blue",
        """
lips|lip|face|mouth|fingers|skin|toes .. blue|bluish|grey|gray|purple|blueish|dusky
blue|bluish|grey|purple|dusky lips|face|mouth|round|around
turning|turned|gone|going|went blue|purple
cyanosis|cyanosed|cyanotic
""",
    ),
    Finding(
        "coughs_blood",
        """
cough|coughs|coughed|coughing|coffing|spat|spitting|spit|hack* up|out .. blood|red|froth|pink
cough|coughs|coughed|coughing|coffing|spat .. blood|bloody|pink|froth
haemoptysis|hemoptysis
pink froth|frothy|sputum
""",
    ),
    Finding(
        "pain_on_breathing",
        """
pain|hurts|stabbing|sharp|catches|catch .. breathe|breath|breathing|inhale
pleuritic
chest|ribs .. breathing|breathe|breath
""",
    ),
    Finding(
        "asthma",
        """
asthma|copd|emphysema|wheeze|wheezing|wheezy|wheezes|inhaler|nebuliser
""",
    ),
    Finding(
        "asthma_worse",
        """
attack .. wont|not|isnt|doesnt
inhaler|puffer|pump|salbutamol|ventolin .. not|no|dont|doesnt|isnt|nothing|multiple|several|hardly|every
not|isnt|no .. inhaler .. relief|helping|working
no inhaler relief
finish|say|speak|complete|finnish .. sentence|sentance|words|word
silent chest
wheezing|wheeze|whistling .. quieter|gone|since
puffs
using .. inhaler .. afternoon|hour
accessory muscle*
cant .. finish|finnish
one|two|few|1|2|3 words .. time
worse|bad|attack|exac|exacerbation|acute .. asthma|copd
asthma|copd .. attack|bad|worse|exac|exacerbation
""",
    ),
    Finding(
        "clot_named",
        """
pulmonary embolism|emboli|embolus
emboli|embolus
filling defect*
clot .. lung|lungs
""",
    ),
    Finding(
        "tearing_pain",
        """
ripping|tearing|ripped|tore|tear|rip .. back|chest|shoulder|blades|belly
ripping|tearing pain
something|like .. ripped|tore|tearing|ripping
pain .. ripping|tearing
""",
    ),
    Finding(
        "aneurysm",
        """
aneurysm|aaa|aneurism
aorta|aortic
bulge .. pipe|artery|vessel
marfan|ehlers
""",
    ),
    Finding(
        "aorta_torn",
        """
have|has|having|hes|shes|acute aortic|aorta dissection|rupture
dissecting|ruptured|leaking|bursting aorta|aortic|aneurysm|aaa
""",
    ),
    Finding(
        "back_or_belly_pain",
        """
back|flank|belly|tummy|abdominal|stomach .. pain|ache|pains|hurts
pain|pains .. back|flank|belly|tummy|abdomen
""",
    ),
    Finding(
        "limb_cold",
        """
foot|leg|legs|toe|toes|hand|arm|fingers|limb .. cold|ice|white|pale|blue|pulseless|waxy
cold|white|pale|blue|pulseless .. foot|leg|toes|hand|arm|fingers
no pulse
""",
    ),
    Finding(
        "limb_dead",
        """
numb|numbness|tingling|dead|pulseless|agony|wiggle|paraesthesia|paresthesia
hurts|hurting|painful|pain|terrible|excruciating .. pain|hell|bad|rest|badly|lot
no pulse|feeling
cant .. move|feel|wiggle
really painful
""",
    ),
    Finding(
        "compartment",
        """
pain .. passive stretch
compartment syndrome
cast|plaster .. tight|swollen|numb|blue|pale|unbearable
cast|plaster & fingers|toes .. tingly|tingling|numb|white|blue
cast|plaster & tingly|numb|puffy|blue|tingling|white
""",
    ),
    Finding(
        "cardiac_collapse",
        """
collapse|collapsed|passed|blacked|faint|fainted|unconscious|syncope & running|runing|exercise|training|trainig|swimming
collapse|collapsed|passed|blacked|faint|fainted|unconscious|syncope & swiming|playing|match|sport|football|warning
slumped
collapsed|collapse .. breathing|respond|responding|conscious|answer
no pulse
cardiac arrest .. now|cpr
not|isnt|wont|cant .. breathing|responding|answer .. pulse
""",
    ),
    Finding(
        "froth_or_flat",
        """
breath|breathless|breathing|gasping & lying|flat
woke .. gasping
""",
    ),
)

RULES = (
    Rule("acute_coronary", "chest_pain"),
    Rule("acute_coronary", "heart_attack_named", "suspected|note_style"),
    Rule("acute_coronary", "arm_or_jaw_pain", "ill_looking|faint|breathless|pale_and_clammy"),
    Rule("arrhythmia", "palpitations", "faint|breathless|very_fast_pulse|slow_pulse|chest_pain|renal_failure"),
    Rule("arrhythmia", "slow_pulse", "faint|note_style|ill_looking|drowsy|breathless|renal_failure"),
    Rule("cardiac_arrest", "breathing_stops|cardiac_collapse"),
    Rule("syncope", "faint"),
    Rule("respiratory_failure", "breathless|low_oxygen|blue"),
    Rule("respiratory_failure", "slow_breathing", "drowsy|note_style|poison_taken"),
    Rule("respiratory_failure", "fast_breathing", "note_style|fever|asthma"),
    Rule("severe_asthma", "asthma", "asthma_worse"),
    Rule("pulmonary_embolism", "coughs_blood"),
    Rule("pulmonary_embolism", "breathless|pain_on_breathing", "clot_risk"),
    Rule("pulmonary_embolism", "clot_named", "suspected|note_style|breathless|pain_on_breathing|clot_risk"),
    Rule("aortic", "tearing_pain|aorta_torn"),
    Rule("aortic", "aneurysm", "back_or_belly_pain|chest_pain|faint|pale_and_clammy"),
    Rule("limb_ischaemia", "limb_cold", "limb_dead"),
    Rule("limb_ischaemia", "compartment"),
    Rule("heart_failure", "froth_or_flat"),
)
