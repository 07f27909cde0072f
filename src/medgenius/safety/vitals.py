"""Vital signs and laboratory values as findings. Limits follow NEWS2 (Royal College of Physicians, 2017) where it has
one for the value; the others are the thresholds at which common emergency guidance asks for treatment at once."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_FAHRENHEIT_FROM = 60.0
"""A body temperature above this is not in degrees Celsius."""
_MG_DL = 18.0
"""Blood glucose of 1 mmol/l in mg/dl."""
_MMOL_L_UP_TO = 45.0
"""A blood glucose above this is in mg/dl, not mmol/l."""
_MG_DL_FROM = 20.0
"""Below this it is in mmol/l: meters that read mg/dl show "LO". In between it may be either."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A finding that a value gives."""

    finding: str
    value: str
    """Name of the value in `PATTERNS`."""
    at: Callable[[float], bool]


_UNIT_OF_OTHERS = (
    r"\s?(?:(?:mg|mcg|ml)(?!\s?(?:/|per)\s?dl)|(?:g|grams?|kcal|calories|min|mins|minutes?|hrs?|hours?)\b|"
    r"years|yrs|days|weeks|months)"
)
_FIGURE = rf"(\d{{1,3}}(?:\.\d+)?)(?!\.?\d|/\d|{_UNIT_OF_OTHERS})"
_UP_TO = r"[^\d.?!]{0,24}?"
_NUMBER = rf"{_FIGURE}(?:\s?(?:%|bpm|mg/dl|mmol/l)?,?\s?(?:to|down to|then|now|and now|->|→)\s{_FIGURE})?"
"""A figure, or two of a course: "from 98 to 82"."""

PATTERNS: dict[str, tuple[re.Pattern[str], ...]] = {
    "pulse": (
        re.compile(rf"\b(?:hr|heart ?rate|pulse(?! ?ox)|heart ?beat|bpm)\b{_UP_TO}{_NUMBER}"),
        re.compile(rf"{_NUMBER}\s?(?:bpm|beats)"),
        re.compile(rf"\bheart\b[^.?!\d]{{0,60}}?{_NUMBER} on (?:my|the|his|her) (?:watch|monitor)"),
    ),
    "systolic": (re.compile(rf"\b(?:sbp|systolic)\b{_UP_TO}{_NUMBER}"),),
    "diastolic": (re.compile(rf"\b(?:dbp|diastolic)\b{_UP_TO}{_NUMBER}"),),
    "saturation": (
        re.compile(
            rf"\b(?:spo2|sp02|sao2|o2 ?sats?|sats?|(?<!transferrin )saturations?|oxygen|oximeter|pulse ?ox)\b"
            rf"{_UP_TO}{_NUMBER}"
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
            rf"\b(?:glucose|glu|sugars?|sugers?|bm|bg|cbg|fingerstick|meter (?:says|reads|shows))\b"
            rf"{_UP_TO}{_NUMBER}\s?(mg|mmol)?"
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


_PAIR = re.compile(r"(?<![\d/.])(\d{2,3}) ?(?:/|over) ?(\d{2,3})(?![\d/])")
_BLOOD_PRESSURE = re.compile(r"\b(?:bp|pressure|presure|mmhg|hypotens\w+)\b")
_SENTENCE_END = re.compile(r"[?!\n]|\.(?!\d)")
_NEAR = 80
"""Characters."""
_EXERTION = re.compile(
    r"\b(?:during|when|while|on|at|if)\b[^,]{0,12}\b(?:exerci\w+|run|running|jog\w*|sprint\w*|cycl\w+|swim\w*|"
    r"work(?:ing)? ?outs?|gym|treadmill|training)\b|\b(?:max\w*|target|peak|exercise) (?:heart ?rate|pulse|hr)\b"
)
_EXERTION_UP_TO = 200.0
"""Beats a minute that exercise explains."""
_THINGS = (
    r"(?:air|bath|cook\w*|food|fridge|freezer|meat|chicken|milk|outside|outdoors?|oven|pool|room|sauna|stor\w+|"
    r"wash\w*|water|weather)\b"
)
_WARM_THING = re.compile(
    rf"\b{_THINGS} temp|\btemp\w* (?:for|of|to|in) (?:(?:the|a|my) )?{_THINGS}|\bdegrees {_THINGS}"
)


def _values(name: str, text: str) -> list[float]:
    matches = [match for pattern in PATTERNS[name] for match in pattern.finditer(text)]
    if name == "glucose":
        return [value for match in matches for value in _in_mmol(match)]
    if name in {"systolic", "diastolic"}:
        return [*_figures(matches), *(pair[name == "diastolic"] for pair in _pressures(text))]
    if name == "pulse":
        at_rest = [match for match in matches if not _EXERTION.search(_sentence(match))]
        return _figures(at_rest) + [value for value in _figures(matches) if value > _EXERTION_UP_TO]
    if name == "temperature":
        values = _figures([match for match in matches if not _WARM_THING.search(_sentence(match))])
        return [(value - 32) / 1.8 if value > _FAHRENHEIT_FROM else value for value in values]
    return _figures(matches)


def _figures(matches: list[re.Match[str]]) -> list[float]:
    return [float(figure) for match in matches for figure in match.groups() if figure]


def _in_mmol(match: re.Match[str]) -> list[float]:
    """A glucose in mmol/l: by its unit, and without one in each unit that it may have."""
    *figures, unit = match.groups()
    values: list[float] = []
    for value in (float(figure) for figure in figures if figure):
        if unit == "mmol" or (unit is None and value <= _MMOL_L_UP_TO):
            values.append(value)
        if unit == "mg" or (unit is None and value >= _MG_DL_FROM):
            values.append(value / _MG_DL)
    return values


def _pressures(text: str) -> list[tuple[float, float]]:
    """Systolic and diastolic pressures; shares of a hundred ("a 60/40 split") are none, unless pressure is named."""
    pairs = [(float(match[1]), float(match[2])) for match in _PAIR.finditer(text)]
    named = _BLOOD_PRESSURE.search(text)
    return [(upper, lower) for upper, lower in pairs if upper > lower and (named or upper + lower != 100)]


def _sentence(match: re.Match[str]) -> str:
    """The sentence that a figure stands in, or what of it is near."""
    text = match.string
    before = text[max(match.start() - _NEAR, 0) : match.start()]
    after = text[match.end() : match.end() + _NEAR]
    return _SENTENCE_END.split(before)[-1] + match[0] + _SENTENCE_END.split(after)[0]


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
