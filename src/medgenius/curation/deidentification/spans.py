"""What recognisers give: candidates with evidence, and the spans that are left of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, get_args

Kind = Literal[
    "PERSON",
    "EMAIL",
    "PHONE",
    "ADDRESS",
    "DATE_OF_BIRTH",
    "DATE",
    "AGE",
    "MEDICAL_RECORD_NUMBER",
    "INSURANCE_ID",
    "NATIONAL_ID",
    "PASSPORT",
    "LICENCE",
    "LICENCE_PLATE",
    "CREDIT_CARD",
    "IBAN",
    "IP_ADDRESS",
    "URL",
    "USERNAME",
    "HOSPITAL",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Evidence(IntEnum):
    """How sure a recogniser is; the caution decides from where on a candidate counts."""

    POSSIBLE = 1
    """One weak sign: an unknown capitalised word where a name may stand."""
    LIKELY = 2
    """A shape that is seldom anything else, or a known name."""
    CERTAIN = 3
    """A checksum, a label, a title, or two signs that agree."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Characters `start` to `end` (exclusive) may be a `kind`."""

    start: int
    end: int
    kind: Kind
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of the input text are a `kind`."""

    start: int
    end: int
    kind: Kind


def merged(candidates: Iterable[Candidate], least: Evidence) -> list[Span]:
    """Spans in order, without overlaps, from the candidates of at least this evidence.

    Candidates that overlap become one span over both, since dropping the shorter could leave a part of it standing;
    it is called what the one of more evidence, or else the longer one, is.
    """
    spans: list[Span] = []
    best: Candidate | None = None
    for candidate in sorted((c for c in candidates if c.evidence >= least), key=lambda c: (c.start, -c.end)):
        if best is not None and candidate.start < spans[-1].end:
            if (candidate.evidence, candidate.end - candidate.start) > (best.evidence, best.end - best.start):
                best = candidate
            spans[-1] = Span(spans[-1].start, max(spans[-1].end, candidate.end), best.kind)
        else:
            best = candidate
            spans.append(Span(candidate.start, candidate.end, candidate.kind))
    return spans
