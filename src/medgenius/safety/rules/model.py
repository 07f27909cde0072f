"""What a clinician writes: findings in the words that people use, and rules that combine them into red flags."""

from dataclasses import dataclass

from medgenius.safety.scope import Mark

CIRCUMSTANCE = Mark.PAST | Mark.SLIGHT | Mark.OVER | Mark.IMAGINED
"""Marks under which a circumstance (pregnancy, an operation last month) still counts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A symptom, sign or circumstance, and how messages say it."""

    name: str
    phrases: str
    """One phrase a line, written as `medgenius.safety.phrases` describes."""
    despite: Mark = Mark.NONE
    """Marks that do not stop it from counting."""


@dataclass(frozen=True, init=False, slots=True)
class Rule:
    """A red flag is up when all its findings are in the message."""

    red_flag: str
    findings: tuple[frozenset[str], ...]
    """Each is a set of alternatives, written `a|b`."""
    unless: frozenset[str]
    """Any of these takes the flag back."""

    def __init__(self, red_flag: str, *findings: str, unless: str = "") -> None:
        object.__setattr__(self, "red_flag", red_flag)
        object.__setattr__(self, "findings", tuple(frozenset(finding.split("|")) for finding in findings))
        object.__setattr__(self, "unless", frozenset(unless.split("|")) - {""})

    def holds(self, found: set[str]) -> bool:
        for alternatives in self.findings:  # written out: a message is asked for each of the rules
            if alternatives.isdisjoint(found):
                return False
        return self.unless.isdisjoint(found)
