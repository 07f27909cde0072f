"""Real runs on a model of a folder or of the hub: which weights they stand on, and what a finished one needs."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from medgenius.config.model import HubModel
from medgenius.errors import RunError
from medgenius.inference.tuned import load_tuned
from medgenius.model.identity import base_identity
from medgenius.runs import Run
from tests.model.folders import edit, hub, tiny_folder
from tests.processes import train, write_dialogues
from tests.support import ROOT, cache_dir, composed

_QUICK = (
    *("lora.r=4", "data=jsonl", "data.max_length=256", "trainer.max_steps=1", "trainer.batch_size=8"),
    *("trainer.compile=false", "tracking=off", "tracking.log_samples=false", "run.name=first"),
)


def train_anew(*line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process that imports everything itself, under these variables."""
    return subprocess.run(
        [sys.executable, "train.py", *line],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=240,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )


def line_of(root: Path) -> list[str]:
    model = [f"model.repository={root}/model", "model.quantization=none"]
    return ["model=llama3_2_1b", *model, *_QUICK, f"data.path={root}/dialogues.jsonl", f"run.root={root}"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, dialogues and a finished run called `first`."""
    root = tmp_path_factory.mktemp("made")
    tiny_folder(root)
    write_dialogues(root / "dialogues.jsonl")
    done = train(*line_of(root))
    assert done.returncode == 0, done.stderr
    return root


def change_a_weight(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"] += 1
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_run_does_not_go_on_with_other_weights(made: Path) -> None:
    kept = (made / "model/model.safetensors").read_bytes()
    summary = (made / "first/summary.json").read_bytes()
    (made / "first/summary.json").unlink()  # as if it had been killed before the end
    try:
        change_a_weight(made / "model")
        refused = train(f"run.resume={made}/first")

        assert refused.returncode == 1
        assert refused.stderr.strip() == (
            f"error: model.repository={made}/model: its weights are others than when {made}/first began; "
            "put those back, or start a new run"
        )
        (made / "model/model.safetensors").write_bytes(kept)
        assert train(f"run.resume={made}/first").returncode == 0
    finally:
        (made / "model/model.safetensors").write_bytes(kept)
        (made / "first/summary.json").write_bytes(summary)


def test_a_run_is_neither_measured_nor_asked_with_other_weights(made: Path) -> None:
    kept = (made / "model/model.safetensors").read_bytes()
    try:
        change_a_weight(made / "model")

        with pytest.raises(RunError, match=r"its weights are others than when .*first began"):
            load_tuned(Run(made / "first", "first"))
    finally:
        (made / "model/model.safetensors").write_bytes(kept)
    load_tuned(Run(made / "first", "first"))


def test_the_adapter_names_its_base_with_the_revision(made: Path) -> None:
    settings = json.loads((made / "first/adapter/adapter_config.json").read_text())

    assert (settings["base_model_name_or_path"], settings["revision"]) == (f"{made}/model", "main")


def test_a_finished_run_says_so_whatever_is_gone(made: Path) -> None:
    (made / "dialogues.jsonl").rename(made / "away.jsonl")
    try:
        for line in ([f"run.resume={made}/first"], [*line_of(made), "run.resume=auto"]):
            said = train(*line)
            assert (said.returncode, said.stderr) == (0, "")
            assert said.stdout.strip() == f"{made}/first has finished: its adapter is {made}/first/adapter"
    finally:
        (made / "away.jsonl").rename(made / "dialogues.jsonl")


@pytest.mark.parametrize("resume", [("run.resume=auto",), ()])
def test_a_run_that_begins_still_needs_its_data(resume: tuple[str, ...], tmp_path: Path) -> None:
    refused = train("model=tiny", *_QUICK, f"data.path={tmp_path}/absent.jsonl", f"run.root={tmp_path}", *resume)

    assert refused.returncode == 2
    assert refused.stderr.strip() == f"error: data.path={tmp_path}/absent.jsonl: there is no such file"
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_without_some_characters_gets_others(made: Path, tmp_path: Path) -> None:
    done = train_anew(
        *("model=tiny", *_QUICK, f"data.path={made}/dialogues.jsonl", f"run.root={tmp_path}"),
        PYTHONIOENCODING="latin-1",
    )

    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr


def test_each_part_of_a_folder_counts_and_nothing_else(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path)
    first = base_identity(hub(folder), cache_dir())
    (folder / "notes.txt").touch()
    assert base_identity(hub(folder), cache_dir()) == first

    edit(folder / "config.json", rms_norm_eps=1e-3)
    second = base_identity(hub(folder), cache_dir())
    change_a_weight(folder)
    assert len({first, second, base_identity(hub(folder), cache_dir())}) == 3


def test_a_repository_is_known_by_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, cached = "0123456789abcdef" * 2 + "01234567", tmp_path / "hub/models--some--llama"
    shutil.copytree(tiny_folder(tmp_path), cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs/main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    assert base_identity(hub(Path("some/llama")), cache_dir()) == commit


def test_a_repository_below_home_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    model = composed("model=llama3_2_1b", "model.repository='~/m'").model

    assert isinstance(model, HubModel)
    assert model.repository == f"{tmp_path}/m"


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[None]]]:
    """A host that ends every connection at once, and how many there were."""
    tried: list[None] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                tried.append(None)
                connection.close()

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", tried
        listening.shutdown(socket.SHUT_RDWR)


def test_a_hub_that_does_not_answer_is_asked_once(tmp_path: Path) -> None:
    with hanging_up() as (host, tried):
        refused = train_anew(
            *("model=llama3_2_1b", "model.repository=some/llama", "tracking=off", f"run.root={tmp_path}"),
            HF_ENDPOINT=host,
            HF_HUB_OFFLINE="0",
            HF_HOME=str(tmp_path / "home"),
        )

    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        f"error: model some/llama can't be loaded: {host} can't be reached, and the cache lacks some of its files"
    )
    assert len(tried) <= 2  # ours, and one question that the hub's library has once for itself


def test_memory_of_before_is_not_counted_as_the_runs(made: Path, tmp_path: Path) -> None:
    """As in a multirun, whose jobs follow each other in one process."""
    most = 3 << 30
    line = ["train.py", "model=tiny", *_QUICK, f"data.path={made}/dialogues.jsonl", f"run.root={tmp_path}"]
    before = f"import sys; before = b'1' * len(range({most})); del before; sys.argv = {line}"
    code = f"{before}; from medgenius.cli import train_main; sys.exit(train_main())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "first/summary.json").read_text())["peak_memory_bytes"] < most
