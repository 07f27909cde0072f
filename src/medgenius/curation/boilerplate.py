"""Phrases of portals and letters around an answer: greetings, thanks for the question, closing formulas, signatures."""

import re

from medgenius.curation.deidentification.lexicon import Trait, traits_of

_THANKS = (
    r"(?:many )?(?:thanks|thank you)(?: (?:so|very) much| a lot)? for (?:your (?:\w+ ){0,2}(?:question|query|message|"
    r"post|inquiry|enquiry)|(?:asking|posting|writing|contacting|consulting|choosing|using|reaching out|"
    r"sending|submitting|the question|the query)(?: (?:in|to us|us|here|on \w+|at \w+|with us))?"
    r"(?: (?:your|the|this|a) (?:\w+ )?(?:question|query))?)"
)
_GREETING = r"(?:(?:hello|hi|hey|dear|greetings|good (?:morning|afternoon|evening|day))(?: \w+){0,2}[ ,.!-]+)?"
_OPENING = re.compile(rf"\A\s*{_GREETING}(?:{_THANKS}|welcome (?:back )?to [^.!?,\n]{{2,40}})[ ]*[.!,]+\s*", re.I)
_SERVICE = re.compile(rf"(?<=[.!?\n])[ ]*(?:and )?{_THANKS}[ ]*[.!]+", re.I)

_HOPE = r"(?:i )?(?:sincerely |really |do )?hope (?:that )?(?:this|it|that|my answer|i)(?: was| has| have)?(?: been)? "
_HELPS = rf"{_HOPE}(?:helps?|helped|helpful|answers? your (?:question|query))(?: (?:you|a bit|a little|some))?"
_LETTER = (
    r"(?:(?:my|very|kind|best|warm|with|many|good)(?:est)? )*(?:regards|wishes)(?: to you)?|be well|"
    r"(?:yours )?(?:sincerely|faithfully|truly)"
)
_NAME = r"(?: *[,~-]* *(?:dr\.? )?(?:[A-Z][\w.'’&-]*[ ,]*){0,6})"
_HELPFUL = re.compile(rf"(?<![^\s.!?]){_HELPS}[ ]*(?:[.!:)(]+|\Z)", re.I)
_REGARDS = re.compile(
    rf"(?:^|(?<=[.!?])) *(?i:{_LETTER}) *[,.!~]+\s*(?P<who>{_NAME})[.!\s]*\Z|\n *(?i:{_LETTER})\s*\Z", re.M
)
_CREDENTIALS = (
    r"LCSW|LMFT|LPCC?|LMHC|LCPC|LCADC|NCC|LICSW|MFT|MSW|LMSW|LCMHC|LPC-S|Psy\.?D|Ph\.? ?D|M\.?D|R\.?N|M\.?A|M\.?S|"
    r"M\.?Ed|CHt|RCC|R\.C\.C|C\.C\.C|EdD|CADC|MBBS|FRCP|D\.?O"
)
_PERSON = r"(?:(?:Dr\.? )?(?:[A-Z][\w'’.-]+[ ,]+){1,4})"
_SIGNATURE = re.compile(
    rf"(?:\n|(?<=[.!?])) *[-–—~]* *(?P<who>{_PERSON})(?:{_CREDENTIALS})(?:[ ,/&]+(?:{_CREDENTIALS}))*\b\.?"
    r"(?:[ ,.|-]*(?:\[URL\]|\[email\s?protected\]))*\s*\Z"
)
_DOCTOR = re.compile(r"(?:\n|(?<=[.!?])) *[-–—~]* *Dr\.? (?P<who>(?:[A-Z][\w'’-]+\.? ?){1,3})\.?\s*\Z")
_PAGE = re.compile(
    r"(?:\A|(?<=[.!?)])|(?<=\n))[^.!?\n]*\b(?:click(?:ing)? (?:here|on the link)|medical dictionary)\b[^.!?\n]*[.!?]?",
    re.I,
)

_TITLES = (
    "and associate board certified child clinical clinician coach consultant counseling counsellor counselor dentist "
    "director doctor dr emotional family general gp health internal licensed life marriage medicine mental nurse of "
    "pediatrician physician practitioner professional psychiatrist psychologist psychotherapist registered social "
    "specialist surgeon therapist therapy wellness worker"
)
"""Words of a closing line beside names."""
_AMBIGUOUS = re.compile(r"[ ,](?:MA|MS|MD|DO|RN)\.?\s*\Z")
"""States, multiple sclerosis, a verb: a credential only on a line of its own."""

_RULES = (
    (("hank", "elcome"), _OPENING),
    (("hank",), _SERVICE),
    (("hope", "Hope"), _HELPFUL),
    (("lick here", "licking here", "lick on", "ictionary"), _PAGE),
)
_ENDING_LENGTH = 200
_ENDINGS = (_REGARDS, _SIGNATURE, _DOCTOR)


def strip_boilerplate(text: str) -> tuple[str, int]:
    """Without such phrases, and how many there were; a text that consists of nothing else stays as it is."""
    stripped, count = text, 0
    for cues, pattern in _RULES:
        if any(cue in stripped for cue in cues):
            stripped, found = pattern.subn("", stripped)
            count += found
    body, ending = stripped[:-_ENDING_LENGTH], stripped[-_ENDING_LENGTH:]
    for pattern in _ENDINGS:
        match = pattern.search(ending)
        if match and _is_signature(match):
            ending = ending[: match.start()]
            count += 1
    stripped = body + ending
    return (stripped, count) if count and stripped.strip() else (text, 0)


def _is_signature(ending: re.Match[str]) -> bool:
    """Whether it has names and titles alone: `Multiple Sclerosis, MS` and `Take Aspirin Daily` are the answer's."""
    if _AMBIGUOUS.search(ending[0]) and not ending[0].startswith("\n"):
        return False
    words = (word for word in re.findall(r"[A-Za-z’']{2,}", ending["who"] or "") if word.lower() not in _TITLES.split())
    return not any((traits := traits_of(word)) & Trait.WORD and not traits & Trait.NAME for word in words)
