"""The word lists as one lookup: what is known of a word."""

import gzip
import unicodedata
from enum import IntFlag
from functools import lru_cache
from importlib.resources import files


class Trait(IntFlag):
    """What the lists say of a word; a word may have several."""

    NONE = 0
    FIRST_NAME = 1
    FEMALE = 2
    MALE = 4
    SURNAME = 8
    COMMON = 16
    """An everyday word of English."""
    VOCABULARY = 32
    """A rarer English word, a medical one, or a word of another language."""
    EPONYM = 64
    CITY = 128
    REGION = 256
    MEDICAL_NOUN = 512
    ORGANISATION_NOUN = 1024
    PLACE = 2048
    """A first name that is a place more often."""
    WORD = COMMON | VOCABULARY
    NAME = FIRST_NAME | SURNAME


_LISTS = {
    "surnames.txt.gz": Trait.SURNAME,
    "common_words.txt.gz": Trait.COMMON,
    "vocabulary.txt.gz": Trait.VOCABULARY,
    "medical_words.txt": Trait.VOCABULARY,
    "cities.txt.gz": Trait.CITY,
    "eponyms.txt": Trait.EPONYM,
    "places.txt": Trait.PLACE,
    "regions.txt": Trait.REGION,
    "medical_nouns.txt": Trait.MEDICAL_NOUN,
    "organisation_nouns.txt": Trait.ORGANISATION_NOUN,
}
_PLURALS = Trait.WORD | Trait.MEDICAL_NOUN
_GENDER = {"f": Trait.FEMALE, "m": Trait.MALE, "u": Trait.NONE}
_UNDECOMPOSED = str.maketrans(
    {"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "’": "'"}
)


@lru_cache(maxsize=1 << 16)
def folded(word: str) -> str:
    """Lower case without accents, as the lists are written."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold().translate(_UNDECOMPOSED))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def lines_of(name: str) -> list[str]:
    """Entries of a file of the lexicons, without its comments."""
    data = (files(__package__) / "lexicons" / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def lexicon() -> dict[str, int]:
    """Traits of every listed word and of cities and regions of several words; read once, in about 0.3 s."""
    traits: dict[str, int] = {}
    for line in lines_of("first_names.txt.gz"):
        name, gender = line.split("\t")
        traits[name] = Trait.FIRST_NAME | _GENDER[gender]
    for file, trait in _LISTS.items():
        for line in lines_of(file):
            word = folded(line)
            traits[word] = traits.get(word, 0) | trait
    return {word: int(value) for word, value in traits.items()}


@lru_cache(maxsize=1 << 16)
def traits_of(word: str) -> int:
    """Traits of a word in any case; a double name ("Smith-Jones") has those that its parts share."""
    key = folded(word)
    known = lexicon().get(key)
    if known is not None:
        return known | (lexicon().get(key.removesuffix("s"), 0) & Trait.MEDICAL_NOUN)
    if key.endswith("s") and lexicon().get(key[:-1], 0) & _PLURALS and len(key) > 4:
        return lexicon()[key[:-1]] & _PLURALS
    if "-" in key or "'" in key:
        return _traits_of_parts(key)
    return 0


def _traits_of_parts(key: str) -> int:
    parts = [lexicon().get(part, 0) for part in key.replace("'", "-").split("-") if len(part) > 1]
    if not parts:
        return 0
    shared = parts[0]
    for part in parts[1:]:
        shared &= part
    if any(part & Trait.EPONYM for part in parts):
        shared |= Trait.EPONYM
    if any(part & Trait.WORD and not part & Trait.NAME for part in parts):
        shared |= Trait.VOCABULARY
    return shared
