"""Two folders change places, in one move or in the order that loses nothing."""

from pathlib import Path

import pytest

from medgenius import exchange as module
from medgenius.exchange import exchange


def folders(tmp_path: Path) -> tuple[Path, Path]:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / f"from-{folder.name}").touch()
    return one, other


@pytest.mark.parametrize("in_one_move", [True, False])
def test_two_folders_change_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one_move: bool) -> None:
    if not in_one_move:
        monkeypatch.setattr(module, "_swap", lambda *_: False)
    one, other = folders(tmp_path)

    exchange(one, other)

    assert [path.name for path in one.iterdir()] == ["from-other"]
    assert [path.name for path in other.iterdir()] == ["from-one"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]


def test_in_one_move_no_moment_lacks_either_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a second move")

    one, other = folders(tmp_path)
    monkeypatch.setattr(Path, "rename", refuse)

    exchange(one, other)

    assert (other / "from-one").exists()


def test_where_the_second_move_fails_the_first_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_swap", lambda *_: False)
    one, other = folders(tmp_path)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self == one:
            raise OSError("no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="no"):
        exchange(one, other)

    assert (other / "from-other").exists()
