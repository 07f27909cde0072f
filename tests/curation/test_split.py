"""Training, validation and test: by cluster, by category, by seed."""

import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from medgenius.categories import CATEGORIES
from medgenius.config.curation.split import SplitConfig
from medgenius.config.data import Columns
from medgenius.curation.curate import curate
from medgenius.curation.split import assign
from medgenius.data.dialogue import Dialogue
from medgenius.data.rows import RowRules, read_rows
from medgenius.data.split import split_dialogues
from tests.curation import small
from tests.curation.test_duplicates import text

CONFIG = SplitConfig(validation_fraction=0.1, test_fraction=0.2, similarity=0.7)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-1, 3)), max_size=200), st.integers(0, 5))
def test_no_cluster_crosses_and_the_order_of_rows_does_not_matter(rows: list[tuple[int, int]], seed: int) -> None:
    clusters = np.array([cluster for cluster, _ in rows], dtype=np.int64)
    roots = np.array([int(np.flatnonzero(clusters == cluster)[0]) for cluster in clusters], dtype=np.int64)
    content = np.arange(len(rows), dtype=np.uint64) * np.uint64(7919)
    categories = np.array([category for _, category in rows], dtype=np.int16)
    sides = assign(roots, content, categories, CONFIG, seed)

    by_cluster = defaultdict(set)
    for cluster, side in zip(clusters.tolist(), sides.tolist(), strict=True):
        by_cluster[cluster].add(side)
    assert all(len(found) == 1 for found in by_cluster.values())


def test_fractions_hold_in_every_category_and_follow_the_seed() -> None:
    count = 3000
    roots = np.arange(count)
    content = np.random.default_rng(0).integers(0, 2**63, count).astype(np.uint64)
    categories = np.arange(count) % 7
    sides = assign(roots, content, categories, CONFIG, seed=1)
    for category in range(7):
        found = Counter(sides[categories == category].tolist())
        total = sum(found.values())
        assert abs(found[1] - 0.1 * total) <= 1
        assert abs(found[2] - 0.2 * total) <= 1
    assert (sides == assign(roots, content, categories, CONFIG, seed=1)).all()
    assert (sides != assign(roots, content, categories, CONFIG, seed=2)).any()
    shuffled = np.random.default_rng(1).permutation(count)
    assert (assign(roots, content[shuffled], categories[shuffled], CONFIG, seed=1) == sides[shuffled]).all()


def test_near_duplicates_and_equal_questions_lie_in_one_split_and_training_reads_the_file(tmp_path: Path) -> None:
    draw = random.Random(2)
    rows = []
    for number in range(300):
        question, answer = text(draw, 40), text(draw, 100)
        category = CATEGORIES[number % 3]
        rows.append({"input": question, "output": answer, "category": category})
        rows.append({"input": question + "?", "output": text(draw, 80), "category": category})
        words = answer.split()
        words[::17] = [draw.choice(["other", "another"]) for _ in words[::17]]
        rows.append({"input": question + " please", "output": " ".join(words), "category": category})
    raw = small.write_jsonl(tmp_path / "raw.jsonl", rows)
    overrides = ("curation.steps=[split]", "curation.split.similarity=0.6", "curation.split.test_fraction=0.2")
    folder = curate(small.config(raw, tmp_path / "out", *overrides), Console(quiet=True))

    kept = small.lines(folder / "dialogues.jsonl")
    for first in range(0, len(kept), 3):
        assert len({row["split"] for row in kept[first : first + 3]}) == 1
    counts = Counter(row["split"] for row in kept)
    assert set(counts) == {"train", "validation", "test"}
    assert abs(counts["test"] - 180) <= 9
    rules = RowRules(Columns(instruction="instruction", input="input", output="output"), "Be kind.", 1_000_000, "split")
    read = list(read_rows(folder / "dialogues.jsonl", rules))
    assert all(isinstance(row, Dialogue) for row in read)
    assert len(read) == 900
    split = split_dialogues([row for row in read if isinstance(row, Dialogue)], 0.1, seed=0)
    sides = {"train": split.train, "validation": split.validation, "test": split.test}
    for side, dialogues in sides.items():
        assert [row.output for row in dialogues] == [row["output"] for row in kept if row["split"] == side]


def test_all_answers_of_a_conversation_lie_in_one_split_at_a_second_time_too(tmp_path: Path) -> None:
    draw = random.Random(3)
    chats = [
        {"messages": [{"role": role, "content": text(draw, 30)} for _ in range(3) for role in ("user", "assistant")]}
        for _ in range(60)
    ]
    raw = small.write_jsonl(tmp_path / "raw.jsonl", [*chats, {"input": text(draw, 9), "output": text(draw, 30)}])
    overrides = ("curation.steps=[split]", "curation.split.test_fraction=0.3", "data.turns=each")
    folder = curate(small.config(raw, tmp_path / "out", *overrides), Console(quiet=True))
    again = curate(small.config(folder / "dialogues.jsonl", tmp_path / "again", *overrides), Console(quiet=True))

    *kept, alone = small.lines(folder / "dialogues.jsonl")
    assert len(kept) == 180
    assert all(len({row["split"] for row in kept[first : first + 3]}) == 1 for first in range(0, 180, 3))
    assert {row["split"] for row in kept} == {"train", "validation", "test"}
    assert "conversation_id" not in alone
    assert (again / "dialogues.jsonl").read_bytes() == (folder / "dialogues.jsonl").read_bytes()
