"""The wording by which a message says that a finding does not count; phrases are written as `phrases` describes."""

from medgenius.safety.lexicon import word_set

NEGATION = """
no|not|without|never|neither|nor|none|nothing
dont|doesnt|didnt|isnt|wasnt|arent|werent|hasnt|havent|hadnt
denies|denied|denying|deny
negative for
ruled|rules out
free of
"""
HEADS_A_LIST = frozenset({"denies", "denied", "denying", "deny", "negative"})
"""Negations that go on past commas, to the end of the sentence."""
ENDS_NEGATION = word_set(
    """
    but however although though except apart just only now because despite then yet until plus while reports
    """
)
NOT_NEGATING = """
not only|sure|better|improving|improved|helping|working|settling|stopping|until|himself|herself|myself|making
no idea|doubt|matter|relief|change|better|improvement|wonder|longer|inhaler
nothing helps|works|helping
dont|doesnt know|understand|care|mind|help|want|work
without warning|any|reason|cause|stopping
isnt|doesnt stop|stopping|going|settle|settling|helping
never had|felt|known .. like
"""
ASSERTS = word_set(
    """
    has have hes shes im ive is are presents presented complains reports endorses admits
    """
)
"""After a comma or an "and" these end a negation: what follows is there."""
REACH = 7
"""Words that a negation reaches at most, unless it heads a list."""

PAST = """
last year|month|winter|summer|spring|autumn|christmas|january|february|march|april|may|june|july|august
years|months|decades|weeks ago
year|month ago
as child|kid|teenager|baby|toddler
when was .. child|kid|little|teenager|#
history of
in .. family
family history
family .. past
used to
previous|previously|formerly
in january|february|march|april|june|july|august|september|october|november|december
years|months since|after|post
after my bypass|operation|heart|stroke
childhood
every winter|summer|spring|autumn|year
"""
YEARS = ("19", "20")
"""How a year begins."""
ACUTE = word_set(
    """
    today tonight currently hour hours minute minutes mins min suddenly sudden still worse worsening
    """
)
"""Words that say that it is happening now, whatever else is past."""
ACUTE_PHRASES = """
this morning|afternoon|evening
last|yesterday night|evening
right now
at moment
just now
"""
TURNS = word_set(
    """
    but however now then who presents presenting complains reports
    """
)
"""Words at which a sentence turns from what was, or may be, to what is."""
JOINS = frozenset({"and", "so", "but", ","})
"""They do so too before one of `SUBJECTS`."""
PAST_VERBS = word_set(
    """
    was were had did didnt wasnt werent hadnt got went felt took tried came became died suffered lost hurt
    """
)
"""A statement with one of them goes on telling what was."""
RELATIVES = word_set(
    """
    father mother dad mum mom mam grandfather grandmother grandpa grandma gran granddad grandad uncle aunt aunts
    cousin brother sister family parents relatives grandparents nephew niece neighbour neighbor colleague
    friend
    """
)
HAD = word_set(
    """
    had died strokes inherit inherits
    """
)

IMAGINED = """
if .. ever
if someone|somebody|anyone|person|people|he|she
what if|happens|happen
would|could happen
make|makes|making people
in case
how likely|common
first aid
how many people
"""
"""To the end of the sentence."""
FEARED = """
one day
afraid|scared|frightened to
afraid|scared|frightened|worried|fear|worry|terrified of
risk|chance|chances|odds|likelihood of
at risk
prevent|preventing|avoid|avoiding|protect
allergic to
"""
"""Until the sentence turns to what is."""
NOT_FEARED = """
for|since|after|within|under one day
one day old|ago|after|later|before|history
"""
TAUGHT = """
what|whats are|is|causes|cause|does|do
what should .. if|kit
how do|does doctors|people|paramedics|you|nurses
how does|is|common|many|long
how .. spread|treated|diagnosed|caused|prevented
why do|does|is|are
explain|describe|define|difference|outline|summarise|who
which drugs|medicines|lactate|tests|vaccines
is .. common|contagious|hereditary
warning signs of
"""
PERSONAL = word_set(
    """
    i my me im ive hes shes he she his her him we our us wife husband son daughter mum dad baby brother sister
    mother father partner
    """
)
FIRST_PERSON = word_set(
    """
    i im ive my we our weve
    """
)
PRESENT = word_set(
    """
    is isnt are arent has hasnt have havent cant wont wants keeps says looks feels needs
    """
)
SUBJECTS = PERSONAL | PRESENT | {"theyre", "theyve", "patient", "still"}
"""Words that begin a statement of its own; verbs stand for a subject left out."""
LESSON = """
nursing|medical|biology|physiology|paramedic student|students|school
for .. exam|exams
exam|exams on|tomorrow|next|question
essay|article|newsletter|thesis|homework|novel|lecture|assignment|coursework|textbook|quiz
pathology|biology|physiology|anatomy class
read that|in .. paper
pupils asked
"""
SLIGHT = """
mild|slight|slightly|minor|tiny|occasional|occasionally|small
a little|bit
light spotting|bleeding
"""
OVER = """
gone|settled|fine|better|normal now
now settled|gone|fine|better|normal|stopped
gone|fine|better|normal since|afterwards
cleared up
has|have|had healed
goes|went|passes away|off|quickly|when
passes|lasts .. seconds|second
lasts|lasted second|seconds|moment
over in
stopped after|itself|by|in
none for
happens|every .. few months|weeks|years
now and again|then
learning|learn to
"""
CLEARED = """
nurse|doctor said .. faint
ecg|ekg|echo|ct|scan|scanned|mri .. normal|clear|fine|negative|harmless
troponin|ultrasound|xray|bloods|checks|tests|checked .. normal|clear|fine|negative|harmless
scanned .. no|burst
ruled out
all clear
cleared by
discharged us|me|him|her
says|said|say its|it .. migraine|muscle|faint|ribs|ectopics|anxiety|reflux|viral|harmless|benign
"""
IDIOMS = """
killing me
dying|die to|for know|see|hear|meet|try|tell|ask
heart attack every|when|whenever
give|gives|gave|giving|nearly|almost me|you|us .. heart attack|stroke
wanted to die when
drop dead tired
kill for
blood boil
burning .. curiosity|desire|ambition
choked in|when|up|at .. test|exam|price|saw|interview|speech
on fire after
murdered .. trainer|for
pain in neck|arse|backside|ass to
laughed|laughing|laugh .. cant .. breathe
suffocating me
bored|tired|sick|scared|worried to death
sick with|of worry|nerves|waiting|hearing
cant breathe without it|spray|drops
cant breathe .. through .. nose
confused about|by|why|whether|how|as
already confused
faint ringing|line|sound|hope|idea|smell|positive
lost .. suicide
heart .. stabbed
stabbed in back
cant stand me|him|her|us|it|them|people|loud|each
fainted|faint when|at .. saw|sight|price
coughing|sneezing|laughing fit|fits
golf|tennis|exercise|foot|medicine|spiky ball|balls
ball of .. foot
flu|covid|booster|allergy|tetanus|vaccine|vitamin|cortisone|steroid|insulin|depo|first|second shot
got|get|getting my|a|the|his|her|our shot
letter|letters|note|notes to|for|from doctor|gp|surgeon|consultant|hospital|clinic|insurance|school|boss|landlord
sat|sit|sits|sitting|stood|stand|standing|climbed on black stool
drown|drowned|drowning in .. work|paperwork|debt|debts|emails|homework|sorrows
"""
