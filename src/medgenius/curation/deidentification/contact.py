"""E-mail addresses, telephone numbers, URLs, IP addresses and user names."""

import re
from collections.abc import Iterator

from medgenius.curation.deidentification.checksums import digits_of
from medgenius.curation.deidentification.quantities import READINGS, SERIES, TOLL_FREE, UNIT_AFTER, is_helpline
from medgenius.curation.deidentification.spans import Candidate, Evidence

_EMAIL = re.compile(
    r"(?<![\w.@])[\w.%+'-]{1,64}\s?@\s?[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}|"
    r"(?<![\w.+-])[\w.+-]{1,64}\s?[\[({]\s?at\s?[\])}]\s?[\w-]+(?:\s?(?:[\[({]\s?dot\s?[\])}]|\.|\sdot\s)\s?[\w-]+)+|"
    r"(?<![\w.+-])[\w.+-]{1,64}(?: dot [\w-]{1,30}){0,3} at "
    r"[\w-]+(?: dot [\w-]+)* dot (?:com|org|net|edu|co|uk|de|es|fr|it|in)\b",
    re.IGNORECASE,
)
_URL = re.compile(
    r"\b(?:https?://|ftp://|www\.)[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]|"
    r"(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,6}(?-i:com|org|net|edu|gov|info|co\.uk|nhs\.uk|io)(?:/[^\s<>\"')\]]*[\w/])?(?![\w@])",
    re.IGNORECASE,
)
_PUBLIC_SITE = re.compile(
    r"^(?:[a-z]+://)?(?:[\w-]+\.)*(?:[\w-]+\.(?:gov|edu|int|mil|org|info)(?:\.\w\w)?|gov\.uk|nhs\.uk|europa\.eu|"
    r"(?:wikipedia|youtube|google|amazon|webmd|medlineplus|medscape|mayoclinic|healthline|psychologytoday|drugs|"
    r"wikidoc|nejm|bmj|thelancet|cochrane)\.\w+)(?=$|[/:?#])",
    re.IGNORECASE,
)
_PERSONAL_PATH = re.compile(
    r"[?&#/=](?:\w*(?:id|user|patient|token|key|session|mrn|uid|name|email|account|ref|chart|profile|login|appointment|"
    r"booking)\w*[=/][\w%.@-]+)|/\d{4,}|//[^/\s]*@|/~\w+|\d{6,}|[0-9a-f]{8}-[0-9a-f]{4}|"
    r"(?:facebook|twitter|x|instagram|linkedin|tiktok|github|youtube)\.com/(?:in/|@|user/|channel/)?\w",
    re.IGNORECASE,
)
_OWN_SITE = re.compile(
    r"\b(?:my|our|his|her|their|website|web ?site|homepage|home page|blog|page|portfolio|shared?.{0,20})"
    r"(?:\s+\w+)?\s*(?:is|at|:|with you|on)?\s*:?\s*$",
    re.IGNORECASE,
)
_IP = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)")
_IP6 = re.compile(
    r"(?<![\w:])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6})(?![\w:])",
    re.IGNORECASE,
)
_MAC = re.compile(r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b", re.IGNORECASE)
_USERNAME = re.compile(
    r"\b(?:user ?name|user ?id|userid|login(?: id| name)?|log-in|handle|nick(?:name)?|screen ?name|skype(?: id)?|"
    r"twitter|instagram|insta|snapchat|telegram|wechat(?: id)?|discord|usuario|benutzername|identifiant|nome utente)"
    r"\s*(?:is|:|=|->|-)\s*@?([\w][\w.-]{2,}\w)|(?<![\w@.])(@[A-Za-z_][\w.]{2,}\w)",
    re.IGNORECASE,
)
_NOT_USERNAMES = re.compile(r"^(?:the|not|and|for|that|this|your|very|always|called|with)$", re.IGNORECASE)

_PHONE = re.compile(
    r"(?<![\w./+-])(?<!\d,)(?:\+|00)?\s?\(?\d{1,5}\)?(?:\s?(?:\(0\)|[-.–/·]|\s\s?|"
    r"\s-\s)?\s?\(?\d{1,5}\)?){1,6}(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w%]|[.,/:-]\d)",
    re.IGNORECASE,
)
_PHONE_WORD = re.compile(
    r"\b(?:phone|telephone|tel[eé]?fono|telefon|téléphone|tél|tel|tlf|tfno|mobile?|m[oó]vil|cell(?:ulare|"
    r"phone| phone)?|"
    r"handy|portable|fax|whats ?app|call(?:ed|ing)?(?: (?:me|us|him|her|back|them))?|ring|text(?:ed)?(?: me| us)?|sms|"
    r"reach(?:ed|able)?(?: \w+)?|contact(?: (?:no|number))?|dial|hotline|pager|bleep|beeper|landline|"
    r"(?P<vague>home|work|office)|answering|messages?|"
    r"registered|emergency contact|(?:phone|contact|mobile|cell) (?:no|number)|llam(?:ar|e|ado)|ph|"
    r"rufnummer|rufen|appeler|chiamare|number)\b"
    r"(?:\s+n\w{3,5}r)?(?:\s+(?:number|no|nummer|#|is|was|at|on|to|him|her|back|es|al|ist|unter|au|est|me|us|"
    r"my|your|this|the|è|of|for))*"
    r"\s*[.:#=(]*\s*[\"“]?\s*$",
    re.IGNORECASE,
)
"""`vague` are words that stand before readings as well ("at home was 142")."""
_PHONE_NEAR = re.compile(r"phone|tel[eé]f|m[oó]vil|mobile|\b(?:cell|fax|call|contact|ring)", re.IGNORECASE)
_PHONE_AFTER = re.compile(r"\s?[-(]?\s?(?:office|fax|mobile|cell|home|work|direct|desk|tel)\b", re.IGNORECASE)
_AMERICAN = re.compile(r"(?:\+?1[-. ]?)?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?:\s?(?:x|ext).*)?", re.IGNORECASE)
_NATIONAL = re.compile(r"\(?0\d{1,5}\)?(?:[ ./-]{1,3}\(?\d{2,8}\)?){1,5}|0[1-9]\d{8,9}")
_PAIRS = re.compile(
    r"\d{2,3}(?:[ .-]\d{2,3}){3,4}|[67]\d{2} ?\d{3} ?\d{3}|[6-9]\d{4}[ -]?\d{5}|\d{3}[-. ]\d{3}[-. ]\d{3}"
)
_DATE_LIKE = re.compile(
    r"(?:19|20)\d\d\s?[-–/.]\s?(?:(?:19|20)?\d\d|\d{1,2}[-/.]\d{1,2})|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)?\d\d|"
    r"\d{1,3}(?:[ ,.]000)+|"
    r"(?:19|20)\d\d(?:,? (?:19|20)\d\d)+"
)
_SHORTEST, _LONGEST = 7, 15
"""Digits of a telephone number; the longest is that of ITU-T E.164."""


def find_contact(text: str) -> Iterator[Candidate]:
    """Candidates of the kinds EMAIL, URL, IP_ADDRESS, USERNAME and PHONE."""
    if "@" in text or "at" in text:
        for match in _EMAIL.finditer(text):
            yield Candidate(match.start(), match.end(), "EMAIL", Evidence.CERTAIN)
    if "." in text or ":" in text:
        yield from _urls(text)
        for pattern in (_IP, _IP6, _MAC):
            for match in pattern.finditer(text):
                yield Candidate(match.start(), match.end(), "IP_ADDRESS", Evidence.CERTAIN)
    for match in _USERNAME.finditer(text):
        group = 1 if match.group(1) else 2
        if not _NOT_USERNAMES.match(match.group(group)):
            yield Candidate(match.start(group), match.end(group), "USERNAME", Evidence.CERTAIN)
    yield from _phones(text)


def _urls(text: str) -> Iterator[Candidate]:
    """A URL that names a person is certain, one of a private site likely, one of a public body possible."""
    for match in _URL.finditer(text):
        url = match.group()
        if "@" in text[max(0, match.start() - 1) : match.end()].split("/", 1)[0]:
            continue
        if _PERSONAL_PATH.search(url) or _OWN_SITE.search(text, max(0, match.start() - 40), match.start()):
            evidence = Evidence.CERTAIN
        elif _PUBLIC_SITE.match(url):
            evidence = Evidence.POSSIBLE
        else:
            evidence = Evidence.LIKELY
        yield Candidate(match.start(), match.end(), "URL", evidence)


def _phones(text: str) -> Iterator[Candidate]:
    for match in _PHONE.finditer(text):
        value = match.group().strip()
        count = len(digits_of(value))
        if (
            not _SHORTEST - 1 <= count <= _LONGEST + 4
            or _DATE_LIKE.fullmatch(value)
            or UNIT_AFTER.match(text, match.end())
            or READINGS.fullmatch(value)
            or is_helpline(value)
        ):
            continue
        evidence = _phone_evidence(text, match.start() + len(match.group()) - len(match.group().lstrip()), value, count)
        if evidence:
            start = match.start() + len(match.group()) - len(match.group().lstrip())
            yield Candidate(start, start + len(value), "PHONE", Evidence(evidence))


def _phone_evidence(text: str, start: int, value: str, count: int) -> int:  # noqa: PLR0911 (a list of cases)
    if TOLL_FREE.match(value):
        return Evidence.POSSIBLE
    word = _PHONE_WORD.search(text, max(0, start - 45), start)
    series = SERIES.fullmatch(value) is not None
    if word and not word.group("vague"):
        return Evidence.CERTAIN
    if (word or _PHONE_AFTER.match(text, start + len(value))) and count >= _SHORTEST and not series:
        return Evidence.CERTAIN
    if count < _SHORTEST:
        return 0
    if value.startswith(("+", "00")) and count >= 9:
        return Evidence.CERTAIN
    if _AMERICAN.fullmatch(value):
        return Evidence.CERTAIN
    if _NATIONAL.fullmatch(value) and 9 <= count <= 12:
        return Evidence.LIKELY
    if _PAIRS.fullmatch(value) and count >= 9:
        spoken_of = _PHONE_NEAR.search(text, max(0, start - 60), start)
        return Evidence.POSSIBLE if series and not spoken_of else Evidence.LIKELY
    return Evidence.POSSIBLE if count >= 9 else 0
