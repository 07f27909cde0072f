"""Hospitals, clinics and practices that care for a person."""

import re
from collections.abc import Iterator

from medgenius.curation.deidentification.lexicon import Trait, lines_of, traits_of
from medgenius.curation.deidentification.spans import Candidate, Evidence

_CAP = r"(?:[^\W\d_a-zà-ž][\w.]{0,40}(?:['’]s?\w{0,20})?|\d{1,3}(?:st|nd|rd|th))"
_KIND = (
    r"(?:Hospitals?|Hosp\.?|Clinics?|Medical (?:Cent(?:er|re)|Group|Practice|Associates|College)|"
    r"Health (?:Cent(?:er|re)|Clinic|System|Services)|"
    r"Infirmary|Hospice|Sanatorium|Surgery|Nursing Home|Care Home|Rehabilitation Cent(?:er|re)|Rehab|"
    r"Cancer Cent(?:er|re)|"
    r"Heart Cent(?:er|re)|NHS (?:Foundation )?Trust|Polyclinic|Dispensary|Memorial|Maternity|Family Practice|"
    r"Group Practice|"
    r"Counsel+ing(?: Cent(?:er|re)| Services)?|Pharmacy|Klinikum|Krankenhaus|Klinik|Uniklinik|"
    r"Universitätsklinikum|Spital|Szpital|"
    r"Ziekenhuis|Sjukhus|Sykehus|Hospitalet|Healthcare|Health ?Care|Eye Institute|Medicity|Nursing Facility|"
    r"Dental Practice|Urgent Care)"
)
_FORWARD = re.compile(
    rf"(?<![\w-])(?:the\s+)?((?:{_CAP}(?:\s+(?:of|and|de|&|the|for|in|at|upon)\s+(?:the\s+)?|[ -]|"
    rf"\s*&\s*)){{1,5}}{_KIND}(?![\w])(?:\s+(?:of|for|in)\s+{_CAP}(?:\s+{_CAP})?)?)"
)
_BACKWARD = re.compile(
    rf"(?<!\w)((?:Hospital|Clínica|Clinica|Ospedale|Policlinico|Hôpital|Clinique|CHU|CHRU|Centro de Salud|"
    rf"Centro Médico|Centre Hospitalier|"
    rf"Krankenhaus|Klinikum|Klinik|Universitätsklinikum|Uniklinik|Charité|Azienda Ospedaliera|Szpital|"
    rf"Bệnh viện|Sanatorio|Casa di Cura|Fundación|Complejo Hospitalario)"
    rf"(?:\s+(?:[Uu]niversitari[oa]|[Gg]eneral|[Cc]línico|[Cc]ivile|[Uu]niversitaire|[Pp]rovincial|de|del|"
    rf"della|di|la|le|los|las|du|des|St\.|Sankt|da|do|im))*\s+"
    rf"{_CAP}(?:\s+(?:(?:de|del|la|di|y|e|i|des?|du|le|am|an der)\s+){{0,2}}{_CAP}){{0,4}})"
)
_CASELESS = re.compile(
    r"\b(?:at|to|from|in|admitted to|seen at|treated at|by)\s+(?:the\s+)?((?:st\.? |saint |mount |"
    r"mt\.? )?(?:[^\W\d_]{1,30}(?:['’]s)?\s){1,3}"
    r"(?:hospital|medical cent(?:er|re)|infirmary|health cent(?:er|re)|clinic|surgery|hospice|krankenhaus|klinikum))\b",
    re.IGNORECASE,
)
_CARE = re.compile(
    r"\b(?:admitted|seen|treated|transferred|referred|attend(?:s|ed|ing)?|discharged?|hospitali[sz]ed|"
    r"operated|delivered|born|taken|brought|"
    r"visit(?:s|ed|ing)?|goes|went|go|gone|appointment|appt|works?|working|worked|nurse|surgery|records?|"
    r"follow(?:s|ed)?(?:[- ]up)?|inpatient|outpatient|patient|ward|"
    r"consultant|registered|presented|presents|stayed|staying|rehab|from|at|called|collect(?:ed)?|pharmacy|"
    r"care (?:of|at|under)|under|ingresad[oa]|derivad[oa]|atendid[oa]|"
    r"remitid[oa]|centro|alta|servicio|servei|departamento|secci[óo]n|planta|remitido|hospital de|"
    r"eingeliefert|behandelt|überwiesen|hospitalisé|transféré|suivie?|"
    r"ricoverat[oa]|trasferit[oa]|dimess[oa])\b[^.;\n]{0,40}$",
    re.IGNORECASE,
)
_LISTED = re.compile(r"(?:^|\n|[-•*·]\s|:\s|\d\.\s)\s*(?:the\s+)?$|©|\bsource\b[^.]*$", re.IGNORECASE)


def find_organisations(text: str) -> Iterator[Candidate]:
    """Candidates of kind HOSPITAL: likely where somebody is cared for there, possible anywhere else."""
    for pattern in (_FORWARD, _BACKWARD):
        for match in pattern.finditer(text):
            start, end = match.span(1)
            if not _has_own_name(match.group(1)):
                continue
            before = text[max(0, start - 60) : start]
            cared = _CARE.search(before) is not None and _LISTED.search(before) is None
            evidence = Evidence.LIKELY if cared else Evidence.POSSIBLE
            yield Candidate(start, end, "HOSPITAL", evidence)
    for match in _CASELESS.finditer(text):
        words = match.group(1).split()
        named = [w for w in words[:-1] if not traits_of(w) & Trait.COMMON and traits_of(w) & (Trait.NAME | Trait.CITY)]
        if named or words[0].lower().rstrip(".") in {"st", "saint", "mount", "mt"}:
            start = match.start(1) + _ordinary_prefix(match.group(1))
            yield Candidate(start, match.end(1), "HOSPITAL", Evidence.LIKELY)


def _ordinary_prefix(value: str) -> int:
    """Characters of ordinary words in front of the name of a hospital written in lower case."""
    offset = 0
    for word in value.split(" ")[:-1]:
        if word.lower() in {"the", "a", "my", "our", "local", "emergency", "room", "er", "in", "at"}:
            offset += len(word) + 1
        else:
            break
    return offset


_GENERIC = frozenset(lines_of("generic_places.txt"))


def _has_own_name(value: str) -> bool:
    """Whether a name says more than what kind of place it is."""
    return any(word.lower() not in _GENERIC for word in re.split(r"[\s-]+", value))
