"""What of a test set was seen in training, against a search of all runs of words."""

import random
import re

from medgenius.evaluation.contamination import NGRAM, SIMILARITY, contamination
from tests.curation.test_duplicates import text


def runs(words: list[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def test_it_finds_what_comparing_all_with_all_finds() -> None:
    draw = random.Random(0)
    rows = [(text(draw, 20), text(draw, 60)) for _ in range(80)]
    items = []
    for number in range(60):
        words = rows[number][1].split()
        cut = draw.randrange(0, 40)
        items.append((text(draw, 15), " ".join(words[: 60 - cut] + text(draw, cut).split())))

    found = contamination(items, rows)

    def split(one: str) -> list[str]:
        return re.findall(r"\w+", one.casefold())

    for number, item in enumerate(items):
        shared = any(
            runs(split(mine), NGRAM) & runs(split(theirs), NGRAM) for mine in item for row in rows for theirs in row
        )
        assert found.shares_ngram[number] == shared
        edge = ["", ""]
        similar = any(
            len(a & b) / len(a | b) >= SIMILARITY
            for mine in item
            for row in rows
            for theirs in row
            for a, b in [(runs(edge + split(mine) + edge, 3), runs(edge + split(theirs) + edge, 3))]
        )
        assert found.near_duplicate[number] == similar
    assert any(found.near_duplicate)
    assert not all(found.near_duplicate)
    assert found.contaminated == tuple(a or b for a, b in zip(found.shares_ngram, found.near_duplicate, strict=True))


def test_short_texts_and_empty_sets_say_nothing() -> None:
    assert contamination([("Yes", "Vitamin C")], [("Yes", "Vitamin C")]).contaminated == (False,)
    assert contamination([], [("a b c d e f", "g")]).contaminated == ()
    assert contamination([("one two three four five six",)], []).contaminated == (False,)
