"""Mends misspelt words: what is one or two letters away from a word that the rules look for."""

from functools import cache, lru_cache

from medgenius.safety.lexicon import COMMON_MISSPELLINGS, ORDINARY_WORDS, WORDS_TO_MEND

SHORTEST = 5
"""Letters; shorter words have too many neighbours that are words of their own."""
TWO_MISTAKES_FROM = 9
"""Letters from which two mistakes are forgiven."""


@lru_cache(maxsize=65_536)
def correct(word: str) -> str:
    """The word itself, or the one of the lexicon that was meant."""
    if known := COMMON_MISSPELLINGS.get(word):
        return known
    if len(word) < SHORTEST or word in WORDS_TO_MEND or word in ORDINARY_WORDS or word[0].isdigit():
        return word
    for candidate in sorted(set().union(*(_index().get(part, ()) for part in _deletions(word)))):
        limit = 2 if min(len(word), len(candidate)) >= TWO_MISTAKES_FROM else 1
        if word[0] == candidate[0] and not _only_inflected(word, candidate) and _distance(word, candidate) <= limit:
            return candidate
    return word


def _only_inflected(word: str, candidate: str) -> bool:
    """Whether the word is a correct plural or past form, which the phrases' own endings deal with."""
    return word in {f"{candidate}s", f"{candidate}d", f"{candidate}ed"} or candidate in {f"{word}s", f"{word}d"}


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """Each word with up to two letters left out -> the words that it comes from."""
    index: dict[str, set[str]] = {}
    for word in WORDS_TO_MEND:
        for part in _deletions(word):
            index.setdefault(part, set()).add(word)
    return {part: tuple(words) for part, words in index.items()}


def _deletions(word: str) -> set[str]:
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    if len(word) < TWO_MISTAKES_FROM - 1:
        return {word} | once
    return {word} | once | {part[:i] + part[i + 1 :] for part in once for i in range(len(part))}


def _distance(a: str, b: str) -> int:
    """Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours."""
    previous: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, previous, row = previous, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
    return row[-1]
