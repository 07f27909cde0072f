"""Numbers that stand for a person: records, insurance, national identity, passports, licences, cards and accounts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from medgenius.curation.deidentification import checksums
from medgenius.curation.deidentification.checksums import digits_of, passes
from medgenius.curation.deidentification.quantities import UNIT_AFTER
from medgenius.curation.deidentification.spans import Candidate, Evidence, Kind

_VALUE = (
    r"(?P<value>(?:(?:[A-Z]{1,4}|\d{1,2}) (?=\d))?(?=[A-Z0-9/.-]*\d)[A-Z0-9](?:[A-Z0-9]|"
    r"[-/.](?=[A-Z0-9])){2,24}(?:[ ](?=[A-Z0-9]*\d)[A-Z0-9]{1,6}(?![a-z])){0,5})"
)
_LINK = (
    r"(?:['’]s|\b)\s*(?:\([A-Z]+\))?\s*(?:number|numbers|no|num|nr|id|code|card|certificate|#)?(?:(?<=no|nr|id)\.|"
    r"(?<=num)\.)?\s*(?:is|"
    r"was|of|:|=|#|-|es|ist|est|è)*\s*(?:is\s+)?[\"“]?"
)


def _labelled(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z])(?P<label>(?:{words}){_LINK}){_VALUE}", re.IGNORECASE)


_LABELLED: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "MEDICAL_RECORD_NUMBER",
        _labelled(
            r"mrn|mr ?no|mr#|med(?:ical)? ?rec(?:ord)?s?|health records?|hospital (?:no|number|id|num)|hosp\.? ?(?:no|"
            r"number)|"
            r"patient ?(?:id|no|number|identifier|#)|pt ?(?:id|no|#)|chart(?: ?(?:no|number|#))|case (?:no|number|id|"
            r"ref)|"
            r"accession|acc ?(?:no|#)|file (?:no|number)|unit (?:no|number)|record (?:no|number|id)|uhid|ip ?no|op ?no|"
            r"cr ?no|encounter|visit (?:id|number|no)|csn|specimen(?: id)?|sample (?:id|no)|lab (?:no|id|ref)|"
            r"episode (?:id|no)|"
            r"nhc|n[úu]mero de historia(?: cl[íi]nica)?|historia(?: cl[íi]nica)?(?: n[ºo°]\.?)?|"
            r"fallnummer|fall-nr|patientennummer|patienten-?(?:nr|id)|aktenzeichen|num[ée]ro de dossier|dossier n[°o]|"
            r"ipp|"
            r"n(?:umero|\.|°) (?:di )?cartella(?: clinica)?|cartella clinica(?: n\.?)?|booking ref(?:erence)?|"
            r"prescription (?:no|number)|rx ?(?:no|number|#)|device serial|serial (?:no|number)|implant serial"
        ),
    ),
    (
        "INSURANCE_ID",
        _labelled(
            r"(?:health )?insurance(?: (?:policy|member|id|no|number|card|plan))*|insured id|"
            r"policy(?: ?holder)?(?: (?:no|number|id|#))?|"
            r"member(?:ship)?(?: ?(?:id|no|number|#))|subscriber(?: ?(?:id|no|number))?|group (?:no|number|id|#)|"
            r"medicare|"
            r"medicaid|mbi|hicn|payer id|claim(?: (?:no|number|id|#))|beneficiary(?: (?:id|number|no))?|health ?card|"
            r"ohip|"
            r"tricare|bupa|aetna|cigna|humana|kaiser|blue ?cross(?: blue ?shield)?|bcbs|united ?health(?:care)?|anthem|"
            r"nass|cipa|tis|tsi|tarjeta sanitaria|p[óo]liza|seguro|"
            r"versicherten(?:nummer|nr)|versicherungsnummer|krankenversichertennummer|kvnr|mutuelle|"
            r"tessera sanitaria|polizza|pps|ihi|hmo|nhis|nhif|esic?|cghs|ayushman"
        ),
    ),
    (
        "NATIONAL_ID",
        _labelled(
            r"ssn|s\.s\.n\.?|social security|soc sec|nhs|chi|h&c|national insurance|nino|ni (?:no|number)|aadhaa?r|"
            r"pan(?: card)? (?:no|number)|dni|nie|nif|tie|codice fiscale|c\.?f\.?(?=\W{1,4}[A-Z0-9]{11,16}\b)|"
            r"nir|s[ée]curit[ée] sociale|"
            r"n° ?s[ée]cu|insee|"
            r"steuer-?id(?:nummer)?|steueridentifikationsnummer|sozialversicherungs(?:nummer|nr)|"
            r"rentenversicherungsnummer|svnr|ahv|avs|personalausweis(?:nummer)?|"
            r"pesel|cpf|rg|bsn|burgerservicenummer|cpr|personnummer|personal number|tax (?:id|number|file)|tfn|itin|"
            r"ein|sin|"
            r"national (?:id|identity|identification)|identity|id card|nin|bvn|cnic|nric|emirates|iqama|curp|cccd|cmnd|"
            r"c[ée]dula|resident|identification|tc kimlik|rodn[ée] [čc][íi]slo|nhi|medicare card"
        ),
    ),
    ("PASSPORT", _labelled(r"passport|pasaporte|reisepass(?:nummer)?|passeport|passaporto|paszport")),
    (
        "LICENCE",
        _labelled(
            r"(?:driv(?:er['’]?s?|ing) )?licen[cs]e|driver['’]?s? lic\.?|(?<![/\d])(?<!\d )dl|"
            r"carn[ée]t de conducir|führerschein(?:nummer)?|"
            r"permis de conduire|patente(?: di guida)?|gmc|npi|dea|n[ºo°] ?col(?:egiado)?|colegiado|nmc|rpps|lanr"
        ),
    ),
    (
        "LICENCE_PLATE",
        _labelled(
            r"licen[cs]e plates?|number plate|plate(?: (?:no|number))?|car reg(?:istration)?|vehicle reg(?:istration)?|"
            r"registration|kennzeichen|matr[íi]cula|immatriculation|targa|vin"
        ),
    ),
    (
        "CREDIT_CARD",
        _labelled(
            r"(?:credit|debit|bank|visa|mastercard|amex)? ?card(?: (?:no|number|#))?|(?<![/\d])(?<!\d )cc|cvv|cvc"
        ),
    ),
    (
        "IBAN",
        _labelled(
            r"iban|account(?: (?:no|number|#))|acct\.?|a/c(?: no)?|sort code|routing|bic|swift|cuenta|konto(?:nummer)?"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A number known by its form; with a check digit it is certain, without one only as sure as given."""

    kind: Kind
    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None
    evidence: Evidence = Evidence.CERTAIN
    """When the check passes, or when there is none."""


def _shape(
    kind: Kind, pattern: str, check: Callable[[str], bool] | None, evidence: Evidence = Evidence.CERTAIN
) -> _Shape:
    return _Shape(kind, re.compile(rf"(?<![\w.-]){pattern}(?![\w-]|\.\d)", re.IGNORECASE), check, evidence)


_SHAPES = (
    _shape("NATIONAL_ID", r"(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}", None),
    _shape("NATIONAL_ID", r"(?:(?!8)\d{3}[ -]\d{3}[ -]\d{4}|[4-7]\d{9})", checksums.nhs),
    _shape("NATIONAL_ID", r"[A-CEGHJ-PR-TW-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]", None),
    _shape("NATIONAL_ID", r"(?:\d{2}\.?\d{3}\.?\d{3}|[XYZ]-?\d{7})[- ]?[A-Z]", checksums.dni),
    _shape("NATIONAL_ID", r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]", checksums.codice_fiscale),
    _shape("NATIONAL_ID", r"[12] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d", checksums.nir),
    _shape("NATIONAL_ID", r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}", checksums.verhoeff),
    _shape("NATIONAL_ID", r"[A-Z]{3}[PCHABGJLFT][A-Z]\d{4}[A-Z]", None, Evidence.LIKELY),
    _shape("NATIONAL_ID", r"\d{11}", checksums.pesel, Evidence.LIKELY),
    _shape("NATIONAL_ID", r"\d{3}\.\d{3}\.\d{3}-\d\d", checksums.cpf),
    _shape("NATIONAL_ID", r"756\.\d{4}\.\d{4}\.\d\d", None),
    _shape("NATIONAL_ID", r"\d\d ?\d{3} ?\d{3} ?\d{3}", checksums.steuer_id, Evidence.LIKELY),
    _shape("NATIONAL_ID", r"\d{6}(?:19|20)\d{9}[\dX]", checksums.chinese_id),
    _shape("NATIONAL_ID", r"[1-9]\d{10}", checksums.turkish_id, Evidence.LIKELY),
    _shape("NATIONAL_ID", r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d-\d{4}", None, Evidence.LIKELY),
    _shape("NATIONAL_ID", r"(?:\d\d)?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[-+]\d{4}", None, Evidence.LIKELY),
    _shape(
        "INSURANCE_ID",
        r"[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d\d",
        None,
    ),
    _shape("IBAN", r"[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?", checksums.iban),
    _shape("LICENCE_PLATE", r"[A-Z]{2}[0-9]{2} [A-Z]{3}", None, Evidence.POSSIBLE),
)
_SAYS_NUMBER = re.compile(
    r"[:=#°º]|n[uú]m|numm|\b(?:no|nr|id|identifier|code|ref|reference|serial|mrn|uhid|csn|nhc|ipp|ssn|cvv|cvc|npi|gmc)\b|nr\b",
    re.IGNORECASE,
)
_BARE_LEAST = 6
"""Digits behind a label that does not say that a number follows."""
_CARD = re.compile(
    r"(?<![\w.-])(?:\d{4}[ -]){3}\d{1,7}(?![\w-])|(?<![\w.-])\d{4}[ -]\d{6}[ -]\d{5}(?![\w-])|"
    r"(?<![\w.-])[2-6]\d{11,18}(?![\w-])"
)
_CARD_WORD = re.compile(r"\b(?:card|cc|visa|mastercard|amex|credit|debit)\b[^.\n]{0,25}$", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w.,/-])\d{7,12}(?![\w%]|[.,/]\d)")


def find_identifiers(text: str) -> Iterator[Candidate]:
    """Candidates of every kind of number except telephone numbers."""
    if not any(character.isdigit() for character in text):
        return
    for kind, pattern in _LABELLED:
        for match in pattern.finditer(text):
            if _is_numbered(match):
                yield Candidate(*match.span("value"), kind, Evidence.CERTAIN)
    for shape in _SHAPES:
        for match in shape.pattern.finditer(text):
            if shape.check is None or passes(shape.check, match.group()):
                yield Candidate(match.start(), match.end(), shape.kind, shape.evidence)
    yield from _cards(text)
    for match in _BARE.finditer(text):
        yield Candidate(match.start(), match.end(), "MEDICAL_RECORD_NUMBER", Evidence.POSSIBLE)


def _is_numbered(match: re.Match[str]) -> bool:
    """Whether a value is long enough for its label: a few digits may be an amount ("insurance is 1200 dollars").

    Where the label says that a number follows, three digits are enough.
    """
    count = len(digits_of(match["value"]))
    if _SAYS_NUMBER.search(match["label"]):
        return count >= 3
    return count >= _BARE_LEAST and not UNIT_AFTER.match(match.string, match.end())


def _cards(text: str) -> Iterator[Candidate]:
    for match in _CARD.finditer(text):
        checked = passes(checksums.luhn, match.group())
        if checked or _CARD_WORD.search(text, max(0, match.start() - 40), match.start()):
            yield Candidate(match.start(), match.end(), "CREDIT_CARD", Evidence.CERTAIN if checked else Evidence.LIKELY)
