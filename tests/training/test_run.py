"""Whole runs of the command line on the tiny model, in processes of their own."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoTokenizer

from medgenius.data.steps import Pass
from medgenius.model.backbone import load_backbone
from medgenius.model.loss import target_loss_sum
from tests.processes import train
from tests.support import cache_dir, composed, random_examples
from tests.wandb_files import read_offline_run

_QUICK = ("model=tiny", "data.max_rows=60", "data.max_length=512", "tracking.samples=1", "tracking.sample_tokens=4")
_SMALLEST = (*_QUICK, "data.max_rows=20", "trainer.batch_size=8")


def command(root: Path, *overrides: str) -> subprocess.CompletedProcess[str]:
    return train(*overrides, f"run.root={root}")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    done = command(tmp_path_factory.mktemp("runs"), *_QUICK, "tracking=online", "lora.r=4", "trainer.epochs=2")
    assert done.returncode == 0, done.stderr
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("run: ")
    return Path(last.removeprefix("run: "))


def test_run_directory_is_named_after_the_overrides_and_holds_what_a_run_leaves(finished: Path) -> None:
    assert finished.name.endswith("lora.r=4,trainer.epochs=2")
    names = sorted(path.name for path in finished.iterdir())
    folders = ["adapter", "checkpoints", "wandb"]
    files = [
        "config.yaml",
        "metrics.jsonl",
        "report.html",
        "samples.jsonl",
        "start.json",
        "summary.json",
    ]
    assert names == sorted(folders + files)


def test_summary_holds_the_promised_figures(finished: Path) -> None:
    summary = json.loads((finished / "summary.json").read_text())
    assert summary["status"] == "finished"
    assert summary["steps"] == 4  # 54 dialogues in steps of 32, twice
    assert summary["training_dialogues"] + summary["validation_dialogues"] == 60
    assert summary["validation_loss_after"] < summary["validation_loss_before"]
    assert summary["real_tokens"] > summary["target_tokens"] > 0
    assert summary["cost"]["amount"] == pytest.approx(summary["seconds"] / 3600 * summary["cost"]["per_hour"])
    assert summary["rows_skipped"] == 0
    assert {"tokens_per_second", "peak_memory_bytes", "trainable_parameters"} <= summary.keys()
    hardware = summary["hardware"]
    assert (hardware["cores"], hardware["gpu"]) == (len(os.sched_getaffinity(0)), None)
    assert hardware["processor"]
    assert hardware["memory_bytes"] > summary["peak_memory_bytes"]


def test_metrics_tell_every_step(finished: Path) -> None:
    entries = [json.loads(line) for line in (finished / "metrics.jsonl").read_text().splitlines()]
    steps = [entry for entry in entries if "train/loss" in entry]
    assert len(steps) == 4
    for entry in steps:
        assert {"train/learning_rate", "train/gradient_norm", "tokens/real", "tokens_per_second"} <= entry.keys()
    assert [entry["tokens/real"] for entry in steps] == sorted(entry["tokens/real"] for entry in steps)
    validated = [(entry["step"], entry["validation/loss"]) for entry in entries if "validation/loss" in entry]
    assert len(validated) == 3  # before, and after each epoch
    assert validated[0] == (0, json.loads((finished / "summary.json").read_text())["validation_loss_before"])


def test_wandb_went_offline_and_its_file_holds_the_whole_run(finished: Path) -> None:
    offline = read_offline_run(finished)
    local = [json.loads(line) for line in (finished / "metrics.jsonl").read_text().splitlines()]

    assert offline.name.endswith("lora.r=4,trainer.epochs=2")
    assert offline.job_type == "train"
    assert (offline.config["lora.r"], offline.config["trainer.epochs"]) == ("4", "2")
    for metric in ("train/loss", "validation/loss"):
        wanted = [entry[metric] for entry in local if metric in entry]
        assert offline.points(metric) == pytest.approx(wanted)
        against_tokens = [point["tokens/real"] for point in offline.history if f"by_tokens/{metric}" in point]
        assert len(against_tokens) == len(wanted)
        assert against_tokens == sorted(against_tokens)
    for metric in ("train/learning_rate", "train/gradient_norm", "tokens_per_second", "peak_memory_bytes"):
        assert len(offline.points(metric)) == 4
    assert any(name.startswith("samples") for point in offline.history for name in point)
    assert offline.exit_code == 0


def test_checkpoints_hold_the_adapter_and_no_frozen_weight(finished: Path) -> None:
    checkpoints = sorted((finished / "checkpoints").iterdir())
    assert [path.name for path in checkpoints] == ["step-000002", "step-000004"]
    with safe_open(checkpoints[-1] / "adapter.safetensors", framework="pt") as stored:
        names = list(stored.keys())
    assert names
    assert all("lora_" in name for name in names)


def test_adapter_reloads_in_plain_peft_with_the_same_loss(finished: Path) -> None:
    config = composed("model=tiny")
    base = load_backbone(config.model, cache_dir(), torch.float32, torch.device("cpu"))
    model = PeftModel.from_pretrained(base, str(finished / "adapter"))
    with safe_open(finished / "checkpoints/step-000004/adapter.safetensors", framework="pt") as trained:
        state = {name: trained.get_tensor(name) for name in trained.keys()}  # noqa: SIM118
    loaded = {name.replace(".default", ""): p for name, p in model.named_parameters() if "lora_" in name}
    assert loaded.keys() == state.keys()
    for name, tensor in state.items():
        assert torch.equal(loaded[name], tensor), name
    examples = random_examples((20, 30))
    model.eval()
    with torch.no_grad():
        with_adapter = target_loss_sum(model, Pass.of(examples)).item()
        with model.disable_adapter():
            without = target_loss_sum(model, Pass.of(examples)).item()
    assert with_adapter != pytest.approx(without, rel=1e-6)


def test_published_tokenizer_carries_the_chat_template(finished: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(finished / "adapter")
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "My knee clicks."}], tokenize=False, add_generation_prompt=True
    )
    assert text == "<s>### Input:\nMy knee clicks.\n\n### Response:\n"


def test_numbers_that_are_not_finite_stop_the_run_and_keep_the_last_good_adapter(tmp_path: Path) -> None:
    failed = command(tmp_path, *_SMALLEST, "tracking=offline", "optimizer.learning_rate=1e38", "run.name=wild")
    assert failed.returncode == 1
    assert failed.stderr.strip().splitlines()[-1].startswith("error: the ")
    assert "Traceback" not in failed.stderr
    summary = json.loads((tmp_path / "wild/summary.json").read_text())
    assert summary["status"] == "failed"
    assert "step" in summary["error"]
    assert read_offline_run(tmp_path / "wild").exit_code == 1
    (checkpoint,) = (tmp_path / "wild/checkpoints").iterdir()
    with safe_open(checkpoint / "adapter.safetensors", framework="pt") as stored:
        assert stored.keys()


def test_multirun_runs_each_value_and_prints_one_table(tmp_path: Path) -> None:
    done = command(tmp_path, "-m", *_SMALLEST, "tracking=off", "trainer.max_steps=1", "run.name=ranks", "lora.r=2,4")
    assert done.returncode == 0, done.stderr
    directories = sorted((tmp_path / "ranks").glob("[0-9]_*"))
    assert [path.name.split("lora.r=")[1][:1] for path in directories] == ["2", "4"]
    parameters = [json.loads((path / "summary.json").read_text())["trainable_parameters"] for path in directories]
    assert parameters[1] == 2 * parameters[0]
    assert "2 runs" in done.stdout
    assert "lora.r=4" in done.stdout


def test_bad_rows_stop_the_run_or_are_skipped_and_counted(tmp_path: Path) -> None:
    data = tmp_path / "mine.jsonl"
    good = [json.dumps({"input": f"Question {i}?", "output": f"Answer {i}."}) for i in range(20)]
    data.write_text("\n".join([*good, '{"input": "cut', json.dumps({"input": "x", "output": ""})]) + "\n")
    overrides = ("model=tiny", "data=jsonl", f"data.path={data}", "tracking=off", "trainer.epochs=1")
    stopped = command(tmp_path, *overrides)
    assert stopped.returncode == 1
    assert f"{data}:21: " in stopped.stderr
    assert f"{data}:22: " in stopped.stderr
    skipping = command(tmp_path, *overrides, "data.on_bad_row=skip", "run.name=skipping")
    assert skipping.returncode == 0, skipping.stderr
    assert json.loads((tmp_path / "skipping/summary.json").read_text())["rows_skipped"] == 2
    named = [json.loads(line) for line in (tmp_path / "skipping/skipped_rows.jsonl").read_text().splitlines()]
    assert [row["where"] for row in named] == [f"{data}:21", f"{data}:22"]
    assert not (tmp_path / "skipping/samples.jsonl").exists()  # other people's words are not written out unasked


def test_taken_run_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    refused = command(tmp_path, *_QUICK, "run.name=taken")
    assert refused.returncode == 1
    choices = "go on with it (run.resume=auto), choose another run.name, or remove it"
    assert refused.stderr.strip() == f"error: {tmp_path}/taken exists already: {choices}"
