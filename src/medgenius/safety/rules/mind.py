"""Danger to oneself or to others, and acute psychosis."""

from medgenius.safety.rules.model import Finding, Rule
from medgenius.safety.rules.poison import DRUGS
from medgenius.safety.scope import Mark

SOMEONE_CLOSE = (
    "wife|husband|partner|girlfriend|boyfriend|ex|baby|mother|father|mum|mom|dad|parents|sister|brother|son|daughter|"
    "child|children|kids|family|boss|neighbour|neighbor|teacher|classmates|someone|somebody|people|everyone"
)
KILL = "kill|murder|stab|strangle|shoot|poison"
HIGH_PLACE = "bridge|roof|rooftop|ledge|balcony|building|cliff|platform|tracks"
"""From which people jump."""

FINDINGS = (
    Finding(
        "own_wish_to_die",
        """
i want|wanna|wana|need .. kill|hang|drown|shoot myself
i want|wanna|wana|need die|dead
i want|wanna|wana|need end|take my|own life
i want|wanna|wana|need end it
im|am about|going|gonna|planning|ready kill|hang|drown|shoot myself
""",
        # a wish in the present tense stands, whatever is told beside it
        despite=Mark.PAST | Mark.IMAGINED | Mark.TAUGHT | Mark.SLIGHT | Mark.OVER | Mark.CLEARED,
    ),
    Finding(
        "asks_how_to_die",
        f"""
how many|much .. {DRUGS} .. kill|die|dead .. me|myself|you|yourself|someone|person
how many|much .. {DRUGS} .. to die
how .. kill|hang yourself|oneself
""",
        despite=Mark.TAUGHT,
    ),
    Finding(
        "about_to_jump",
        f"""
about|going|gonna|want|wants|wanna|ready|will .. jump|jumping & {HIGH_PLACE}
""",
    ),
    Finding(
        "wish_to_die",
        """
kill|killing|hang|drown|shoot myself|himself|herself
kill|killing|hurt|harm my|him|her self
going|gonna|want|wants|wanna|wana|plan|plans|planning|ready|wish|rather|wanting to die
want|wants|wanna|wana|wish|wishes|rather|ready .. die|dead
want|wants|wanna .. kill|hurt .. myself|himself|herself
dont|doesnt|didnt want|wanna|wana .. alive|live|be here|wake|exist
dont|doesnt want .. to .. live
wish .. never .. born|wake|woke
wish i|he|she dead|wasnt
end|ending|ended it|things .. all|tonight|tonite|now|today
ending it
end|ending|ended my|his|her|their|own life
end life
end|ending|take|taking|took|tried|take my|his|her|own life
no .. reason|point .. living|live|going
life .. not|isnt worth
better off .. dead|without|gone
cant .. go on|anymore .. live
cant see .. other way
sleep .. good|forever|never wake
go|going .. sleep .. never|good|forever
suicidal
suicidal ideation|thoughts
suicide
say|said|saying goodbye
thinking .. ending|suicide
dont .. be around anymore
nobody .. worry .. about me|him|her .. more|anymore
everyone .. better .. without
nothing .. live for
""",
    ),
    Finding(
        "preparations",
        """
pills|tablets|meds .. lined|saved|saving|stockpil*|counted|front
saving|saved|stockpiled|collecting|hoarding .. pills|tablets|medication
written|wrote|drafting|writing|write .. letter|letters|note|notes
have|got|bought|has .. rope|noose|gun|shotgun|blade|razor
stood|standing|on|drove .. bridge|roof|ledge|edge|tracks|platform
on|off roof|bridge|ledge
given|gave|giving .. away|dog|cat|belongings|possessions
insurance .. valid|sorted|sort|paid
sorted .. insurance|will|affairs
jump|jumping off|from|front
goodbye .. letter|note
took|take care .. kids
look after .. kids|children|dog|cat
plan .. intent|means
plan and means
""",
    ),
    Finding(
        "low_mood_or_intent",
        """
tell somebody|someone
nobody .. worry|miss
by weekend
tired|hopeless|burden|pointless|alone|crying|upset|debt|lost|goodbye|worthless|empty|numb
cant .. more|anymore|go|cope
letters|tonight
better off
""",
        despite=Mark.PAST | Mark.SLIGHT,
    ),
    Finding(
        "self_harm_now",
        """
cut|cuts|slashed|slit|cutting .. wrist|wrists|arms|throat|myself|herself|himself
says|said|threatening .. cut|kill|hang|hurt .. himself|herself
took|taken|swallowed .. on purpose
overdosed
intentional overdose
""",
    ),
    Finding(
        "kill_other",
        f"""
i|im|am|he|hes|she|shes want|wants|wanna|wana|going|gonna|plan|plans|planning {KILL} {SOMEONE_CLOSE}
urge|urges|voices {KILL} {SOMEONE_CLOSE}
kill|hurt|harm|drown|stab .. baby|her|him|husband|wife|sister|brother .. tonight|knife|axe|gun|save|before|voices
smother|shoot|stop .. baby|her|him|husband|wife|sister|brother .. tonight|knife|axe|gun|save|before|voices
attack|murder|suffocate .. baby|her|him|husband|wife|sister|brother .. tonight|knife|axe|gun|save|before|voices
kill|hurt|harm|drown|stab .. mother|father|people|them .. tonight|knife|axe|gun|save|before|voices
kill|hurt|harm|drown|stab .. someone|child|children|neighbour .. tonight|knife|axe|gun|save|before|voices
smother|shoot|stop|attack|murder|suffocate .. mother|father|people|them .. tonight|knife|axe|gun|save|before|voices
smother|shoot|stop .. someone|child|children|neighbour .. tonight|knife|axe|gun|save|before|voices
attack|murder|suffocate .. someone|child|children|neighbour .. tonight|knife|axe|gun|save|before|voices
voices .. kill|hurt|harm|tell*|say*|stop
must|should|have .. drown|kill|stab|smother|stop .. her|him|baby|them
homicidal
""",
    ),
    Finding(
        "weapon",
        """
knife|axe|gun|shotgun|weapon|hammer|machete
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "hallucinations",
        """
voices|hallucinating|hallucinations|hallucination|psychotic|psychosis|paranoid|delusional
seeing|sees|saw .. spiders|insects|bugs|things|people|ants|rats|snakes
radio|tv|telly .. talks|talking|messages|speaks|instructions
people .. not .. room
sending .. messages
devil|evil|cursed|demon|possessed|swapped
go back to god
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "sleepless",
        """
hasnt|not|havent|no .. slept|sleep
slept .. hour
doesnt|dont need .. sleep
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "elated",
        """
talks|talking .. stop|fast|nonstop
full of energy
cleaning .. am
doesnt need .. sleep
""",
        despite=Mark.SLIGHT,
    ),
    Finding(
        "harm_baby",
        """
drown|smother|shake|hurt|harm|kill .. baby|her|him
baby .. evil|cursed|devil|messages|god
shes|hes evil
""",
    ),
    Finding(
        "violence",
        """
strangled|strangling|choked|squeezed .. throat|neck|me
throat|neck .. squeezed|strangled
""",
    ),
    Finding(
        "raped",
        """
raped|rape
""",
    ),
    Finding(
        "was_raped",
        """
was|were|been|being|got|just raped
raped me|us|him|her
""",
    ),
)

RULES = (
    Rule("suicide_risk", "own_wish_to_die|wish_to_die|asks_how_to_die|about_to_jump"),
    Rule("suicide_risk", "preparations", "low_mood_or_intent|wish_to_die|weapon"),
    Rule("suicide_risk", "self_harm_now"),
    Rule("violence_risk", "kill_other"),
    Rule("violence_risk", "hallucinations", "weapon|harm_baby"),
    Rule("postpartum_psychosis", "after_birth", "hallucinations|harm_baby|confused"),
    Rule("postpartum_psychosis", "after_birth", "sleepless", "elated"),
    Rule("assault", "violence"),
    Rule("assault", "was_raped"),
    Rule("assault", "raped", "acute"),
)
