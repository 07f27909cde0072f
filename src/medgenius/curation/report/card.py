"""README.md: the data card, in the form that the Hugging Face hub reads."""

from pathlib import Path
from typing import Final

from omegaconf import OmegaConf

from medgenius.curation.measures import UNCLEAR
from medgenius.curation.report.numbers import Report
from medgenius.files import write_text
from medgenius.markdown import markdown_table

_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_COMMON: Final = 0.01
"""A language of fewer rows is more often a mistake of the count than a part of the data."""


def write_card(path: Path, report: Report) -> None:
    """Metadata, how the rows came about, what they are under, what not to do with them. No time and no memory stand
    here, so that the same curation gives the same card."""
    counted = max(1, report.rows_kept)
    languages = [code for code, rows in report.languages.items() if code != UNCLEAR and rows >= _COMMON * counted]
    size = next((name for limit, name in _SIZES if report.rows_kept < limit), "n>1M")
    metadata = {
        "pretty_name": report.title,
        "license": "other",
        "license_name": "per-source",
        "language": languages,
        "task_categories": ["question-answering", "text-generation"],
        "tags": ["medical"],
        "size_categories": [size],
        "configs": [{"config_name": "default", "data_files": "dialogues.jsonl"}],
    }
    licences = [
        (source, licence, f"{rows:,}") for source, found in report.sources.items() for licence, rows in found.items()
    ]
    steps = [
        (step.name, f"{step.rows_in:,}", f"{step.rows_changed:,}", f"{step.rows_in - step.rows_out:,}")
        for step in report.steps
    ]
    write_text(
        path,
        f"---\n{OmegaConf.to_yaml(OmegaConf.create(metadata))}---\n\n# {report.title}\n\n"
        f"{report.rows_kept:,} medical dialogues, curated from {report.rows_in:,} raw rows. "
        "Each line of `dialogues.jsonl` holds `instruction`, `input` (the question) and `output` (the answer), with "
        f"`source`, `licence`, `category`, `confidence` (of the category), `urgency`, `quality`"
        f"{', `criteria` and `split`' if report.splits else ' and `criteria`'}; `conversation_id` where a "
        "conversation gave several.\n\n"
        f"## Sources and licences\n\n{markdown_table(('source', 'licence', 'rows'), licences)}\n"
        "Each row is under the licence of its source. Look at each before you pass the rows on.\n\n"
        f"## Splits\n\n{_splits(report)}\n\n"
        f"## Steps\n\n{markdown_table(('step', 'rows in', 'rows changed', 'rows dropped'), steps)}\n"
        "`changes.jsonl` lists every change to a kept row, `rejected.jsonl` every dropped row with its reason; "
        "`report.html` shows examples of both.\n\n"
        "## Limits\n\n"
        "The steps are rules and statistics: they miss errors and make some. The text is not medical advice, and no "
        f"clinician has checked each row. {_privacy(report)}\n",
    )


def _splits(report: Report) -> str:
    if not _has(report, "split"):
        return "Not split: similar rows may end up on both sides of a split that is made without regard to them."
    table = markdown_table(("split", "rows"), [(name, f"{rows:,}") for name, rows in report.splits.items()])
    return f"{table}\nNear-duplicates, rows with equal questions and answers of one conversation lie in one split."


def _privacy(report: Report) -> str:
    if not _has(report, "deidentify"):
        return "**Not de-identified**: names and other identifiers stand as they were read. Do not publish it so."
    return (
        "Names and other identifiers were replaced as far as they were found (`report.json` has the counts); search "
        "for what was missed before you publish."
    )


def _has(report: Report, step: str) -> bool:
    return any(numbers.name == step for numbers in report.steps)
