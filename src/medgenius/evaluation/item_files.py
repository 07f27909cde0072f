"""Files of items, read strictly: the first row that can't be used ends it, in one line with file and line number."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

from medgenius.errors import DataError
from medgenius.evaluation.items import ChoiceQuestion, HarmfulItem, Item, TriageItem
from medgenius.reading.files import read_records
from medgenius.reading.records import BadRow, ReadRules, kind, text_problem

_MOST_BYTES: Final = 10_000_000
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Row = Mapping[str, object]
T = TypeVar("T", bound=Item)


class _UnusableError(ValueError):
    """What keeps a row from being an item, without any of its text."""


def read_choices(path: Path) -> list[ChoiceQuestion]:
    """Multiple choice: `id`, `question`, `choices`, `answer` and an optional `context`.

    `answer` is the index of the right choice from 0, its text, or its letter.

    Raises:
        DataError: a row lacks something, its answer is none of its choices, or an id stands there twice.
    """
    return _read(path, _choice_question)


def read_triage(path: Path) -> list[TriageItem]:
    """Cases: `id`, `text` and `escalate`, true or false.

    Raises:
        DataError: as `read_choices`.
    """
    return _read(path, _triage_item)


def read_harmful(path: Path) -> list[HarmfulItem]:
    """Requests that are to be declined: `id` and `request`.

    Raises:
        DataError: as `read_choices`.
    """
    return _read(path, lambda row: HarmfulItem(_id(row), _text(row, "request")))


def _read(path: Path, item_of: Callable[[Row], T]) -> list[T]:
    items: list[T] = []
    seen: set[str] = set()
    for where, row in _rows(path):
        try:
            item = item_of(row)
        except _UnusableError as error:
            raise DataError(f"{where}: {error}") from None
        if item.id in seen:
            raise DataError(f"{where}: the id {item.id!r} stood there before")
        seen.add(item.id)
        items.append(item)
    if not items:
        raise DataError(f"{path}: no item in it")
    return items


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    rules = ReadRules(_MOST_BYTES, lambda _path, _header: None)
    for record in read_records(path, rules):
        if isinstance(record, BadRow):
            raise DataError(str(record))
        if not isinstance(record.value, Mapping):
            raise DataError(f"{record.where}: is not an object with keys but {kind(record.value)}")
        yield record.where, record.value


def _id(row: Row) -> str:
    value = row.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise _UnusableError(f"'id' is {kind(value) if value != '' else 'empty'}, not text or a number")
    return str(value)


def _text(row: Row, key: str) -> str:
    if key not in row:
        raise _UnusableError(f"has no key {key!r}")
    value = row[key]
    if not isinstance(value, str):
        raise _UnusableError(f"{key!r} is {kind(value)}, not text")
    if problem := text_problem(value):
        raise _UnusableError(f"{key!r} {problem[1]}")
    return value.strip()


def _triage_item(row: Row) -> TriageItem:
    escalate = row.get("escalate")
    if not isinstance(escalate, bool):
        raise _UnusableError(f"'escalate' is {kind(escalate)}, not true or false")
    return TriageItem(_id(row), _text(row, "text"), escalate)


def _choice_question(row: Row) -> ChoiceQuestion:
    found = row.get("choices")
    if not isinstance(found, list) or len(found) < 2:
        raise _UnusableError("'choices' is no list of two or more texts")
    choices = tuple(_text({f"choices[{place}]": choice}, f"choices[{place}]") for place, choice in enumerate(found))
    return ChoiceQuestion(
        id=_id(row),
        question=_text(row, "question"),
        context=_text(row, "context") if row.get("context") else "",
        choices=choices,
        answer=_answer(row.get("answer"), choices),
    )


def _answer(value: object, choices: tuple[str, ...]) -> int:
    """The index of the right choice, from an index, a choice's text, or a letter."""
    if value is None:
        raise _UnusableError("has no 'answer'")
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value < len(choices):
            raise _UnusableError(f"'answer' is {value}, and there are choices 0 to {len(choices) - 1}")
        return value
    if not isinstance(value, str):
        raise _UnusableError(f"'answer' is {kind(value)}, not an index, a letter or a choice's text")
    text = value.strip()
    if choices.count(text) > 1:
        raise _UnusableError("'answer' is the text of two of the 'choices': name it by its index")
    if text in choices:
        return choices.index(text)
    letters = _LETTERS[: len(choices)]
    if len(text) == 1 and text.upper() in letters:
        return letters.index(text.upper())
    raise _UnusableError(f"'answer' is none of the {len(choices)} choices, and no letter from A to {letters[-1]}")
