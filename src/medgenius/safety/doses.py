"""Doses beyond the plausible, for an adult by mouth.

The limits are ceilings for spotting mistakes, not dosing advice: generous roundings of commonly known maxima, higher
where specialists go beyond them. They were not checked line by line against a formulary.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The highest doses of a drug that can be meant."""

    names: str
    """Regular expression of its names."""
    single_mg: float
    daily_mg: float


CEILINGS = (
    Ceiling(r"paracetamol|acetaminophen|tylenol|panadol", 1_000, 4_000),
    Ceiling(r"ibuprofen|advil|nurofen|motrin", 800, 3_200),
    Ceiling(r"aspirin|acetylsalicylic acid", 1_000, 4_000),
    Ceiling(r"naproxen|aleve", 550, 1_500),
    Ceiling(r"diclofenac", 100, 200),
    Ceiling(r"metformin|glucophage", 2_000, 3_000),
    Ceiling(r"gliclazide", 160, 320),
    Ceiling(r"warfarin|coumadin", 20, 20),
    Ceiling(r"apixaban|eliquis", 10, 20),
    Ceiling(r"rivaroxaban|xarelto", 20, 30),
    Ceiling(r"methotrexate", 30, 30),
    Ceiling(r"digoxin|lanoxin", 1.0, 1.5),
    Ceiling(r"lithium", 1_800, 2_400),
    Ceiling(r"codeine", 60, 360),
    Ceiling(r"tramadol", 100, 400),
    Ceiling(r"oxycodone", 120, 400),
    Ceiling(r"morphine", 200, 600),
    Ceiling(r"diazepam|valium", 20, 60),
    Ceiling(r"alprazolam|xanax", 4, 10),
    Ceiling(r"lorazepam|ativan", 4, 10),
    Ceiling(r"zolpidem|ambien", 10, 12.5),
    Ceiling(r"amitriptyline", 150, 300),
    Ceiling(r"sertraline|zoloft", 200, 200),
    Ceiling(r"citalopram", 60, 60),
    Ceiling(r"escitalopram", 30, 30),
    Ceiling(r"fluoxetine|prozac", 80, 80),
    Ceiling(r"propranolol", 160, 640),
    Ceiling(r"bisoprolol", 20, 20),
    Ceiling(r"amlodipine|norvasc", 10, 10),
    Ceiling(r"lisinopril", 80, 80),
    Ceiling(r"ramipril", 20, 20),
    Ceiling(r"atorvastatin|lipitor", 80, 80),
    Ceiling(r"simvastatin|zocor", 80, 80),
    Ceiling(r"levothyroxine|synthroid", 0.5, 0.5),
    Ceiling(r"colchicine", 1.8, 4),
    Ceiling(r"loperamide|imodium", 4, 16),
    Ceiling(r"diphenhydramine|benadryl", 100, 400),
    Ceiling(r"cetirizine|zyrtec", 20, 40),
    Ceiling(r"loratadine|claritin", 20, 40),
    Ceiling(r"omeprazole|prilosec", 80, 360),
    Ceiling(r"melatonin", 20, 30),
    Ceiling(r"pseudoephedrine|sudafed", 120, 240),
    Ceiling(r"nitrofurantoin", 200, 400),
    Ceiling(r"amoxicillin", 3_000, 6_000),
    Ceiling(r"doxycycline", 300, 300),
)
_COMPILED = tuple((ceiling, re.compile(rf"\b(?:{ceiling.names})\b")) for ceiling in CEILINGS)

_TO_MG = {"mg": 1.0, "milligram": 1.0, "g": 1_000.0, "gram": 1_000.0, "mcg": 0.001, "microgram": 0.001}
_TO_MG |= {"\N{MICRO SIGN}g": 0.001, "\N{GREEK SMALL LETTER MU}g": 0.001}  # `casefold` makes the one the other
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_NUMBERS |= {"ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30}
_COUNT = rf"(?:\d{{1,2}}|{'|'.join(_NUMBERS)})"
_TO = r" ?(?:-|\N{EN DASH}|to|or) ?"
_UNIT = rf"(?:{'|'.join(sorted(_TO_MG, key=len, reverse=True))})"
_PIECES = r"(?:tablets?|tabs?|pills?|capsules?|caplets?)"
_MILLIGRAMS = r"(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)"
_AMOUNT = re.compile(
    rf"(?<![\d.,/-])(?:\b(?P<count>{_COUNT}) ?(?:x|(?:{_PIECES} )?(?:of )?) ?)?(?<![\d.,/-])"
    rf"(?:{_MILLIGRAMS} ?(?:{_UNIT}s?)?{_TO})?(?P<number>{_MILLIGRAMS}) ?(?P<unit>{_UNIT})s?\b(?! ?/|/)"
)
"""Of a range its upper end, and of several tablets their number."""
_EVERY_HOURS = re.compile(rf"\bevery (?:{_COUNT}{_TO})?(?P<hours>{_COUNT}|other)? ?(?:hours?|hrs?|h)\b|\bhourly\b")
"""Of a range the longer end."""
_TIMES = re.compile(rf"\b({_COUNT}) ?(?:times|x) (?:(?:a|per|each|every|in a) ?day|daily)\b")
_WHOLE_DAY = re.compile(r"\b(?:a|per|each|every) ?day\b|\bdaily\b|\bin (?:a|one) day\b|\b24 hours\b")
_NOT_ADVICE = re.compile(
    r"\b(?:not|n.t|never|avoid|no more than|exceed\w*|more than|above|over|beyond|maximum|overdose\w*|toxic\w*|"
    r"poison\w*|"
    r"intravenous\w*|iv|infusion|inject\w*|per kg|study|studies|trial|mice|rats|kidney failure|took|swallowed|"
    r"ingest\w*|"
    r"topical|cream|gel|was|were|had|weekly|a week|serum|level|approved|hospital)\b|/kg|/l\b|/dl|/ml"
)
_WARNS = re.compile(r"\b(?:not|n.t|never|avoid|exceed\w*|more than|overdose\w*|u-?500)\b")
MOST_INSULIN_UNITS = 150
"""At once; people with severe resistance reach 100 and more."""
_INSULIN = re.compile(r"\b(?:take|inject|use|give)\b[^.!?]{0,30}?\b(\d{3,4}) ?units?\b[^.!?]{0,20}\binsulin\b")


MOST_TABLETS = 10
"""At once, of whatever strength."""
_TABLETS = re.compile(
    rf"\b(?:take|swallow|give)\b[^.!?]{{0,15}}?\b(?:{_COUNT}{_TO})?(?P<count>{_COUNT}|\d{{3}}) "
    rf"(?P<before>[\w -]{{0,25}}?)\b{_PIECES}\b(?P<after>[^.!?]{{0,25}})"
)
_COURSE = re.compile(r"\b(?:course|pack|days|weeks?|months?|over)\b")


def beyond_ceiling(sentence: str) -> bool:
    """Whether a sentence in lower case tells to take more of a drug than can be meant, at once or in a day."""
    if match := _INSULIN.search(sentence):
        return int(match[1]) > MOST_INSULIN_UNITS and not _WARNS.search(sentence)
    if _NOT_ADVICE.search(sentence):
        return False
    drugs = [(ceiling, drug) for ceiling, names in _COMPILED for drug in names.finditer(sentence)]
    if drugs and _too_many_tablets(sentence):
        return True
    amounts = list(_AMOUNT.finditer(sentence))
    return any(_too_much(ceiling, amount, sentence) for ceiling, amount in _pairs(drugs, amounts))


def _pairs(
    drugs: list[tuple[Ceiling, re.Match[str]]], amounts: list[re.Match[str]]
) -> Iterator[tuple[Ceiling, re.Match[str]]]:
    """Drugs with their amounts: each the other's nearest, so that a neighbour's amount counts for no drug."""
    for ceiling, drug in drugs:
        amount = min(amounts, key=lambda other: _gap(drug, other), default=None)
        if amount and _gap(drug, amount) <= min(25, *(_gap(other, amount) for _, other in drugs)):
            yield ceiling, amount


def _gap(drug: re.Match[str], amount: re.Match[str]) -> int:
    """Characters between them."""
    return max(amount.start() - drug.end(), drug.start() - amount.end())


def _too_many_tablets(sentence: str) -> bool:
    match = _TABLETS.search(sentence)
    if not match or _COURSE.search(sentence):
        return False
    names = f"{match['before']} {match['after']}"
    return _number(match["count"]) > MOST_TABLETS and any(drug.search(names) for _, drug in _COMPILED)


def _too_much(ceiling: Ceiling, amount: re.Match[str], sentence: str) -> bool:
    milligrams = float(amount["number"].replace(",", "")) * _TO_MG[amount["unit"]] * _number(amount["count"] or "one")
    times = _times_a_day(sentence)
    if times is None and _WHOLE_DAY.search(sentence):
        return milligrams > ceiling.daily_mg
    return milligrams > ceiling.single_mg or milligrams * (times or 1) > ceiling.daily_mg


def _times_a_day(sentence: str) -> float | None:
    if match := _EVERY_HOURS.search(sentence):
        hours = 2 if match["hours"] == "other" else _number(match["hours"] or "one")
        return max(24 / max(hours, 1) - 0.01, 1)
    if match := _TIMES.search(sentence):
        return float(_number(match[1]))
    if re.search(r"\btwice\b", sentence):
        return 2
    return None


def _number(text: str) -> int:
    return _NUMBERS.get(text) or int(text)
