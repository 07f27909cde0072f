"""The dialogues that ship with the package keep what their datasheet promises."""

import json
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations
from typing import get_args

from medgenius.categories import CATEGORIES, Urgency
from medgenius.config.data import Columns
from medgenius.data.dialogue import Dialogue
from medgenius.data.rows import RowRules, read_rows
from medgenius.data.sources import SAMPLE


@cache
def sample() -> tuple[dict[str, str], ...]:
    return tuple(json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines())


def word_runs(text: str, length: int = 5) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def test_every_row_is_a_dialogue() -> None:
    rules = RowRules(Columns(instruction="instruction", input="input", output="output"), "unused", 1_000_000)

    rows = list(read_rows(SAMPLE, rules))

    assert all(isinstance(row, Dialogue) for row in rows)
    assert len(rows) == len(sample()) >= 420


def test_every_row_has_the_same_keys_with_trimmed_text_in_them() -> None:
    for row in sample():
        assert set(row) == {"instruction", "input", "output", "category", "urgency"}
        assert all(text and text == text.strip() for text in row.values())


def test_every_category_has_ten_dialogues_or_more_and_no_other_is_there() -> None:
    counts = Counter(row["category"] for row in sample())

    assert set(counts) == set(CATEGORIES)
    assert min(counts.values()) >= 10


def test_urgency_has_its_three_degrees_and_each_is_common() -> None:
    counts = Counter(row["urgency"] for row in sample())

    assert set(counts) == set(get_args(Urgency))
    assert min(counts.values()) >= len(sample()) / 10


def test_no_question_and_no_answer_comes_twice() -> None:
    for part in ("input", "output"):
        assert len({" ".join(row[part].casefold().split()) for row in sample()}) == len(sample())


def test_no_two_answers_are_made_from_one_template() -> None:
    runs = [word_runs(row["output"]) for row in sample()]
    answers_with: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for answer, own in enumerate(runs):
        for run in own:
            answers_with[run].append(answer)
    shared = Counter(pair for answers in answers_with.values() for pair in combinations(answers, 2))

    assert max(count / min(len(runs[a]), len(runs[b])) for (a, b), count in shared.items()) < 0.2


def test_an_emergency_is_answered_with_whom_to_call_or_where_to_go_in_the_first_two_sentences() -> None:
    says_so = re.compile(
        r"\b(call|phone|phones|ring|ambulance|emergency|hospital|999|112|911|A&E|go (now|straight|to))\b"
    )
    unsaid = [
        row["input"]
        for row in sample()
        if row["urgency"] == "emergency"
        and not says_so.search(" ".join(re.split(r"(?<=[.!?])\s+", row["output"])[:2]).replace("Call", "call"))
    ]

    assert unsaid == []
