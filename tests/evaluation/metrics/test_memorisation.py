"""The longest verbatim span, against a search of every span in every row."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgenius.evaluation.metrics.memorisation import Span, TrainingText

TOKENS = st.lists(st.integers(0, 2), max_size=14)


def longest(answer: list[int], rows: list[list[int]]) -> int:
    """By trying them all."""
    spans = [answer[i:j] for i in range(len(answer)) for j in range(i, len(answer) + 1)]
    return max(
        (len(span) for span in spans for row in rows if any(row[k : k + len(span)] == span for k in range(len(row)))),
        default=0,
    )


@given(answer=TOKENS, rows=st.lists(TOKENS, max_size=5), limit=st.integers(14, 40))
def test_it_is_as_long_as_the_longest_of_all_spans(answer: list[int], rows: list[list[int]], limit: int) -> None:
    found = TrainingText(rows, longest=limit).longest_span(answer)

    assert found.length == longest(answer, rows)
    if found.length:
        row, span = rows[found.row], answer[found.start : found.start + found.length]
        assert any(row[k : k + len(span)] == span for k in range(len(row)))


def test_a_copied_passage_is_found_in_its_row_among_many() -> None:
    draw = random.Random(0)
    rows = [[draw.randrange(49_152) for _ in range(120)] for _ in range(300)]
    answer = [draw.randrange(49_152) for _ in range(50)] + rows[211][40:75] + [7] * 20

    found = TrainingText(rows).longest_span(answer)

    assert found == Span(length=35, start=50, row=211)


def test_a_span_does_not_go_on_in_the_next_row() -> None:
    assert TrainingText([[1, 2, 3], [4, 5, 6]]).longest_span([2, 3, 4, 5]).length == 2


def test_equal_rows_and_long_repeats_are_no_difficulty() -> None:
    rows = [[5] * 500] * 4 + [[5] * 300 + [6]]

    assert TrainingText(rows).longest_span([5] * 250 + [6, 6]) == Span(length=251, start=0, row=4)


def test_nothing_is_found_in_nothing() -> None:
    assert TrainingText([]).longest_span([1, 2]) == Span(0, 0, -1)
    assert TrainingText([[1]]).longest_span([]) == Span(0, 0, -1)


def test_an_answer_longer_than_was_prepared_for_is_refused() -> None:
    with pytest.raises(ValueError, match="an answer of 9 tokens"):
        TrainingText([[1, 2]], longest=8).longest_span([1] * 9)
