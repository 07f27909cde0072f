"""API keys: shown once, kept as hashes, taken by nobody else."""

import subprocess
import sys
from pathlib import Path

import pytest

from medgenius.errors import ConfigError
from medgenius.serving.gate import Rate
from medgenius.serving.keys import Keys, add_key, hash_of, new_key


def test_a_key_is_known_by_its_hash_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    command = [sys.executable, "-m", "medgenius.serving.keys", str(file), "clinic"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    second = add_key(file, "lab")
    keys = Keys.read(file)

    assert shown not in file.read_text(encoding="utf-8")
    assert hash_of(shown) in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    assert (keys.owner(f"Bearer {shown}"), keys.owner(f"bearer {second}")) == ("clinic", "lab")
    assert keys.owner(shown) is keys.owner(f"Basic {shown}") is keys.owner(f"Bearer {new_key()}") is None
    assert keys.owner(f"Bearer {hash_of(shown)}") is None


def test_a_key_gets_a_line_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    first = add_key(file, "clinic")
    file.write_text(file.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    second = add_key(file, "lab")

    assert [Keys.read(file).owner(f"Bearer {key}") for key in (first, second)] == ["clinic", "lab"]


@pytest.mark.parametrize(("text", "says"), [("", "no key in it"), ("clinic secret-key", "line 1 is not")])
def test_a_file_that_is_none_is_refused_without_being_shown(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=says) as raised:
        Keys.read(file)
    assert "secret-key" not in str(raised.value)


def test_a_rate_allows_a_minutes_worth_at_once_and_then_a_steady_drip() -> None:
    rate = Rate(6)

    assert [rate.wait("a", 0.0) for _ in range(6)] == [0] * 6
    assert rate.wait("a", 0.0) == pytest.approx(10)
    assert rate.wait("b", 0.0) == 0
    assert rate.wait("a", 10.0) == 0
    assert rate.wait("a", 10.0) > 0
    assert [rate.wait("a", 1e6) > 0 for _ in range(7)] == [False] * 6 + [True]
