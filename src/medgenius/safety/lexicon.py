"""Words that spelling is mended towards, and those that must stay as they are."""


def word_set(text: str) -> frozenset[str]:
    """The words of a text, which reads better than a list of fifty quoted ones."""
    return frozenset(text.split())


WORDS_TO_MEND = word_set(
    """
    abdomen abdominal agony allergic ammonia anaphylaxis anaphylactic aneurysm antifreeze asthma battery belly bladder
    bleach bleeding blister blisters blurred breathe breathing breathless carbon monoxide chest choking collapse
    collapsed confused confusion convulsion convulsions coughing coughed curtain diabetes diabetic dizziness dizzy
    drooling droop drooping drowsy ectopic epilepsy erection faint fainted fainting fever feverish floaters headache
    heart heartbeat hallucinating insulin ketones jaundice lethargic meningitis migraine miscarriage mouth numb
    numbness overdose overdosed palpitations paralysed paracetamol poison poisoned poisoning pregnant pregnancy
    pressure purple rash seizure seizures severe shaking shivering shortness shoulder slurred slurring speech
    spotting stomach stroke sudden suddenly suicidal suicide swallow swallowed sweating swelling swollen temperature
    testicle testicles throat tightness tongue toddler unconscious unresponsive uncontrollably vomit vomited vomiting
    weakness wheezing wheeze wrists tablets mushrooms myself himself herself pounding stabbing sentence nosebleed
    spurting
    """
)

COMMON_MISSPELLINGS = {
    "alergic": "allergic",
    "babby": "baby",
    "bleading": "bleeding",
    "breth": "breath",
    "breething": "breathing",
    "convultion": "convulsion",
    "drownded": "drowned",
    "dyin": "dying",
    "feava": "fever",
    "feaver": "fever",
    "feever": "fever",
    "feva": "fever",
    "fone": "phone",
    "hart": "heart",
    "hevy": "heavy",
    "kneck": "neck",
    "marf": "mouth",
    "migrane": "migraine",
    "pane": "pain",
    "panes": "pains",
    "preggo": "pregnant",
    "sez": "says",
    "sik": "sick",
    "stomache": "stomach",
    "swolen": "swollen",
    "temp": "temperature",
    "temps": "temperature",
    "throte": "throat",
    "tounge": "tongue",
    "toungue": "tongue",
    "tummie": "tummy",
    "tyred": "tired",
    "unconcious": "unconscious",
    "vommit": "vomit",
    "vommiting": "vomiting",
    "waps": "wasp",
}

ORDINARY_WORDS = word_set(
    """
    abdomens ageing anaphylactoid atony bather bathing batter bells billy bladed bleached bleacher blunder bluster
    blusters boat bounding breach breaching breaded breath breaths breathy breeder breeding bully burst cabbages
    cables certain cheat chess chests cloth clothing clutching compulsions conclusion conclusions concussion
    confusing contusion conversion conversions convulsive cooking couch coughs counting crash crest dash doodling
    drooled dropping dwelling ectopia ejection fainter feather feeling fevers fewer fleeing flint founding
    hallucination hallucinations heading heard hearing heartbreak hearted hearts hearty house joint lasher leather
    minted month months mouse mushroom north oral overjoyed paint painted paralyses paralysis people pester point
    pointing poisons pounds pressures prison purse rasher reverse rounding rush rushing saint seating seeing selling
    served several severed severely sewed sewing shaken shallow shaming shaping sharing sharpness shaving shiver
    shoulders sleeping slurry smelling soaking soldier sounding south spelling spitting spotlight spurning stakes
    stoke stomachs stroked strokes struck suffering swallows swearing sweeping swelled swimming table tables tabling
    taint telling testing threat throne tightens toddlers tonguing trash uncontrollable vesting vomits weaken
    weather wheezy whether wriest wrist youth
    """
)
