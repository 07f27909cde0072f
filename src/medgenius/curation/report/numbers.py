"""report.json: every number of a curation."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from medgenius.config.curation.report import ReportConfig
from medgenius.curation.measures import BINS, Measures
from medgenius.curation.parts import EXAMPLES, Example, StepTally, read_tallies
from medgenius.curation.pipeline import Finished
from medgenius.curation.split import NAMES

_DEIDENTIFY: Final = "deidentify"


@dataclass(frozen=True, slots=True)
class Spread:
    """Of a length over rows, in tokens (or words, where there is no tokenizer)."""

    mean: float
    standard_deviation: float
    minimum: int
    percentile_5: int
    median: int
    percentile_95: int
    maximum: int
    total: int

    @classmethod
    def of(cls, counts: Counter[int]) -> "Spread | None":
        rows = sum(counts.values())
        if not rows:
            return None
        total = sum(length * count for length, count in counts.items())
        mean = total / rows
        variance = sum(count * (length - mean) ** 2 for length, count in counts.items()) / rows

        def at(share: float) -> int:
            seen = 0
            for length in sorted(counts):
                seen += counts[length]
                if seen >= share * rows:
                    break
            return length

        lengths = sorted(counts)
        return cls(
            round(mean, 1), round(math.sqrt(variance), 1), lengths[0], at(0.05), at(0.5), at(0.95), lengths[-1], total
        )


@dataclass(frozen=True, slots=True)
class StepNumbers:
    name: str
    rows_in: int
    rows_out: int
    rows_changed: int
    reasons: dict[str, int]
    rules: dict[str, int]
    compute_seconds: float
    """Summed over the processes; 0 for steps that look at all rows together."""


@dataclass(frozen=True, slots=True)
class StageNumbers:
    name: str
    seconds: float
    rows_per_second: float


@dataclass(slots=True)
class Report:
    """The order of the fields is that of report.json."""

    title: str
    rows_in: int
    rows_kept: int
    rows_rejected: int
    rows_changed: int
    """Kept rows with at least one change."""
    reasons: dict[str, int]
    tokenizer: str
    input_tokens: Spread | None
    output_tokens: Spread | None
    splits: dict[str, int]
    categories: dict[str, int]
    urgencies: dict[str, int]
    languages: dict[str, int]
    sources: dict[str, dict[str, int]]
    """Rows by source and licence."""
    deidentification: dict[str, int]
    """Values replaced, by kind."""
    quality: list[int]
    """Rows by score, in bins of equal width over 0 to 1; empty where no step scored them."""
    criteria: dict[str, float]
    """Mean of each criterion."""
    duplicate_clusters: dict[str, dict[int, int]]
    """For each step that compares rows: how many clusters of each size above one it found."""
    steps: list[StepNumbers]
    stages: list[StageNumbers]
    seconds: float = 0.0
    """Wall-clock, without what a killed start had begun and not finished."""
    peak_memory_bytes: int = 0
    """The peaks of this process and of every worker added up: not less than what they held at one time."""
    fingerprint: str = ""
    """Of inputs, config and code."""
    lengths: dict[str, dict[int, int]] = field(default_factory=dict)
    """Rows by length, for the plots; not a part of report.json."""
    examples: dict[str, list[Example]] = field(default_factory=dict)
    """By step, for the page; not a part of report.json."""
    dropped: dict[str, list[Example]] = field(default_factory=dict)

    def finish(self, fingerprint: str, seconds: float, peak_memory_bytes: int) -> None:
        self.fingerprint = fingerprint
        self.seconds = round(self.seconds + seconds, 2)
        self.peak_memory_bytes = max(self.peak_memory_bytes, peak_memory_bytes)

    def to_json(self) -> str:
        values = msgspec.to_builtins(self, str_keys=True)
        for name in ("lengths", "examples", "dropped"):  # the texts stay on the page
            del values[name]
        return msgspec.json.format(msgspec.json.encode(values), indent=2).decode() + "\n"


def make_report(
    finished: Sequence[Finished],
    measures: Measures,
    clusters: Mapping[str, Mapping[int, int]],
    config: ReportConfig,
    tokenizer: Path | None,
) -> Report:
    """All numbers but the last stage's own time and memory."""
    tallies = _tallies(finished)
    first = next(iter(tallies.values()))
    reasons: Counter[str] = Counter()
    for tally in tallies.values():
        reasons.update(tally.reasons)
    report = Report(
        title=config.title,
        rows_in=first.rows_in,
        rows_kept=measures.rows,
        rows_rejected=sum(reasons.values()),
        rows_changed=measures.changed,
        reasons=_descending(reasons),
        tokenizer="words between white space" if tokenizer is None else tokenizer.parent.name,
        input_tokens=Spread.of(measures.input_tokens),
        output_tokens=Spread.of(measures.output_tokens),
        splits={name: measures.splits[name] for name in NAMES if measures.splits[name]},
        categories=_descending(measures.categories),
        urgencies=_descending(measures.urgencies),
        languages=_descending(measures.languages),
        sources={name: _descending(licences) for name, licences in sorted(measures.sources.items())},
        deidentification=_descending(tallies[_DEIDENTIFY].rules) if _DEIDENTIFY in tallies else {},
        quality=[measures.quality[place] for place in range(BINS)] if measures.quality else [],
        criteria={
            name: round(value / 1000 / max(1, measures.rows), 3) for name, value in sorted(measures.criteria.items())
        },
        duplicate_clusters={name: dict(sizes) for name, sizes in clusters.items()},
        steps=[_numbers(name, tally) for name, tally in tallies.items()],
        stages=[_stage_numbers(one, tallies) for one in finished],
        seconds=sum(one.folder.manifest.seconds for one in finished),
        peak_memory_bytes=max(one.folder.manifest.peak_memory_bytes for one in finished),
        lengths={"question": dict(measures.input_tokens), "answer": dict(measures.output_tokens)},
        examples={name: _varied(tally.changed, config.examples) for name, tally in tallies.items()},
        dropped={name: _varied(tally.dropped, config.examples) for name, tally in tallies.items()},
    )
    assert report.rows_in == report.rows_kept + report.rows_rejected
    return report


def _tallies(finished: Sequence[Finished]) -> dict[str, StepTally]:
    """Of every step over all parts, in the order of the steps."""
    totals = {name: StepTally() for one in finished for name in one.stage.steps}
    for one in finished:
        for number in range(one.folder.manifest.parts):
            for name, tally in read_tallies(one.folder.path, number).items():
                totals[name].add(tally)
    return totals


def _numbers(name: str, tally: StepTally) -> StepNumbers:
    return StepNumbers(
        name=name,
        rows_in=tally.rows_in,
        rows_out=tally.rows_in - tally.rows_rejected,
        rows_changed=tally.rows_changed,
        reasons=_descending(tally.reasons),
        rules=_descending(tally.rules),
        compute_seconds=round(tally.seconds, 2),
    )


def _stage_numbers(one: Finished, tallies: Mapping[str, StepTally]) -> StageNumbers:
    seconds = one.folder.manifest.seconds
    rows = tallies[one.stage.steps[0]].rows_in
    return StageNumbers(one.stage.name, round(seconds, 2), round(rows / max(seconds, 1e-3)))


def _descending(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _varied(pools: Mapping[str, list[Example]], count: int) -> list[Example]:
    """Examples of as many rules or reasons as there are, the first of each before the second of any."""
    taken = [pool[turn] for turn in range(EXAMPLES) for pool in pools.values() if turn < len(pool)]
    return taken[:count]
