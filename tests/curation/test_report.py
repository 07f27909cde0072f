"""The numbers, the page and the card."""

import json
import re
import statistics
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from rich.console import Console

from medgenius.curation.curate import curate
from medgenius.curation.report.difference import marked
from medgenius.curation.report.numbers import Spread
from medgenius.curation.tokens import token_counter, tokenizer_file
from medgenius.errors import ConfigError
from tests.curation import small


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = small.raw_rows(400)
    for row in rows:
        if row.get("source") == "s2":
            row |= {"licence": "MIT", "input": f"{row['input']} & <script>alert(1)</script>"}
    raw = small.write_jsonl(tmp_path_factory.mktemp("raw") / "raw.jsonl", rows)
    return small.run(raw, raw.parent / "out", "curation.workers=1")


@settings(deadline=None)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=300))
def test_mean_and_spread_are_those_of_the_lengths(lengths: list[int]) -> None:
    spread = Spread.of(Counter(lengths))

    assert spread is not None
    assert spread.mean == pytest.approx(statistics.fmean(lengths), abs=0.06)
    assert spread.standard_deviation == pytest.approx(statistics.pstdev(lengths), abs=0.06)
    assert (spread.minimum, spread.maximum, spread.total) == (min(lengths), max(lengths), sum(lengths))
    assert spread.median == statistics.median_low(lengths)


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_the_marked_difference_holds_both_texts(before: str, after: str) -> None:
    left, right = marked(before, after)

    for text, page, tag in ((before, left, "del"), (after, right, "ins")):
        plain = re.sub(f"</?{tag}>", "", page)
        assert "<" not in plain
        if text.isprintable() and not re.search(r"[&<>\"']", text):
            assert plain == text
    assert (before == after) == ("<del>" not in left and "<ins>" not in right)


def test_the_page_is_one_whole_file_without_scripts(curated: Path) -> None:
    page = (curated / "report.html").read_text(encoding="utf-8")
    opened: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
            assert tag not in {"script", "link", "img", "iframe"}
            if tag != "meta":
                opened.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
            assert tag == "line"

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Checker().feed(page)
    assert opened == []
    assert "http" not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    for wanted in (
        "Rows from step to step",
        "no_tags",
        "<del>&lt;p&gt;</del>",
        "words between white space",
        "&lt;script&gt;",
    ):
        assert wanted in page
    numbers = json.loads((curated / "report.json").read_text())
    assert f"{numbers['rows_kept']:,}" in page


def test_the_card_has_metadata_that_the_hub_reads_and_a_licence_per_source(curated: Path) -> None:
    card = (curated / "README.md").read_text(encoding="utf-8")
    _, head, body = card.split("---\n", 2)
    metadata = OmegaConf.create(head)

    assert metadata.size_categories == ["n<1K"]
    assert metadata.license == "other"
    assert re.search(r"\| s2 \| MIT \| \d+ \|", body)
    assert re.search(r"\| s1 \| not named \| \d+ \|", body)


@pytest.mark.parametrize(
    ("steps", "said", "unsaid"),
    [
        ("repair", ("Not split", "**Not de-identified**"), ("lie in one split", "were replaced", "`split`")),
        ("deidentify,split", ("lie in one split", "were replaced", "`split`"), ("Not split", "Not de-identified")),
    ],
)
def test_the_card_claims_only_what_was_done(
    steps: str, said: tuple[str, ...], unsaid: tuple[str, ...], tmp_path: Path
) -> None:
    raw = small.write_jsonl(tmp_path / "raw.jsonl", [{"input": "Why does it itch?", "output": "Dry skin, mostly."}])
    chosen = small.config(raw, tmp_path / "out", "curation.workers=1", f"curation.steps=[{steps}]")

    card = (curate(chosen, Console(quiet=True)) / "README.md").read_text(encoding="utf-8")

    assert all(words in card for words in said)
    assert not any(words in card for words in unsaid)


def test_report_json_holds_no_text_of_a_row(curated: Path) -> None:
    text = (curated / "report.json").read_text()

    assert "word1" not in text
    assert "alert" not in text


def test_a_tokenizer_is_found_counted_with_and_named(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415

    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1, "[UNK]": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = tmp_path / "some-model-1"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))

    found = tokenizer_file(str(tmp_path / "some-model-*"))
    assert found == folder / "tokenizer.json" == tokenizer_file(str(folder))
    assert token_counter(str(found))(["a, b", "", "a"]) == [3, 0, 1]
    assert token_counter(None)(["a, b", "", "a"]) == [2, 0, 1]
    assert tokenizer_file(None) is tokenizer_file(str(tmp_path / "other-*")) is None
    with pytest.raises(ConfigError, match=r"curation\.report\.tokenizer"):
        tokenizer_file(str(tmp_path / "other"))
