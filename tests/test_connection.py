"""Where W&B is looked for, and why it is not used; nothing here leaves the machine."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from medgenius.connection import wandb_mode


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person who has told W&B nothing."""
    for name in os.environ:
        if name.startswith("WANDB_") or name.lower().endswith("_proxy") or name == "NETRC":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def port() -> Iterator[int]:
    """Something listens there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def store_key(home: Path, place: str, password: str = "0" * 40) -> None:
    """As `wandb login` does."""
    (home / ".netrc").write_text(f"machine {place}\n  login user\n  password {password}\n")
    (home / ".netrc").chmod(0o600)


def store_settings(file: Path, **values: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("[default]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()))


def test_a_key_is_found_by_host_and_by_host_and_port(home: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{port}")
    assert wandb_mode("online") == ("offline", "no key: `wandb login` or WANDB_API_KEY")

    for place in (f"127.0.0.1:{port}", "127.0.0.1"):
        store_key(home, place)
        assert wandb_mode("online") == ("online", None)


def test_without_a_home_directory_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container whose user is a number alone."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 12345678)
    assert wandb_mode("online") == ("offline", "no key: `wandb login` or WANDB_API_KEY")


def test_a_host_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{closed}")

    assert wandb_mode("online") == ("offline", "no connection to 127.0.0.1")


def test_a_key_of_another_file_is_found(home: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{port}")
    store_key(home, f"127.0.0.1:{port}")
    (home / ".netrc").rename(home / "keys")
    monkeypatch.setenv("NETRC", str(home / "keys"))

    assert wandb_mode("online") == ("online", None)


@pytest.mark.parametrize("place", ["api.wandb.ai", "api.forge.coreweave.com"])
def test_a_key_of_the_public_service_is_one_under_both_of_its_names(
    place: str, home: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_key(home, place)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")

    assert wandb_mode("online") == ("online", None)


@pytest.mark.parametrize("file", [".config/wandb/settings", "wandb/settings"])
def test_the_host_of_wandbs_settings_is_asked(file: str, home: Path, port: int) -> None:
    store_settings(home / file, base_url=f"http://127.0.0.1:{port}")
    store_key(home, f"127.0.0.1:{port}")

    assert wandb_mode("online") == ("online", None)


def test_the_environment_goes_before_the_settings(home: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    store_settings(home / ".config/wandb/settings", base_url="http://elsewhere.invalid", mode="offline")
    store_key(home, f"127.0.0.1:{port}")
    assert wandb_mode("online") == ("offline", "W&B's settings: mode=offline")

    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("WANDB_MODE", "online")
    assert wandb_mode("online") == ("online", None)


@pytest.mark.parametrize("mode", ["offline", "disabled", "dryrun"])
def test_a_mode_of_the_environment_is_kept_to(mode: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("WANDB_MODE", mode)

    assert wandb_mode("online") == ("offline", f"WANDB_MODE={mode}")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_behind_a_proxy_the_proxy_is_asked(scheme: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's name need not be known here."""
    monkeypatch.setenv("WANDB_BASE_URL", f"{scheme}://wandb.invalid")
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert wandb_mode("online") == ("offline", "no connection to wandb.invalid")

    monkeypatch.setenv(f"{scheme}_proxy", f"http://me:secret@127.0.0.1:{port}")
    assert wandb_mode("online") == ("online", None)

    monkeypatch.setenv("no_proxy", "wandb.invalid")
    assert wandb_mode("online") == ("offline", "no connection to wandb.invalid")


def test_a_proxy_that_is_silent_is_named_without_its_password(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("http_proxy", "http://me:secret@proxy.invalid:3128")
    assert wandb_mode("online") == ("online", None)  # this machine itself is reached without

    monkeypatch.setenv("WANDB_BASE_URL", "http://wandb.invalid")
    assert wandb_mode("online") == ("offline", "no connection to the proxy proxy.invalid")


@pytest.mark.parametrize("url", ["wandb.example", "http://wandb.example:many", "localhost:8080"])
def test_what_is_no_address_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", url)
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)

    assert wandb_mode("online") == ("offline", f"{url} is no address of a server")


def test_damaged_files_of_wandb_are_as_good_as_none(home: Path) -> None:
    (home / "wandb").mkdir()
    (home / "wandb/settings").write_bytes(b"\xff no section")
    (home / ".netrc").write_text("machine")

    assert wandb_mode("online") == ("offline", "no key: `wandb login` or WANDB_API_KEY")
