"""Medical terms: abbreviations expanded, misspelt terms mended, units written one way."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from medgenius.config.curation.terms import TermsConfig
from medgenius.curation.abbreviations import TOKEN, Abbreviations
from medgenius.curation.row import Change, Part, Rejection, Row
from medgenius.curation.spelling import Speller

_PARTS: tuple[Part, ...] = ("input", "output")
"""The instruction is written by those who made the data set."""
_WORD = re.compile(r"[A-Za-z]{4,}")
_UNITS = (
    "mg mgs mcg mcgs ug µg μg kg kgs g gm gms ng ml mL cc dl dL mmHg mmol mEq IU cm mm kcal".split()  # noqa: SIM905
)
_NUMBER_AND_UNIT = re.compile(rf"(?<![\w.,-])((?:\d[\d.,/]*)?\d)( ?)({'|'.join(_UNITS)})(?![\w-])")
_ONE_WAY = {"ug": "mcg", "µg": "mcg", "μg": "mcg", "mgs": "mg", "mcgs": "mcg", "kgs": "kg", "gms": "g", "gm": "g"}


class Terms:
    """Repeated until nothing is found: an expanded word can tell what the next abbreviation means."""

    name = "terms"

    def __init__(self, config: TermsConfig) -> None:
        self._config = config
        self._abbreviations = Abbreviations() if config.abbreviations else None
        self._speller = Speller() if config.spelling else None

    def __reduce__(self) -> tuple[type["Terms"], tuple[TermsConfig]]:
        return Terms, (self._config,)

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._normalised(row) for row in rows]

    def _normalised(self, row: Row) -> Row:
        counts: Counter[tuple[Part, str]] = Counter()
        before: Row | None = None
        while before is not row:
            before = row
            for part in _PARTS:
                row = self._one_pass(row, part, counts)
        changes = tuple(Change(self.name, part, rule, count) for (part, rule), count in counts.items() if count)
        return replace(row, changes=row.changes + changes) if changes else row

    def _one_pass(self, row: Row, part: Part, counts: Counter[tuple[Part, str]]) -> Row:
        original = text = getattr(row, part)
        if self._speller:
            text, found = _mend(text, self._speller)
            counts[part, "spelling"] += found
        if self._config.units:
            text, found = _write_units(text)
            counts[part, "unit"] += found
        if self._abbreviations and not self._abbreviations.forms.isdisjoint(TOKEN.findall(text)):
            dialogue = f"{row.input}\n{row.output}"
            text, found = self._abbreviations.expand(text, dialogue)
            counts[part, "abbreviation"] += found
        if text == original:
            return row
        return replace(row, input=text) if part == "input" else replace(row, output=text)


def _mend(text: str, speller: Speller) -> tuple[str, int]:
    mended = {word: right for word in set(_WORD.findall(text)) if (right := speller.mended(word))}
    count = 0
    for word, right in sorted(mended.items()):
        text, found = re.subn(rf"(?<![\w@/.-]){word}(?![\w@/-])", right, text)
        count += found
    return text, count


def _write_units(text: str) -> tuple[str, int]:
    count = 0

    def written(match: re.Match[str]) -> str:
        nonlocal count
        amount = f"{match[1]} {_ONE_WAY.get(match[3], match[3])}"
        count += amount != match[0]
        return amount

    return _NUMBER_AND_UNIT.sub(written, text), count
