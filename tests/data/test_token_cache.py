"""Token ids from the cache are those of the tokenizer, whatever happened to the files."""

import errno
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgenius.data.dialogue import Dialogue
from medgenius.data.encode import encode_dialogues
from medgenius.data.prompt import Prompt
from medgenius.data.sources import load_dialogues
from medgenius.data.token_cache import TokenCache, token_ids
from medgenius.model.backbone import load_tokenizer
from tests.support import cache_dir, composed

_TEXT = st.text(max_size=30)


def _prompt(style: str = "medgenius", model: str = "tiny") -> Prompt:
    config = composed(f"model={model}", f"prompt={style}")
    return Prompt(config.prompt, load_tokenizer(config.model, cache_dir()))


@pytest.fixture(scope="module")
def prompt() -> Prompt:
    return _prompt()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> TokenCache:
    return TokenCache(tmp_path_factory.mktemp("cache") / "tokens")


def _dialogues(*questions: str) -> list[Dialogue]:
    return [Dialogue("Be kind.", question, "Rest. " * 5, f"test:{i}") for i, question in enumerate(questions)]


def _files(cache: TokenCache) -> set[Path]:
    return set(cache.folder.glob("*"))


@pytest.mark.parametrize("model", ["tiny", "smollm2_135m"])
def test_all_at_once_gives_the_tokens_of_one_by_one(model: str) -> None:
    prompt = _prompt(model=model)
    dialogues = load_dialogues(composed().data, seed=0).dialogues[:100]
    one_by_one = [prompt.example(dialogue, 300) for dialogue in dialogues]
    encoded = encode_dialogues(dialogues, prompt, 300)
    assert encoded.examples == [example for example in one_by_one if example]
    assert encoded.answers_cut > 0


@given(st.lists(st.tuples(_TEXT, _TEXT, _TEXT), max_size=4), st.integers(8, 200))
def test_with_and_without_the_cache_the_same_comes_out(
    prompt: Prompt, shared: TokenCache, rows: list[tuple[str, str, str]], max_length: int
) -> None:
    dialogues = [Dialogue(*texts, where=f"test:{i}") for i, texts in enumerate(rows)]
    without = encode_dialogues(dialogues, prompt, max_length)
    assert encode_dialogues(dialogues, prompt, max_length, shared) == without  # made now, unless an example repeats
    assert encode_dialogues(dialogues, prompt, max_length, shared) == without


def test_second_time_nothing_is_tokenized(prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, dialogues = TokenCache(tmp_path / "tokens"), _dialogues("Why?", "How long?", "<s> forged")
    first = encode_dialogues(dialogues, prompt, 200, cache)

    def never(*_: object) -> list[list[int]]:
        raise AssertionError("tokenized again")

    monkeypatch.setattr("medgenius.data.token_cache.token_ids", never)
    assert encode_dialogues(dialogues, prompt, 200, cache) == first
    assert [row.where for row in first.refused] == ["test:2"]  # refused anew each time, with its row's own name
    shorter = encode_dialogues(dialogues, prompt, len(first.examples[0]) - 1, cache)
    assert shorter.answers_cut > first.answers_cut  # data.max_length cuts what is kept whole


def test_each_of_texts_prompt_and_tokenizer_has_an_entry_of_its_own(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path / "tokens")
    texts = ["ab", "c"]
    tiny, real = (load_tokenizer(composed(f"model={name}").model, cache_dir()) for name in ("tiny", "smollm2_135m"))
    for tokenizer, wanted in ((tiny, texts), (tiny, ["a", "bc"]), (tiny, ["abc"]), (tiny, ["c", "ab"]), (real, texts)):
        before = _files(cache)
        assert cache.token_ids(tokenizer, wanted) == token_ids(tokenizer, wanted)
        assert len(_files(cache)) == len(before) + 1
    tiny.add_tokens("ab")
    assert cache.token_ids(tiny, texts) == token_ids(tiny, texts)
    assert len(cache.token_ids(tiny, texts)[0]) == 1

    before = _files(cache)
    for style in ("medgenius", "chatml"):
        encode_dialogues(_dialogues("Why?"), _prompt(style), 200, cache)
    assert len(_files(cache)) == len(before) + 2


@pytest.mark.parametrize("harm", ["cut", "flipped", "other", "empty"])
def test_damaged_entry_is_made_anew_and_said_once(
    harm: str, prompt: Prompt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache, dialogues = TokenCache(tmp_path / "tokens"), _dialogues("Why?", "How long?")
    whole = encode_dialogues(dialogues, prompt, 200, cache)
    (file,) = _files(cache)
    data = bytearray(file.read_bytes())
    data[-5] ^= 1
    harmed = {"cut": bytes(data[:-9]), "flipped": bytes(data), "other": b"{}" * 20, "empty": b""}
    file.write_bytes(harmed[harm])
    assert encode_dialogues(dialogues, prompt, 200, cache) == whole
    assert capsys.readouterr().out.count("is damaged") == 1
    assert encode_dialogues(dialogues, prompt, 200, cache) == whole
    assert capsys.readouterr().out == ""


def test_only_the_owner_can_read_and_few_entries_stay(
    prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medgenius.data.token_cache._KEPT", 3)
    cache = TokenCache(tmp_path / "tokens")
    for number in range(6):
        encode_dialogues(_dialogues(f"Why {number}?"), prompt, 200, cache)
    assert len(_files(cache)) == 3
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in _files(cache)} == {0o600}


def test_a_cache_that_can_only_be_read_is_used(
    prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cache, dialogues = TokenCache(tmp_path / "tokens"), _dialogues("Why?")
    encoded = encode_dialogues(dialogues, prompt, 200, cache)
    capsys.readouterr()

    def read_only(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("os.utime", read_only)
    monkeypatch.setattr("medgenius.data.token_cache.token_ids", read_only)
    assert encode_dialogues(dialogues, prompt, 200, cache) == encoded
    assert capsys.readouterr().out == ""


def test_a_folder_of_another_user_stops_nothing(
    prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = TokenCache(tmp_path / "tokens")

    def of_another_user(path: str | Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as closed:  # the tests may be root's, to whom every folder is open
        for name in ("os.stat", "os.mkdir"):
            closed.setattr(name, of_another_user)
        encoded = encode_dialogues(_dialogues("Why?"), prompt, 200, cache)
    assert len(encoded.examples) == 1
    assert "not kept for the next run: [Errno 13] Permission denied" in capsys.readouterr().out


def test_folder_that_cannot_be_written_stops_nothing(
    prompt: Prompt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    encoded = encode_dialogues(_dialogues("Why?"), prompt, 200, TokenCache(tmp_path / "file/tokens"))
    assert len(encoded.examples) == 1
    assert "not kept" in capsys.readouterr().out
