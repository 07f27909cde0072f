"""Dates of birth, full dates, and ages over 89 (HIPAA 164.514(b)(2)(i)(C): years alone may stay)."""

import re
from collections.abc import Iterator

from medgenius.curation.deidentification.name_contexts import KIN
from medgenius.curation.deidentification.spans import Candidate, Evidence

_MONTH = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|mar(?:ch|zo|s)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|"
    r"aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?|enero|febrero|abril|mayo|junio|julio|"
    r"agosto|septiembre|octubre|noviembre|diciembre|février|avril|juin|juillet|août|septembre|octobre|novembre|"
    r"décembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|º|er|\.)?"
_YEAR = r"(?:1[89]|20)\d\d"
_FULL = (
    rf"(?:{_YEAR}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?:[T ]\d\d:\d\d(?::\d\d)?)?|"
    rf"(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:{_YEAR}|\d\d)|"
    rf"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2]){_YEAR}|"
    rf"(?:0?[1-9]|[12]\d|3[01])[-/ ]{_MONTH}[-/ ](?:{_YEAR}|\d\d)|"
    rf"(?:the\s+)?{_DAY}\s?(?:of\s+|de\s+|di\s+)?{_MONTH},?\s?(?:of\s+|de\s+|del\s+)?(?:{_YEAR}|['’]\d\d)|"
    rf"{_MONTH}\s{{0,2}}{_DAY}\s?,?\s?(?:{_YEAR}|['’]\d\d))"
)
_PARTIAL = rf"(?:{_FULL}|{_DAY}\s?(?:of\s+|de\s+)?{_MONTH}|{_MONTH}\s?{_DAY}|{_MONTH},?\s+{_YEAR}|{_YEAR})"
_DATE = re.compile(rf"(?<![\w.,/-])(?:{_FULL})(?![\w/-]|\.\d)", re.IGNORECASE)
_DAY_AND_MONTH = re.compile(
    rf"(?<![\w.,/-])(?:{_DAY}\s?(?:of\s+|de\s+)?{_MONTH}|{_MONTH}\s{_DAY})(?![\w/-])", re.IGNORECASE
)
_BIRTH = re.compile(
    rf"(?:\b(?:d\.?\s?o\.?\s?b\.?|date of birth|birth ?date|birthday|b-?day|born(?:\s+(?:on|in))?|birth|"
    rf"nacid[oa](?: el)?|"
    rf"fecha de nacimiento|naci[óo]|f\.? ?nac\.?|geb(?:oren|\.)?(?: am)?|geburtsdatum|"
    rf"n[ée]e?\(?e?\)?(?:\s+le)?|date de naissance|"
    rf"nat[oa](?: il)?|data di nascita|ur\.|data urodzenia|geboortedatum|fødselsdato|födelsedatum)\s*"
    rf"(?:\([^)]{{1,14}}\))?\s*(?:is|was|on|:|=|-|,|es|el|ist|am|le|est|il|\s)*)({_PARTIAL})(?![\w/-])",
    re.IGNORECASE,
)
_BRACKETED_BIRTH = re.compile(rf"[(,]\s*(?:b\.|\*|born)\s*({_PARTIAL})", re.IGNORECASE)
_AGE = re.compile(
    r"(?<![\w.,/-])(9\d|1[01]\d|12[0-4])(?=[\s-]*(?:years?[\s-]*(?:old|of age)|y/?o\b|yrs?\.?[\s-]*old|year-old|y\.o\.|"
    r"(?:años|ans|anni|jahre|jahr)\b|-jährig|[- ]?jährige))|"
    r"\b(?:aged?|turn(?:ed|ing|s)?|celebrated (?:his|her|their))\s+(?:is\s+|of\s+|:\s*)?(9\d|1[01]\d|"
    r"12[0-4])(?:st|nd|rd|th)?"
    r"(?![\w.,%-]|\s*(?:%|mg|ml|kg|percent|days?|months?|weeks?|minutes?|hours?))|"
    r"\b(?:age|edad|alter|âge|età)\s*[:=]\s*(9\d|1[01]\d|12[0-4])\b|"
    r"\b(ninety(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|one hundred(?: and \w+)?)[- ]years?[- ]old",
    re.IGNORECASE,
)
_OLD = r"(9\d|1[01]\d|12[0-4])"
_PERSON = rf"(?:(?:my|his|her|our|their|the)\s+(?:{KIN}|patient|lady|gentleman))"
_AGE_BY_PERSON = re.compile(
    rf"(?<![\w.,/-]){_OLD}\s?(?:y|yrs?\.?|years?)\s(?:fe)?male\b|(?<![\w.,/-]){_OLD}\s?(?:y/?o?|yrs?)\s?[mf]\b|"
    rf"(?:^|[.!?\n]\s*|\b(?:an?|this|the|pt|patient)\s+){_OLD}\s?(?-i:M)\b(?=[\s,;.]*(?:with|who|admitted|present\w*|"
    rf"brought|c/o|h/o|s/p|$))|"
    rf"(?:^|[.!?\n]\s*|\b(?:an?|this|the|pt|patient)\s+)(9[0-5])\s?(?-i:F)\b(?!\s*(?:fever|temp|degree))|"
    rf"\b(?:i\s+am|i['’]m|s?he\s+(?:is|was)|s?he['’]s|{_PERSON}(?:\s+(?-i:[A-Z])\w+)?\s+(?:is|was))\s+(?:now\s+|already\s+)?"
    rf"{_OLD}(?=\s*(?:$|[.;!?](?!\d)|,(?!\s*\d)|(?:and|but|now|with|who)\b))|"
    rf"\b{_PERSON}(?:\s+(?-i:[A-Z])\w+)?,\s*{_OLD}(?=,\s*[a-z])",
    re.IGNORECASE,
)
"""Ages that are called so by whom they are said of, since a bare number may be a pulse or a weight."""
_FULL_VALUE = re.compile(_FULL, re.IGNORECASE)
_YEAR_ONLY = re.compile(_YEAR)


def find_dates(text: str) -> Iterator[Candidate]:
    """Candidates of the kinds DATE_OF_BIRTH, DATE and AGE. Years alone, months with a year and durations stay."""
    for pattern in (_BIRTH, _BRACKETED_BIRTH):
        for match in pattern.finditer(text):
            value = match.group(1)
            if _YEAR_ONLY.fullmatch(value):
                continue
            full = _FULL_VALUE.fullmatch(value) is not None
            evidence = Evidence.CERTAIN if full else Evidence.LIKELY
            yield Candidate(match.start(1), match.end(1), "DATE_OF_BIRTH", evidence)
    for match in _DATE.finditer(text):
        yield Candidate(match.start(), match.end(), "DATE", Evidence.POSSIBLE)
    for match in _DAY_AND_MONTH.finditer(text):
        yield Candidate(match.start(), match.end(), "DATE", Evidence.POSSIBLE)
    for match in _AGE.finditer(text):
        group = match.lastindex or 0
        yield Candidate(match.start(group), match.end(group), "AGE", Evidence.CERTAIN)
    for match in _AGE_BY_PERSON.finditer(text):
        yield Candidate(*match.span(match.lastindex or 0), "AGE", Evidence.LIKELY)
