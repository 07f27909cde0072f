"""The judgement of a message: which red flags it raises."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from medgenius.safety.phrases import PhraseIndex, Span, parse
from medgenius.safety.rules import FINDINGS, RULES
from medgenius.safety.rules.model import Finding
from medgenius.safety.scope import Mark, Scope
from medgenius.safety.vitals import ages_in_days, find_values
from medgenius.safety.words import plain, split_words

YOUNG_INFANT_DAYS = 92
"""Below three months a fever is an emergency (NICE NG143)."""
AGE_GROUPS = frozenset({"young_infant", "child", "over_50"})
"""Findings that an age gives."""
CHILD_DAYS = 16 * 365
OLDER_DAYS = 50 * 365


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a message calls for."""

    emergency: bool
    red_flags: tuple[str, ...]
    """Names of the red flags, each once, in the order of the rules."""


def assess(text: str) -> Assessment:
    """The red flags of a message: its words, figures and ages, less what is denied, past, imagined or taught.

    A rule of thumb and no diagnosis; where a message can be read both ways it is taken for the emergency.
    """
    found = find_findings(text)
    flags = tuple(dict.fromkeys(rule.red_flag for rule in RULES if rule.holds(found)))
    return Assessment(bool(flags), flags)


def find_findings(text: str, despite: Mark = Mark.NONE) -> set[str]:
    """The names of all findings that count in a message.

    Args:
        despite: marks that stop no finding from counting, beside those that each finding names itself.
    """
    straight = plain(text)
    words = split_words(straight)
    scope = Scope(words)
    index, by_sequence = _phrases()
    spans = index.find(words)
    found = {
        finding.name
        for first in spans
        for finding, sequences in by_sequence.get(first, ())
        if all(number in spans for number in sequences)
        and _counts([spans[n] for n in sequences], scope, ~(finding.despite.value | despite.value))
    }
    return found | find_values(straight) | _age_groups(ages_in_days(straight))


def _counts(occurrences: list[list[Span]], scope: Scope, against: int) -> bool:
    """Whether one sentence holds every part of a phrase, each under no mark that speaks against it."""
    sentences = [
        {scope.words.sentence[span[0]] for span in spans if not scope.of(span) & against} for spans in occurrences
    ]
    return bool(set.intersection(*sentences))


@cache
def _phrases() -> tuple[PhraseIndex, dict[int, list[tuple[Finding, tuple[int, ...]]]]]:
    """The index of all phrases, and by the number of its first sequence what each phrase is of."""
    index = PhraseIndex()
    by_sequence: dict[int, list[tuple[Finding, tuple[int, ...]]]] = defaultdict(list)
    for finding in FINDINGS:
        for line in finding.phrases.strip().splitlines():
            sequences = index.add(parse(line))
            by_sequence[sequences[0]].append((finding, sequences))
    return index, by_sequence


def _age_groups(days: list[int]) -> set[str]:
    found: set[str] = set()
    if any(age < YOUNG_INFANT_DAYS for age in days):
        found.add("young_infant")
    if any(age < CHILD_DAYS for age in days):
        found.add("child")
    if any(age >= OLDER_DAYS for age in days):
        found.add("over_50")
    return found
