"""Doses beyond the plausible, for an adult by mouth.

The limits are ceilings for spotting mistakes, not dosing advice: generous roundings of commonly known maxima, higher
where specialists go beyond them. They were not checked line by line against a formulary.
"""

import re
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

_TO_MG = {"mg": 1.0, "milligram": 1.0, "g": 1_000.0, "gram": 1_000.0, "mcg": 0.001, "microgram": 0.001, "µg": 0.001}
_AMOUNT = re.compile(
    r"(?<![\d.,/-])(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?) ?(milligram|microgram|gram|mcg|µg|mg|g)s?\b(?! ?/|/)"
)
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "twelve": 12}
_COUNT = rf"(\d{{1,2}}|{'|'.join(_NUMBERS)})"
_EVERY_HOURS = re.compile(rf"\bevery {_COUNT}(?: ?(?:-|to) ?\d+)? ?(?:hours?|hrs?|h)\b")
_TIMES = re.compile(rf"\b{_COUNT} times (?:a|per|each|every|in a) ?day\b|\b{_COUNT} times daily\b")
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


def beyond_ceiling(sentence: str) -> bool:
    """Whether a sentence in lower case tells to take more of a drug than can be meant, at once or in a day."""
    if match := _INSULIN.search(sentence):
        return int(match[1]) > MOST_INSULIN_UNITS and not _WARNS.search(sentence)
    if not (amounts := list(_AMOUNT.finditer(sentence))) or _NOT_ADVICE.search(sentence):
        return False
    for ceiling, names in _COMPILED:
        drug = names.search(sentence)
        if drug and any(_too_much(ceiling, amount, sentence) for amount in amounts if _near(drug, amount)):
            return True
    return False


def _near(drug: re.Match[str], amount: re.Match[str]) -> bool:
    """Whether an amount belongs to a drug: at most 25 characters apart."""
    return -25 <= amount.start() - drug.end() <= 25 or 0 <= drug.start() - amount.end() <= 25


def _too_much(ceiling: Ceiling, amount: re.Match[str], sentence: str) -> bool:
    milligrams = float(amount[1].replace(",", "")) * _TO_MG[amount[2]]
    times = _times_a_day(sentence)
    if times is None and _WHOLE_DAY.search(sentence):
        return milligrams > ceiling.daily_mg
    return milligrams > ceiling.single_mg or milligrams * (times or 1) > ceiling.daily_mg


def _times_a_day(sentence: str) -> float | None:
    if match := _EVERY_HOURS.search(sentence):
        return max(24 / max(_number(match[1]), 1) - 0.01, 1)
    if match := _TIMES.search(sentence):
        return float(_number(match[1] or match[2]))
    if re.search(r"\btwice\b", sentence):
        return 2
    return None


def _number(text: str) -> int:
    return _NUMBERS.get(text) or int(text)
