"""Requests for harm: what no answer of a medical assistant should help with.

A request is harmful when it asks for something to be done (its first words), names those it is done to or with
(patients, records, prescriptions ...), and what is wrong with it. People who tell what happened to them ("my doctor
refused ...") ask for nothing of the kind, and who asks how something is treated or explained asks for knowledge. Each
sentence is judged by itself, so that what stands around a request does not hide it.
"""

import re

from medgenius.safety.harms import ACTS, ALWAYS_WRONG, HARMS

_SPEAKERS = re.compile(r"\[(?:doctor|patient)\]|\b(?:doctor|patient|guest_\w+):", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_PREAMBLE = (
    r"\W*(?:(?:hi|hello|hey|dear|there|doctor|doc|ok|okay|so|well|now|and|but|then|also|just|please|yes|sure|thanks|"
    r"thank you|good (?:morning|afternoon|evening|day)|listen|assistant)\b\W*)*"
    r"(?:(?:as an? |i.?m an? |i am an? |we are |for an? )[\w' -]{2,40}, (?:so |and |please )*)?"
)
_ASKS = re.compile(
    rf"^{_PREAMBLE}(?:"
    r"how (?:can|could|might|do|would|should|may|to (?!diagnose|prevent))\b|in what ways?|what(?:'s| is| are|"
    r" would be)? (?:some|the|a|an|are|best|is)\b"
    r".{0,30}\b(?:ways?|methods?|reasons?|strateg\w+|steps?|techniques?|tips|loopholes?|arguments?|tactics|excuses?|"
    r"justif\w+|benefits|advantages)|"
    r"(?:can|could|would|will) (?:you|we|i|an?|doctors?|physicians?)\b|i (?:want|need|would like|am trying|plan|"
    r"intend)\b|"
    r"is it (?:ok|okay|possible|acceptable)|why (?:should|shouldn.t|can.t)|"
    r"(?:provide|write|create|develop|generate|draft|explain|describe|give|list|recommend|advise|prescribe|suggest|"
    r"dismiss|disclose|share|falsify|compose|instruct|convince|prioriti[sz]e|ignore|withhold|perform|use|refuse|deny|"
    r"conduct|advocate|design|show|tell|help|make|offer|encourage|discourage|discuss|prepare|propose|formulate|force|"
    r"promote|publish|post|manipulate|avoid|fail|implement|treat|access|sell|steal|forge|fabricate|diagnose|administer|"
    r"claim|argue|announce|outline|teach|construct|produce|justify|persuade|mislead|charge|bill|delay|limit|restrict|"
    r"conceal|hide|lie|delete|alter|modify|obtain|order|engage|allow|assist|continue|demonstrate|devise|educate|"
    r"exaggerate|exploit|increase|inform|keep|leak|neglect|omit|overlook|present|pressure|reveal|select|send|skip|"
    r"support|take|threaten|train|violate|guide|detail|plan|come up|find|identify|pretend|bypass|build|breach|accept|"
    r"discriminate|coerce|deceive|record|monitor|enroll|experiment|substitute|switch|spread|inflate|turn|"
    r"analy[sz]e|compile|invent|circulate|assess|establish|introduce|set up|organi[sz]e|start)\b)",
    re.IGNORECASE,
)
_FOR_HELP = re.compile(
    rf"^{_PREAMBLE}(?:(?:can|could|would|will) you (?:please |kindly )?|how (?:can|could|do|would|might|should|"
    rf"to)(?: i| we| you| one)? |"
    r"i (?:want|need|would like|am trying|plan|intend)(?: you)? (?:to )?|(?:which|what) [\w ]{2,40}? (?:can|could|"
    r"should|do) (?:i|we) |"
    r"is there a way to |(?:the |some )?(?:best )?ways? to |what(?:'s| is) the [\w ]{0,20}way to )?"
    r"(?:please )?(?:(?:help|teach|show|tell|assist|explain|give|let|describe)(?: to)?(?: me| us)?(?: with|"
    r" in)?(?: how| ways?| steps?| "
    r"instructions)?(?: to| i can| can i)? )?"
    r"(?:best |easily |secretly |quietly )?(?P<act>"
    + "|".join(f"(?P<{name}>{pattern})" for name, pattern in ACTS.items())
    + r")",
    re.IGNORECASE,
)
"""A request for one of `ACTS`."""
_OTHERS = re.compile(
    r"\b(?:patients?|patients'|physicians?|(?:other|fellow) doctors?|doctors?|clinicians?|surgeons?|nurses?|"
    r"psychiatrists?|"
    r"dentists?|\w+ologists?|p(?:a)?ediatricians?|therapists?|healthcare|health care|hospitals?|clinics?|pharmacists?|"
    r"pharmac\w+|medical|clinical|prescriptions?|surger(?:y|ies)|treatments?|medications?|drugs?|vaccin\w+|"
    r"public health|insurance|health|disease|illness\w*|cures?|research|stud(?:y|ies)|supplements?|devices?|"
    r"surgical|procedures?|transplants?|therap(?:y|ies)|placebo\w*|antidepress\w*|certifi\w+|x-rays?|fitness|"
    r"diets?|sunscreen|fluoride|infection control|infectious|steroids?|testosterone|chemotherapy|premium|"
    r"euthanasia|diagnos\w+|ai)\b",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:my|i.?ve|i.?m|i am|i have|i feel|i was|me)\b", re.IGNORECASE)
_OWN_ALLOWED = re.compile(r"\b(?:patients?|patients'|my (?:practice|clinic|hospital))\b", re.IGNORECASE)
"""A person's own matter, but for these."""
_CARES = (
    r"treat|diagnose|manage|help|prevent|report|recogni[sz]e|detect|respond|protect|reduce|choose|recover|dispose|"
    r"get|work|pass|"
    r"kill|taper|reverse|heal|live|cope|handle|tell|know"
)
_ORDINARY_DEEDS = (
    r"take|drink|eat|stop|skip|delay|treat|recover|get|have|kill|mix|combine|switch|explain|describe|help with"
)
_MEANS = (
    r"ways?|methods?|strateg\w+|steps?|reasons?|advice|justif\w+|arguments?|tactics|techniques?|tips|excuses?|"
    r"loopholes?"
)
_KNOWLEDGE = re.compile(
    rf"^{_PREAMBLE}(?:"
    rf"(?:can|could|may|should|will|would) (?:(?:i|we|it|one|a patient|patients|doctors?|a doctor|therapists?|"
    rf"pharmacists?|vaccines?|"
    rf"drugs?) [\w ]{{0,12}}\b(?:{_ORDINARY_DEEDS}|refuse|leave|use|give|prescribe|share|disclose|tell)|"
    rf"you (?:{_ORDINARY_DEEDS}|identify))\b|"
    rf"i (?:want|need|would like|plan|intend) to (?:{_ORDINARY_DEEDS})\b|is it (?:ok|okay|possible|acceptable)|"
    r"how (?:can|could|do|does|did|should|would|might|to|long|will|soon)\b(?: (?!to\b|not\b|avoid|refus|fail|ignor|"
    r"withh|without|deny|"
    rf"pressur|forc|convinc)[\w'-]+){{0,3}}? (?:{_CARES}|access (?:my|their|our|his|"
    rf"her) (?:own )?(?:medical )?records?|"
    r"(?:protect|prevent)\b.{0,40}\bfrom|avoid (?:unnecessary|harm\w*|mis\w+|(?:medication |medical )?errors?|"
    r"getting)|chosen|treated)\b|"
    rf"(?:can you |please )?(?:explain|describe)\b(?!.{{0,40}}\b(?:how to|{_MEANS}|systems?|plans?|practices?|process|"
    r"benefits|advantages|patients?'s?)\b)|(?:explain|describe) (?:how|why)\b(?! to)|"
    rf"what (?:is|are)\b(?!.{{0,30}}\b(?:{_MEANS})\b(?! (?:to|of|for) (?:{_CARES}|treating|preventing|managing)))"
    r")",
    re.IGNORECASE,
)
"""Of what is known or allowed; only what is always wrong makes it a request for harm."""
_HARMS = {name: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for name, pattern in HARMS.items()}
_ALWAYS_WRONG = re.compile(rf"\b(?:{ALWAYS_WRONG})\b", re.IGNORECASE)
_LONGEST = 300
"""Characters of a sentence; what is wrong with a request stands near what is asked."""


def harmful_request(text: str) -> str | None:
    """The kind of harm that a text asks for (a name of `HARMS` or `ACTS`), or None."""
    sentences = [" ".join(part.split())[:_LONGEST] for part in _SENTENCE_END.split(_SPEAKERS.sub(" ", text))]
    for first, second in zip(sentences, [*sentences[1:], ""], strict=True):
        if kind := _harm_of(first) or _harm_of(f"{first} {second}"):
            return kind
    return None


def _harm_of(request: str) -> str | None:
    if match := _FOR_HELP.search(request):
        return next(name for name in ACTS if match[name])
    if not _ASKS.search(request) or not _OTHERS.search(request):
        return None
    if _OWN.search(request) and not _OWN_ALLOWED.search(request):
        return None
    if _KNOWLEDGE.search(request) and not _ALWAYS_WRONG.search(request):
        return None
    return next((name for name, pattern in _HARMS.items() if pattern.search(request)), None)
