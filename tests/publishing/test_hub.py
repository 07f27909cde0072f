"""Upload, against a hub on loopback: nothing in a dry run, and in a real one exactly the folder."""

import os
import shutil
import subprocess
from pathlib import Path

from medgenius.runs import Run
from tests.publishing.conftest import publish_line
from tests.publishing.stub_hub import StubHub, stub_hub
from tests.support import ROOT

Published = tuple[Path, str]
TOKEN = "hf_" + "x1Y2" * 8


def run_publish(hub: StubHub, run: Run, output: Path, *more: str) -> subprocess.CompletedProcess[str]:
    line = publish_line(run, output, "target=hub", "publish.repository=owner/name", *more)
    environment = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0", "HF_TOKEN": TOKEN}
    return subprocess.run(
        line, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_dry_run_says_what_would_go_where_and_sends_nothing(published: Published, evaluated_run: Run) -> None:
    folder, _ = published
    with stub_hub() as hub:
        done = run_publish(hub, evaluated_run, folder)
        assert done.returncode == 0, done.stderr
        assert hub.requests == []
    count = sum(file.is_file() for file in folder.rglob("*"))
    assert f"would upload {count} files" in done.stdout
    assert f"to {hub.url}/owner/name; upload them with publish.dry_run=false" in done.stdout
    for name in ("model.safetensors", "adapter/adapter_config.json", "gguf/Modelfile", "README.md"):
        assert any(line.endswith(f"  {name}") for line in done.stdout.splitlines())


def test_the_folder_that_was_looked_at_is_what_is_uploaded(published: Published, evaluated_run: Run) -> None:
    folder, _ = published
    with stub_hub() as hub:
        done = run_publish(hub, evaluated_run, folder, "publish.dry_run=false")
    assert done.returncode == 0, done.stderr
    assert hub.files == {
        str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }
    assert [(c["name"], c["organization"], c["visibility"]) for c in hub.created] == [("name", "owner", "private")]
    assert hub.tokens <= {f"Bearer {TOKEN}", None}
    assert TOKEN not in done.stdout + done.stderr


def test_a_refusal_of_the_hub_is_one_line_without_the_token(published: Published, evaluated_run: Run) -> None:
    with stub_hub() as hub:
        hub.refuse = True
        done = run_publish(hub, evaluated_run, published[0], "publish.dry_run=false")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: publish.repository=owner/name: the hub refuses: ")
    assert TOKEN not in done.stderr
    assert hub.files == {}


def test_a_folder_that_was_changed_since_is_not_uploaded(
    published: Published, evaluated_run: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(published[0], copy)
    (copy / "notes.txt").write_text("patient")
    with stub_hub() as hub:
        done = run_publish(hub, evaluated_run, copy, "publish.dry_run=false")
    assert (done.returncode, hub.requests) == (1, [])
    assert "its files were changed since" in done.stderr
