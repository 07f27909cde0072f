"""Vital signs and laboratory values as findings. Limits follow NEWS2 (Royal College of Physicians, 2017) where it has
one for the value; the others are the thresholds at which common emergency guidance asks for treatment at once."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_FAHRENHEIT_FROM = 60.0
"""A body temperature above this is not in degrees Celsius."""
_MG_DL_FROM = 45.0
"""A blood glucose above this is in mg/dl, not mmol/l (18 mg/dl are 1 mmol/l)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A finding that a value gives."""

    finding: str
    value: str
    """Name of the value in `PATTERNS`."""
    at: Callable[[float], bool]


_NUMBER = r"(\d{1,3}(?:\.\d+)?)(?![\d/]|\s?(?:mg|mcg|ml|years|yrs|days|weeks))"
_UP_TO = r"[^\d.?!]{0,24}?"

PATTERNS: dict[str, tuple[re.Pattern[str], ...]] = {
    "pulse": (
        re.compile(rf"\b(?:hr|heart ?rate|pulse|heart ?beat|bpm)\b{_UP_TO}{_NUMBER}"),
        re.compile(rf"{_NUMBER}\s?(?:bpm|beats)"),
        re.compile(rf"\bheart\b[^.?!\d]{{0,60}}?{_NUMBER} on (?:my|the|his|her) (?:watch|monitor)"),
    ),
    "systolic": (
        re.compile(rf"\b(?:sbp|systolic)\b{_UP_TO}{_NUMBER}"),
        re.compile(r"(?<![\d/.])(\d{2,3}) ?(?:/|over) ?\d{2,3}(?![\d/])"),
    ),
    "diastolic": (
        re.compile(rf"\b(?:dbp|diastolic)\b{_UP_TO}{_NUMBER}"),
        re.compile(r"(?<![\d/.])\d{2,3} ?(?:/|over) ?(\d{2,3})(?![\d/])"),
    ),
    "saturation": (
        re.compile(
            rf"\b(?:spo2|sp02|sao2|o2 ?sats?|sats?|(?<!transferrin )saturations?|oxygen|oximeter)\b{_UP_TO}{_NUMBER}"
        ),
    ),
    "temperature": (
        re.compile(rf"\b(?:temp|temps|temperature|tempreture|temprature|thermometer|fever|t)\b{_UP_TO}{_NUMBER}"),
        re.compile(rf"{_NUMBER} ?(?:°|degrees\b|c\b|fever|temperature|temp\b|celsius)"),
        re.compile(r"\b(9\d|10\d)(?:\.\d)? ?f\b"),
        re.compile(r"\b(?:warm|hot|burning)\b[^?!]{0,60}?\b((?:3[89]|4[01])(?:\.\d)?)\b"),
    ),
    "breaths": (
        re.compile(rf"\b(?:rr|resp(?:iratory)? rate|resps?|breathing rate)\b{_UP_TO}{_NUMBER}"),
        re.compile(rf"{_NUMBER} (?:breaths|times a minute)"),
    ),
    "gcs": (re.compile(rf"\bgcs{_UP_TO}{_NUMBER}"),),
    "lactate": (re.compile(rf"\blactate{_UP_TO}{_NUMBER}"),),
    "glucose": (
        re.compile(
            rf"\b(?:glucose|glu|sugars?|sugers?|bm|bg|cbg|fingerstick|meter (?:says|reads|shows))\b{_UP_TO}{_NUMBER}"
        ),
    ),
    "ketones": (re.compile(rf"\b(?:ketones?|ketoans?|ketons){_UP_TO}{_NUMBER}"),),
    "ph": (re.compile(rf"\bph{_UP_TO}([67]\.\d+)"),),
    "potassium": (re.compile(rf"(?:\bpotassium|\bk\+){_UP_TO}{_NUMBER}"),),
    "haemoglobin": (re.compile(rf"\b(?:hb(?!a1c)|hgb|ha?emoglobin){_UP_TO}{_NUMBER}"),),
    "inr": (re.compile(rf"\binr{_UP_TO}{_NUMBER}"),),
}

LIMITS = (
    Limit("low_blood_pressure", "systolic", lambda x: 40 <= x < 90),
    Limit("borderline_blood_pressure", "systolic", lambda x: 40 <= x < 100),
    Limit("raised_blood_pressure", "systolic", lambda x: 150 <= x < 300),
    Limit("severe_blood_pressure", "systolic", lambda x: 180 <= x < 300),
    Limit("severe_blood_pressure", "diastolic", lambda x: 115 <= x < 180),
    Limit("high_pregnancy_pressure", "systolic", lambda x: 160 <= x < 300),
    Limit("high_pregnancy_pressure", "diastolic", lambda x: 110 <= x < 180),
    Limit("low_oxygen", "saturation", lambda x: 50 <= x <= 91),
    Limit("reduced_oxygen", "saturation", lambda x: 50 <= x <= 94),
    Limit("very_fast_pulse", "pulse", lambda x: 130 < x < 300),
    Limit("fast_pulse", "pulse", lambda x: 110 <= x < 300),
    Limit("slow_pulse", "pulse", lambda x: 20 <= x <= 40),
    Limit("fever", "temperature", lambda x: 38.0 <= x < 44),
    Limit("fever_38_5", "temperature", lambda x: 38.5 <= x < 44),
    Limit("high_fever", "temperature", lambda x: 39.5 <= x < 44),
    Limit("extreme_fever", "temperature", lambda x: 40.5 <= x < 44),
    Limit("cold_body", "temperature", lambda x: 20 <= x < 35),
    Limit("fast_breathing", "breaths", lambda x: 25 <= x < 90),
    Limit("slow_breathing", "breaths", lambda x: 1 <= x <= 10),
    Limit("reduced_consciousness", "gcs", lambda x: 3 <= x < 15),
    Limit("raised_lactate", "lactate", lambda x: 2 < x < 30),
    Limit("low_glucose", "glucose", lambda x: 0.5 <= x < 3.5),
    Limit("high_glucose", "glucose", lambda x: 16 <= x < 80),
    Limit("high_ketones", "ketones", lambda x: 1.5 <= x < 20),
    Limit("severe_ketones", "ketones", lambda x: 3 <= x < 20),
    Limit("acidosis", "ph", lambda x: x < 7.25),
    Limit("high_potassium", "potassium", lambda x: 6.5 <= x < 12),
    Limit("severe_anaemia", "haemoglobin", lambda x: x < 7 or 20 < x < 70),
    Limit("high_inr", "inr", lambda x: 8 <= x < 30),
)
FINDINGS = frozenset(limit.finding for limit in LIMITS) | {"note_style"}
"""All findings that values can give."""

_NOTE = re.compile(
    r"\b\d{1,3} ?(?:yo|y/o|y)? ?[mf]\b|\b(?:sbp|spo2|rr|gcs|hr|bp) ?\d|\bpt\b|\bpost[- ]?op|(?:^|\s)query |"
    r"\b[gp]\d[gp]\d\b|\bcomplains of\b|\b(?:lkw|nihss|ecg|exac|prev|dm2|t1dm|t2dm|htn|tka|tkr|ckd\d?|rx|dx)\b"
)


def find_values(text: str) -> set[str]:
    """The findings that the figures of a text (from `words.plain`) give; `note_style` where clinicians write so."""
    values = {name: _values(name, text) for name in PATTERNS} if any(c.isdigit() for c in text) else {}
    found = {limit.finding for limit in LIMITS if any(limit.at(value) for value in values.get(limit.value, ()))}
    return found | ({"note_style"} if _NOTE.search(text) else set())


def _values(name: str, text: str) -> list[float]:
    values = [float(match[1]) for pattern in PATTERNS[name] for match in pattern.finditer(text)]
    if name == "temperature":
        return [(value - 32) / 1.8 if value > _FAHRENHEIT_FROM else value for value in values]
    if name == "glucose":
        return [value / 18 if value > _MG_DL_FROM else value for value in values]
    return values


_SMALL_NUMBERS = {
    name: number
    for number, name in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_UNITS = {"day": 1, "week": 7, "wk": 7, "month": 30, "mo": 30, "year": 365, "yr": 365, "y": 365}
_AGE = re.compile(
    r"\b(\d{1,3}|" + "|".join(_SMALL_NUMBERS) + r")[ -]?(days?|weeks?|wks?|months?|mo|years?|yrs?|y)[ -]{1,2}?"
    r"(?:old|of age|infant|baby|newborn)\b"
)
_AGE_AFTER = re.compile(
    r"\b(?:newborn|infant|baby|neonate)\b[ ,]{1,3}(?:(?:is|of|aged|just|only) ){0,2}"
    r"(\d{1,2}|" + "|".join(_SMALL_NUMBERS) + r") (days?|weeks?|wks?|months?)\b"
)


def ages_in_days(text: str) -> list[int]:
    """The ages that a text (from `words.plain`) names, in days."""
    return [
        int(_SMALL_NUMBERS.get(match[1]) or match[1]) * _UNITS[match[2].rstrip("s")]
        for pattern in (_AGE, _AGE_AFTER)
        for match in pattern.finditer(text)
    ]
