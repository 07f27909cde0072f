"""Text repair: markup, characters, spacing, boilerplate and URLs."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import get_args

from medgenius.config.curation.repair import RepairConfig
from medgenius.curation.boilerplate import strip_boilerplate
from medgenius.curation.markup import decode_entities, strip_tags, strip_wiki
from medgenius.curation.row import Change, Part, Rejection, Row
from medgenius.curation.spacing import detokenise, mend_characters, split_joined, tidy_space

Rule = Callable[[str], tuple[str, int]]
"""From a text to the mended one, and how often it was mended."""

_URL = re.compile(r"<link>|\[link\]|(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?()\[\]'”’]", re.I)
_EMPTY_BRACKETS = re.compile(r" ?\(\s*\)| ?\[\s*\]")


class Repair:
    """Rules are repeated until none finds anything, so that repairing a repaired text changes nothing."""

    name = "repair"

    def __init__(self, config: RepairConfig) -> None:
        self._config = config
        rules: dict[str, Rule] = {
            "characters": mend_characters,
            "html": strip_tags,
            "entity": decode_entities,
            "wiki": strip_wiki,
        }
        if config.urls != "keep":
            rules["url"] = _placeholder if config.urls == "placeholder" else _remove
        rules["joined_sentences"] = split_joined
        if config.detokenise:
            rules["tokenised"] = detokenise
        rules["white_space"] = tidy_space
        self._question_rules = tuple(rules.items())
        if config.boilerplate:
            rules["boilerplate"] = strip_boilerplate
        self._answer_rules = tuple(rules.items())

    def __reduce__(self) -> tuple[type["Repair"], tuple[RepairConfig]]:
        return Repair, (self._config,)

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._repaired(row) for row in rows]

    def repair(self, text: str, part: Part) -> tuple[str, Counter[str]]:
        """The mended text, and how often each rule mended something."""
        rules = self._answer_rules if part == "output" else self._question_rules
        counts: Counter[str] = Counter()
        before = None
        # Each rule shortens a text, puts it into a normal form or adds a space that no other rule takes away.
        while before != text:
            before = text
            for name, rule in rules:
                text, count = rule(text)
                if count:
                    counts[name] += count
        return text, counts

    def _repaired(self, row: Row) -> Row:
        texts = {part: self.repair(getattr(row, part), part) for part in get_args(Part)}
        changes = tuple(
            Change(self.name, part, rule, count)
            for part, (_, counts) in texts.items()
            for rule, count in counts.items()
        )
        if not changes:
            return row
        return replace(
            row,
            instruction=texts["instruction"][0],
            input=texts["input"][0],
            output=texts["output"][0],
            changes=row.changes + changes,
        )


def _placeholder(text: str) -> tuple[str, int]:
    return _URL.subn("[URL]", text) if _may_hold_url(text) else (text, 0)


def _remove(text: str) -> tuple[str, int]:
    if not _may_hold_url(text):
        return text, 0
    text, count = _URL.subn("", text)
    return (_EMPTY_BRACKETS.sub("", text), count) if count else (text, 0)


def _may_hold_url(text: str) -> bool:
    lower = text.lower()
    return "://" in lower or "www." in lower or "link" in lower
