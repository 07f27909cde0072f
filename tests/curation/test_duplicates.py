"""Copies of rows: planted ones are found, templates are not copies, and brute force finds the same pairs."""

import random
from itertools import combinations
from pathlib import Path

import pytest
from rich.console import Console

from medgenius.curation.curate import curate
from medgenius.curation.row import Row
from medgenius.curation.similarity import index, jaccard, runs, words
from tests.curation import small

TEMPLATES = ["What is (are) {} ?", "What are the symptoms of {} ?", "How is {} treated ?", "Is {} inherited ?"]
CONDITIONS = ["acne", "gout", "acromegaly", "celiac disease", "Gaucher disease type 1", "Gaucher disease type 2"]
VOCABULARY = [f"w{i}" for i in range(2000)]


def curated(rows: list[dict[str, str]], folder: Path) -> Path:

    raw = small.write_jsonl(folder / "raw.jsonl", rows)
    return curate(
        small.config(raw, folder / "out", "curation.workers=1", "curation.steps=[duplicates]"), Console(quiet=True)
    )


def dropped(folder: Path) -> dict[str, tuple[str, str]]:
    return {
        str(row["key"]).split(":")[1]: (str(row["reason"]), str(row["detail"]).split(":")[1])
        for row in small.lines(folder / "rejected.jsonl")
    }


def text(draw: random.Random, count: int) -> str:
    return " ".join(draw.choices(VOCABULARY, k=count))


def test_planted_copies_leave_and_name_the_best_one(tmp_path: Path) -> None:
    draw = random.Random(0)
    question, answer = text(draw, 40), text(draw, 100)
    other = {"input": text(draw, 40), "output": text(draw, 100)}
    rows = [
        {"input": question, "output": answer},
        other,
        {"input": question.upper() + "?!", "output": answer.replace(" ", "  ")},  # the same words, and longer
        {"input": "hello " + question, "output": answer.rsplit(" ", 3)[0]},
        {"input": question, "output": text(draw, 100)},  # another answer to the same question
    ]

    assert dropped(curated(rows, tmp_path)) == {"1": ("exact_duplicate", "3"), "4": ("near_duplicate", "3")}


def test_template_questions_about_different_things_are_no_copies(tmp_path: Path) -> None:
    answer = (
        "{0} is a condition that doctors diagnose from the history and an examination. These resources address "
        "the diagnosis or management of {0}: the national library of medicine and the patient groups for {0}."
    )
    rows = [
        {"input": template.format(condition), "output": answer.format(condition)}
        for template in TEMPLATES
        for condition in CONDITIONS
    ]

    assert dropped(curated(rows, tmp_path)) == {}


def variants(draw: random.Random, count: int) -> list[Row]:
    """Rows of which many are edits of one another, lightly and heavily."""
    made: list[tuple[list[str], list[str]]] = []
    while len(made) < count:
        if made and draw.random() < 0.6:
            question, answer = (list(part) for part in draw.choice(made))
            for part in (question, answer):
                for _ in range(draw.randrange(0, max(1, len(part) // 8))):
                    part[draw.randrange(len(part))] = draw.choice(VOCABULARY)
        else:
            question, answer = ([draw.choice(VOCABULARY) for _ in range(draw.randrange(3, n))] for n in (50, 120))
        made.append((question, answer))
    return [Row(f"r:{i}", "", " ".join(q), " ".join(a)) for i, (q, a) in enumerate(made)]


@pytest.mark.parametrize("similarity", [0.7, 0.8])
def test_brute_force_finds_the_same_copies(similarity: float, tmp_path: Path) -> None:
    rows = variants(random.Random(3), 500)
    sets = [(runs(words(row.input)), runs(words(row.output))) for row in rows]
    similar = {
        (a, b)
        for a, b in combinations(range(len(rows)), 2)
        if all(
            len(set(x.tolist()) & set(y.tolist())) >= similarity * len(set(x.tolist()) | set(y.tolist()))
            for x, y in zip(sets[a], sets[b], strict=True)
        )
    }
    raw = small.write_jsonl(tmp_path / "raw.jsonl", [{"input": row.input, "output": row.output} for row in rows])
    chosen = small.config(
        raw, tmp_path / "out", "curation.steps=[duplicates]", f"curation.duplicates.similarity={similarity}"
    )

    gone = {int(row) - 1: int(kept) - 1 for row, (_, kept) in dropped(curate(chosen, Console(quiet=True))).items()}

    assert len(similar) > 100
    assert all((min(pair), max(pair)) in similar for pair in gone.items())
    assert not [pair for pair in similar if gone.keys().isdisjoint(pair)]
    assert gone.keys().isdisjoint(gone.values())


def test_the_ends_of_a_chain_are_no_copies(tmp_path: Path) -> None:
    vocabulary = VOCABULARY[:120]
    rows = [{"input": "why does it hurt", "output": " ".join(vocabulary[i : i + 60])} for i in range(0, 62, 2)]
    sets = {str(place): runs(words(row["output"])) for place, row in enumerate(rows, start=1)}

    gone = dropped(curated(rows, tmp_path))

    assert len(gone) >= len(rows) // 2
    assert all(jaccard(sets[row], sets[kept]) >= 0.8 for row, (_, kept) in gone.items())


def test_the_jaccard_index_is_that_of_sets() -> None:
    draw = random.Random(1)
    for _ in range(300):
        a, b = (runs(words(text(draw, draw.randrange(0, 9)))) for _ in range(2))
        if draw.random() < 0.5:
            b = a
        one, two = set(a.tolist()), set(b.tolist())
        expected = len(one & two) / len(one | two) if one | two else 1.0
        assert jaccard(a, b) == pytest.approx(expected)


def test_an_index_is_the_same_whatever_rows_lie_beside() -> None:
    rows = variants(random.Random(4), 40)
    whole, part = index(rows), index(rows[10:20])

    assert (whole.bands[10:20] == part.bands).all()
    assert (whole.same[10:20] == part.same).all()
    assert len(part.runs) == part.counts.sum()
