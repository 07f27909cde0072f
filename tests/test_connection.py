"""Whether W&B is used online: with a key and a connection, and where nobody said otherwise."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from medgenius.connection import wandb_mode


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A host of one's own that answers, as `host:port`, and an empty home."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("WANDB_BASE_URL", f"http://{address}")
        yield address


def test_a_key_is_found_by_host_and_by_host_and_port(host: str, tmp_path: Path) -> None:
    assert wandb_mode("online") == ("offline", "no key: `wandb login` or WANDB_API_KEY")
    for machine in (host, host.partition(":")[0]):
        file = tmp_path / ".netrc"
        file.write_text(f"machine {machine}\n  login user\n  password {'k' * 40}\n")
        file.chmod(0o600)
        assert wandb_mode("online") == ("online", None)


@pytest.mark.parametrize("mode", ["offline", "disabled", "dryrun"])
def test_who_has_told_wandb_to_stay_offline_is_heard(mode: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    assert wandb_mode("online") == ("online", None)
    monkeypatch.setenv("WANDB_MODE", mode)
    assert wandb_mode("online") == ("offline", f"WANDB_MODE={mode}")


def test_a_host_that_does_not_answer_is_named(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{closed}")
    assert wandb_mode("online") == ("offline", "no connection to 127.0.0.1")
