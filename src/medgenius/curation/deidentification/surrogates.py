"""Invented values in place of real ones: the same for the same value within a dialogue, and known when met again.

Numbers lie in ranges that are reserved for examples or were never issued (telephone 555-01xx and Ofcom's 07700 900xxx,
RFC 2606 example.org, RFC 5737 192.0.2.0/24), dates in 1901, names and towns are invented words.
"""

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache

from medgenius.curation.deidentification.lexicon import Trait, folded, lines_of, traits_of
from medgenius.curation.deidentification.spans import Kind

_NUMBER_PREFIX: dict[Kind, str] = {
    "MEDICAL_RECORD_NUMBER": "MRN-00",
    "INSURANCE_ID": "INS-00",
    "NATIONAL_ID": "NID-00",
    "PASSPORT": "PAS-00",
    "LICENCE": "LIC-00",
    "LICENCE_PLATE": "PLT-00",
    "CREDIT_CARD": "0000 0000 000",
    "IBAN": "XX00 0000 000",
    "USERNAME": "user-00",
}
_MONTHS = ("January", "March", "May", "July", "August", "October", "December")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@lru_cache(maxsize=1)
def _invented() -> dict[str, tuple[str, ...]]:
    words: dict[str, list[str]] = {}
    for line in lines_of("surrogates.txt"):
        kind, word = line.split("\t")
        words.setdefault(kind, []).append(word)
    return {kind: tuple(values) for kind, values in words.items()}


@lru_cache(maxsize=1)
def surrogate_pattern() -> re.Pattern[str]:
    """Matches every surrogate, whatever its case."""
    words = sorted((word for values in _invented().values() for word in values), key=len, reverse=True)
    prefixes = "|".join(re.escape(prefix) for prefix in _NUMBER_PREFIX.values())
    town = "|".join(_invented()["town"])
    return re.compile(
        rf"(?:{prefixes})\d{{5}}|person-\d{{5}}@example\.org|https://example\.org/\d{{5}}|07700 900\d{{3}}|"
        rf"202-555-01\d\d|192\.0\.2\.\d{{1,3}}|ZZ\d\d \dZZ|1901-\d\d-\d\d|\d\d/\d\d/1901|"
        rf"\d{{1,2}} (?:{'|'.join(_MONTHS)}) 1901|\d{{1,2}} (?:{town}) Street, (?:{town})|(?:{town}) Hospital|over 89|"
        rf"{'|'.join(words)}",
        re.IGNORECASE,
    )


class Surrogates:
    """The surrogates of one dialogue. `seed` is its content, so that the same dialogue always gets the same ones."""

    def __init__(self, seed: str) -> None:
        self._seed = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
        self._known: dict[tuple[str, str], str] = {}

    def replacement(self, kind: Kind, value: str) -> str:
        """The surrogate of a value; never the value itself, since surrogates are not detected."""
        if kind == "PERSON":
            return self._person(value)
        key = " ".join(folded(value).split())
        return self._once(kind, key, lambda number: _made(kind, value, number))

    def _person(self, value: str) -> str:
        names = [word for word in _WORD.findall(value) if len(word) > 1 and word.islower() <= value.islower()]
        if len(names) < 2:
            return self._name(names[0] if names else value, "")
        return f"{self._name(names[0], 'given')} {self._name(names[-1], 'surname')}"

    def _name(self, word: str, place: str) -> str:
        """`place` is empty for a word alone: what it was before, else what the lists say."""
        key, traits = folded(word), traits_of(word)
        known = [self._known[slot, key] for slot in ("female", "male", "surname") if (slot, key) in self._known]
        if known and (not place or len(known) == 1):
            return known[0]
        given = place == "given" or (not place and traits & Trait.FIRST_NAME)
        slot = "surname" if not given else "male" if traits & Trait.MALE else "female"
        if given and not traits & (Trait.MALE | Trait.FEMALE):
            slot = ("female", "male")[self._number("gender", key) % 2]
        words = _invented()[slot]
        return self._once(slot, key, lambda number: words[number % len(words)])

    def _once(self, slot: str, key: str, make: Callable[[int], str]) -> str:
        """The same surrogate for the same key, another for another key as long as there are enough."""
        if (slot, key) not in self._known:
            taken = {value for (other, _), value in self._known.items() if other == slot}
            number = self._number(slot, key)
            tries = (make(number + step) for step in range(100))
            self._known[slot, key] = next((value for value in tries if value not in taken), make(number))
        return self._known[slot, key]

    def _number(self, slot: str, key: str) -> int:
        digest = hashlib.sha256(self._seed + f"{slot}\0{key}".encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:6], "big")


def _made(kind: Kind, value: str, number: int) -> str:  # noqa: PLR0911
    """A surrogate of a kind from a number; takes the form of the value where that is easy."""
    towns = _invented()["town"]
    town, code = towns[number % len(towns)], f"{number % 100_000:05d}"
    if kind in _NUMBER_PREFIX:
        return _NUMBER_PREFIX[kind] + code
    if kind in {"DATE", "DATE_OF_BIRTH"}:
        return _date(value, number)
    if kind == "PHONE":
        british = value.lstrip("(").startswith(("0", "+44"))
        return f"07700 900{number % 1000:03d}" if british else f"202-555-01{number % 100:02d}"
    if kind == "ADDRESS":
        if not any(character.isdigit() for character in value):
            return town
        if len(value) < 10 and " " not in value.strip()[:-4]:
            return f"ZZ{number % 100:02d} {number % 7}ZZ"
        return f"{number % 98 + 1} {towns[number // 7 % len(towns)]} Street, {town}"
    return {
        "EMAIL": f"person-{code}@example.org",
        "URL": f"https://example.org/{code}",
        "IP_ADDRESS": f"192.0.2.{number % 254 + 1}",
        "HOSPITAL": f"{town} Hospital",
        "AGE": "over 89",
    }[kind]


def _date(value: str, number: int) -> str:
    day, month = number % 28 + 1, number // 28 % 12 + 1
    if re.match(r"\d{4}[-/.]", value):
        return f"1901-{month:02d}-{day:02d}"
    if re.fullmatch(r"[\d/. -]+", value):
        return f"{day:02d}/{month:02d}/1901"
    return f"{day} {_MONTHS[month % len(_MONTHS)]} 1901"
