"""The model card: read by the Hub's own parser, and true to the run's files."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from medgenius.config import app
from medgenius.config.publish import BaseWeights, PublishConfig, PublishSettings
from medgenius.errors import PublishError
from medgenius.publishing.card import Published, model_card
from medgenius.publishing.facts import Base, Facts, Hardware, read_facts, unfit
from medgenius.publishing.findings import Fidelity
from medgenius.publishing.folders import write_adapter
from medgenius.publishing.trained_base import rounding_of
from medgenius.runs import Run, write_config
from tests.publishing.conftest import CAVEAT, evaluate
from tests.support import composed


def settings(*formats: str) -> PublishSettings:
    return app.composed(
        PublishConfig, "run.path=/", "output=/nowhere", f"publish.formats=[{','.join(formats)}]"
    ).publish


WHOLE = Published("tiny", settings("adapter", "merged"), ["README.md"], Fidelity(0.0123, 0.987, 4567, 20), [])


@pytest.fixture(scope="module")
def facts(evaluated_run: Run) -> Facts:
    return read_facts(evaluated_run, None, None)


def metadata(card: str) -> dict[str, object]:
    found: dict[str, object] = ModelCard(card).data.to_dict()  # type: ignore[no-untyped-call]
    return found


def test_the_hub_reads_its_metadata(facts: Facts) -> None:
    data = metadata(model_card(facts, WHOLE))
    assert (data["license"], data["library_name"]) == ("apache-2.0", "transformers")
    assert data["pipeline_tag"] == "text-generation"
    assert "base_model" not in data  # a random model has none
    named = replace(facts, base=replace(facts.base, repository="owner/base", licence="llama3.2"))
    for formats, library, relation in (
        (["adapter"], "peft", "adapter"),
        (["merged", "gguf"], "transformers", "finetune"),
        (["gguf"], "gguf", "finetune"),
    ):
        found = metadata(model_card(named, replace(WHOLE, settings=settings(*formats))))
        assert (found["library_name"], found["base_model_relation"]) == (library, relation)
        assert (found["base_model"], found["license"]) == ("owner/base", "llama3.2")


def test_it_says_what_the_run_says(facts: Facts) -> None:
    card = model_card(facts, WHOLE)
    summary = json.loads(facts.run.summary.read_text())
    for figure in (
        f"| dialogues for training | {summary['training_dialogues']} |",
        f"| rows left out | {summary['rows_skipped']} |",
        f"{summary['validation_loss_before']:.4g} before and {summary['validation_loss_after']:.4g} after",
        f"| trained parameters | {summary['trainable_parameters']:,} |",
        "r 4, alpha 32, dropout 0.05, on q_proj",
        "| rouge_l | 0.11 | 0.17 | +0.06 | +0.04 to +0.083 | 46 | 0 |",
        "mean KL divergence of the merged model is 0.0123 nats",
        "in 98.7%",
        f"{summary['hardware']['processor']}, {summary['hardware']['cores']} cores, ",
        "; 1 process(es) |",
        "| energy | not known: no meter was read |",
        "Base: apache-2.0. Training data: apache-2.0.",
        "python train.py model=tiny lora.r=4 data.max_length=512 data.max_rows=60 trainer.epochs=2",
    ):
        assert figure in card
    for limit in ("does not replace professional advice", "cannot diagnose", "not for emergencies"):
        assert limit in card
    assert "by force" not in card


def test_caveats_and_what_was_not_measured_stand_beside_the_numbers(facts: Facts) -> None:
    results = model_card(facts, WHOLE).partition("## Results")[2].partition("###")[0]
    assert f"paired difference.\n\n- {CAVEAT}\n- not measured: judge\n" in results


def with_other_adapter(run: Run) -> None:
    file = run.adapter / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes() + b"\0")


def with_retrieval(run: Run) -> None:
    evaluate(run, system="rag")


def without_records(run: Run) -> None:
    run.evaluation.records.unlink()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (with_retrieval, "what was evaluated is evaluation.system=rag, not its model"),
        (with_other_adapter, "what was evaluated is another adapter"),
        (without_records, "or has no records"),
    ],
)
def test_numbers_of_another_model_are_not_those_of_the_run(
    spoil: Callable[[Run], None], says: str, facts: Facts, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run", "run")
    shutil.copytree(facts.run.path, run.path)
    spoil(run)

    found = read_facts(run, None, None)

    (objection,) = unfit(found)
    assert says in objection
    assert "This model was not evaluated." in model_card(found, WHOLE)
    assert "rouge_l" not in model_card(found, WHOLE)


@pytest.mark.parametrize(
    ("quantization", "weights", "base", "says"),
    [
        ("nf4", "full", None, "in 4-bit NF4, and merged into its full-precision weights."),
        ("nf4", "trained", None, "in 4-bit NF4, and merged into those 4-bit weights, unpacked into full precision."),
        ("none", "full", None, "in full precision, and merged into its full-precision weights."),
        ("prequantized", "full", "owner/whole", "in 4 bits as stored, and merged into the full-precision weights of "),
    ],
)
def test_a_merge_is_told_as_it_was_made(
    quantization: str, weights: BaseWeights, base: str | None, says: str, facts: Facts
) -> None:
    update: dict[str, object] = {"quantization": quantization}
    model = facts.config.model.model_copy(update=update)
    merged_into = Base(base, "the hub", "llama3.2") if base else None
    of = replace(facts, config=facts.config.model_copy(update={"model": model}), merged_into=merged_into)
    card = model_card(of, replace(WHOLE, settings=WHOLE.settings.model_copy(update={"base_weights": weights})))
    assert says in card
    if base:
        assert "full-precision weights of owner/whole." in card
        assert "Base: apache-2.0. Merged into owner/whole: llama3.2. " in card
    if quantization != "nf4":
        with pytest.raises(PublishError, match=f"and the run has {quantization}: leave it at full"):
            rounding_of(of.config)


def test_hardware_is_told_as_far_as_the_run_tells_it(facts: Facts) -> None:
    one = Hardware(processor="A CPU", cores=8, memory_bytes=64_000_000_000, gpu="A GPU")

    def told(hardware: Hardware | None) -> str:
        summary = facts.summary.model_copy(update={"hardware": hardware})
        return model_card(replace(facts, summary=summary), WHOLE)

    assert "| hardware | A GPU beside A CPU, 8 cores, 64 GB of memory; 1 process(es) |" in told(one)
    assert "| hardware | not recorded; 1 process(es) |" in told(None)


def test_safety_and_memorisation_have_their_own_place(facts: Facts) -> None:
    card = model_card(facts, WHOLE)
    safety = card.partition("### Safety")[2].partition("### Memorisation")
    assert "| safety/emergency_recall | 0.5 | 0.75 | +0.25 | -0.01 to +0.5 | 8 | 1 |" in safety[0]
    assert safety[2].lstrip().startswith("Not measured.")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_local_folder_is_no_repository(facts: Facts, tmp_path: Path, *, is_there: bool) -> None:
    model, data = tmp_path / "llama", tmp_path / "patients"
    if is_there:
        model.mkdir()
        data.mkdir()
    run = Run(tmp_path / "run", "run")
    shutil.copytree(facts.run.path, run.path)
    config = composed("model=llama3_2_1b", "data=hub", f"model.repository={model}", f"data.name={data}")
    write_config(run, config)

    local = read_facts(run, None, None)
    card = model_card(local, WHOLE)
    write_adapter(local, tmp_path / "adapter")

    assert {"base_model", "base_model_relation", "datasets"}.isdisjoint(metadata(card))
    assert "a local folder" in card
    for text in (card, (tmp_path / "adapter" / "adapter_config.json").read_text()):
        assert str(tmp_path) not in text


def test_a_curated_file_brings_its_sources_and_licences(evaluated_run: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "run", "run")
    shutil.copytree(evaluated_run.path, run.path)
    data = tmp_path / "clean" / "dialogues.jsonl"
    data.parent.mkdir()
    report = {
        "title": "Clean",
        "rows_in": 900,
        "rows_kept": 812,
        "sources": {"clinic": {"cc-by-4.0": 800}, "forum": {"": 12}},
        "languages": {"en": 800, "unclear": 12},
        "deidentification": {"name": 31, "phone": 0},
        "steps": [],
    }
    (data.parent / "report.json").write_text(json.dumps(report))
    text = run.config.read_text().replace("source: sample", f"source: file\n  path: {data}")
    run.config.write_text(text)

    facts = read_facts(run, "mit", None)
    card = model_card(facts, WHOLE)

    assert "812 of 900 raw rows stayed" in card
    assert "| clinic | cc-by-4.0 | 800 |" in card
    assert "Identifiers replaced: 31 name." in card
    assert "Base: mit. Training data: cc-by-4.0." in card
    assert metadata(card)["language"] == ["en"]
    assert "data.path=dialogues.jsonl" in card
    assert str(tmp_path) not in card
    (data.parent / "report.json").write_text("[]")
    assert "Training data: not known" in model_card(read_facts(run, None, None), WHOLE)
    assert read_facts(run, None, "cc0-1.0").data.licence == "cc0-1.0"
