"""`medgenius publish` as a person types it: what the folder holds, and one line for everything that is refused."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from hydra.errors import HydraException
from peft import PeftModel
from rich.console import Console
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from medgenius.config import app
from medgenius.config.publish import PublishConfig, PublishSettings
from medgenius.data.sources import load_dialogues
from medgenius.errors import ConfigError, MedGeniusError, PublishError
from medgenius.model.backbone import weights_of
from medgenius.publishing import making
from medgenius.publishing.facts import read_facts
from medgenius.publishing.findings import Fidelity
from medgenius.publishing.folders import write_adapter
from medgenius.publishing.merge import Rounding, merge
from medgenius.publishing.publish import publish
from medgenius.publishing.record import must_be_whole
from medgenius.runs import Run
from tests.model.folders import edit
from tests.support import cache_dir, composed

Published = tuple[Path, str]
NEAR = "publish.fidelity.trained={max_kl:0.0015,min_agreement:0.65}"
"""Of a random model, whose most probable token is hardly more probable than others"""
AS_TRAINED = ("publish.formats=[merged]", "publish.base_weights=trained", NEAR)
LOOSE = "publish.fidelity.full={max_kl:1,min_agreement:0.2}"


def in_process(run: Run, output: Path, *more: str) -> str:
    config = app.composed(PublishConfig, f"run.path='{run.path}'", f"output={output}", *more)
    text = StringIO()
    publish(config, Console(file=text, width=200))
    return text.getvalue()


def test_the_folder_holds_all_formats_and_nothing_else(published: Published) -> None:
    folder, said = published
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}

    tokenizer = {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}
    merged = {"model.safetensors", "config.json", "generation_config.json", *tokenizer}
    adapter = {f"adapter/{name}" for name in {"adapter_model.safetensors", "adapter_config.json", *tokenizer}}
    gguf = {f"gguf/r-4-tiny-{kind}.gguf" for kind in ("F16", "Q8_0", "Q4_0")} | {"gguf/Modelfile"}
    assert files == merged | adapter | gguf | {"README.md", "publish.json"}
    assert f"published: {folder}" in said
    assert "verified in a fresh process: 6 dialogues, equal prompt tokens" in said
    assert not list(folder.parent.glob(".*"))


def test_no_text_of_the_data_and_no_path_of_this_machine_is_in_it(published: Published, tiny_run: Run) -> None:
    texts = [file.read_bytes() for file in published[0].rglob("*") if file.is_file()]
    for dialogue in load_dialogues(composed("model=tiny", "data.max_rows=60").data, 42).dialogues:
        assert not any(dialogue.input.encode() in text or dialogue.output.encode() in text for text in texts)
    assert not any(str(tiny_run.path.parent).encode() in text for text in texts)
    assert not any(str(cache_dir()).encode() in text for text in texts)


def test_the_adapter_alone_loads_with_peft(published: Published, tiny_run: Run) -> None:
    base = AutoModelForCausalLM.from_pretrained(weights_of(composed("model=tiny").model, cache_dir())[0])
    loaded = PeftModel.from_pretrained(base, published[0] / "adapter")
    for name, tensor in load_file(tiny_run.adapter / "adapter_model.safetensors").items():
        assert loaded.get_parameter(name.replace(".weight", ".default.weight")).equal(tensor)


def test_the_record_says_what_was_measured(published: Published) -> None:
    record = json.loads((published[0] / "publish.json").read_text())
    assert record["objections"] == []
    assert 0 < record["fidelity"]["kl"] < 1
    assert record["verified"]["items"] == 6
    assert set(record["files"]) == {
        str(file.relative_to(published[0])) for file in published[0].rglob("*") if file.is_file()
    } - {"publish.json"}


def test_what_is_there_is_taken_only_with_the_settings_it_was_made_with(
    published: Published, evaluated_run: Run
) -> None:
    must_be_whole(published[0], evaluated_run, settings(LOOSE))
    with pytest.raises(PublishError, match=r"exists already with publish\.base_weights=full: choose another"):
        must_be_whole(published[0], evaluated_run, settings("publish.base_weights=trained"))
    with pytest.raises(PublishError, match="exists already with adapter, merged, gguf: choose another"):
        must_be_whole(published[0], evaluated_run, settings("publish.formats=[adapter]"))
    for key in ("licence", "data_licence", "base"):
        with pytest.raises(PublishError, match=rf"exists already with publish\.{key}=null: choose another"):
            must_be_whole(published[0], evaluated_run, settings(f"publish.{key}=other"))


def test_what_is_there_must_keep_the_limits_in_force(published: Published, evaluated_run: Run, tmp_path: Path) -> None:
    must_be_whole(published[0], evaluated_run, settings("publish.verify=true", LOOSE))
    for limits, says in (
        ("{max_kl:0.0001,min_agreement:0}", r"the merged model is not the one .* mean KL"),
        ("{max_kl:9,min_agreement:1}", r"the merged model is not the one"),
    ):
        with pytest.raises(PublishError, match=says):
            must_be_whole(published[0], evaluated_run, settings(f"publish.fidelity.full={limits}"))
    edited = shutil.copytree(published[0], tmp_path / "edited")
    for verified, says in (
        (None, r"was not verified \(publish\.verify=true\)"),
        ({"items": 6, "agreement": 0.1, "equal_answers": 0}, r"verifying it found 10\.0% of the answer tokens equal"),
    ):
        edit(edited / "publish.json", verified=verified)
        must_be_whole(edited, evaluated_run, settings(LOOSE))
        with pytest.raises(PublishError, match=says):
            must_be_whole(edited, evaluated_run, settings(LOOSE, "publish.verify=true"))


def not_evaluated(run: Path) -> None:
    shutil.rmtree(run / "evaluation")


def failed(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps(summary | {"status": "failed", "validation_loss_after": None}))


def not_finite(run: Path) -> None:
    file = run / "adapter" / "adapter_model.safetensors"
    state = load_file(file)
    next(iter(state.values()))[0, 0] = float("nan")
    save_file(state, file)


def not_ended(run: Path) -> None:
    (run / "summary.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (not_evaluated, "not published: it was not evaluated: medgenius evaluate run=… first"),
        (failed, "not published: the run has not finished: failed; it has no finite validation loss"),
        (not_finite, "not published: its adapter holds NaN or infinity, first in model.layers.0"),
        (not_ended, "has no summary.json: the run has not ended"),
    ],
)
def test_a_run_that_is_not_fit_is_one_line_and_leaves_nothing(
    spoil: Callable[[Path], None], says: str, evaluated_run: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(evaluated_run.path, copy)
    spoil(copy)
    with pytest.raises(MedGeniusError) as raised:
        in_process(Run(copy, "copy"), tmp_path / "out")
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_an_adapter_that_is_no_numbers_is_not_published_by_force(evaluated_run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(evaluated_run.path, copy)
    not_finite(copy)
    with pytest.raises(PublishError, match="not published: its adapter holds NaN or infinity"):
        in_process(Run(copy, "copy"), tmp_path / "out", "publish.formats=[adapter]", "publish.force=true")


def test_a_divergence_that_is_no_number_is_not_published_by_force(
    evaluated_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "measure", lambda *_: Fidelity(float("nan"), 0.0, 9, 1))
    with pytest.raises(PublishError, match="the divergence of the merged model is nan"):
        in_process(evaluated_run, tmp_path / "out", "publish.formats=[merged]", "publish.force=true")
    assert list(tmp_path.iterdir()) == []


def test_forced_the_card_says_what_is_wrong(evaluated_run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(evaluated_run.path, copy)
    not_evaluated(copy)
    failed(copy)

    in_process(Run(copy, "copy"), tmp_path / "out", "publish.formats=[adapter]", "publish.force=true")

    card = (tmp_path / "out" / "README.md").read_text()
    assert "> - the run has not finished: failed\n" in card
    assert "> - it was not evaluated" in card
    assert "This model was not evaluated." in card
    with pytest.raises(PublishError, match="was published by force"):
        must_be_whole(tmp_path / "out", Run(copy, "copy"), settings("publish.formats=[adapter]"))


def settings(*more: str) -> PublishSettings:
    return app.composed(PublishConfig, f"run.path={cache_dir()}", "output=nowhere", *more).publish


def test_a_merge_that_is_another_model_is_refused(
    evaluated_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgets_the_adapter(base: Path, _: object, folder: Path, rounding: Rounding | None) -> None:
        merge(base, {}, folder, rounding)

    monkeypatch.setattr(making, "merge", forgets_the_adapter)
    with pytest.raises(PublishError, match=r"not published: the merged model is not the one .* mean KL \d\.\d{4} nats"):
        in_process(evaluated_run, tmp_path / "out", *AS_TRAINED)
    assert list(tmp_path.iterdir()) == []


def test_merged_into_the_weights_of_the_training_it_is_the_model_that_was_evaluated(
    evaluated_run: Run, published: Published, tmp_path: Path
) -> None:
    in_process(evaluated_run, tmp_path / "out", *AS_TRAINED)

    found, full = (json.loads((f / "publish.json").read_text())["fidelity"] for f in (tmp_path / "out", published[0]))
    assert found["kl"] < 0.05 * full["kl"]
    card = (tmp_path / "out" / "README.md").read_text()
    assert "merged into those 4-bit weights, unpacked into full precision" in card
    assert "and not the same" in (published[0] / "README.md").read_text()
    assert "publish.base_weights=trained publishes that" in published[1]


def test_a_failure_on_the_way_leaves_nothing(
    evaluated_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        (tmp_path / "seen").touch()
        raise PublishError("no")

    monkeypatch.setattr(making, "inspect", no_space)
    with pytest.raises(PublishError):
        in_process(evaluated_run, tmp_path / "out", "publish.formats=[adapter]")
    assert [path.name for path in tmp_path.iterdir()] == ["seen"]


def test_data_that_are_gone_leave_the_merge_unmeasured(evaluated_run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(evaluated_run.path, copy)
    text = (copy / "config.yaml").read_text()
    (copy / "config.yaml").write_text(text.replace("source: sample", "source: file\n  path: /nowhere.jsonl"))
    line = ("publish.formats=[merged]", LOOSE)
    with pytest.raises(PublishError, match=r"the merge can't be measured: .*nowhere\.jsonl"):
        in_process(Run(copy, "copy"), tmp_path / "out", *line)

    in_process(Run(copy, "copy"), tmp_path / "out", *line, "publish.force=true")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "## Merge\n\nNot measured." in card
    assert "/nowhere" not in card + (tmp_path / "out" / "publish.json").read_text()


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["run.path=/nowhere"], "run=/nowhere: there is no such run directory"),
        (["target=hub"], "target=hub needs publish.repository=owner/name"),
        (["publish.repository=name"], "publish.repository=name: must be owner/name"),
        (["publish.formats=[gguf]", "publish.verify=true"], "publish.verify=true reloads the merged model"),
        (["publish.formats=[adapter]", "publish.base=a/b"], "publish.base=a/b needs merged or gguf among publish.fo"),
        (["publish.formats=[adapter]", "publish.base_weights=trained"], "publish.base_weights=trained needs merged or"),
        (["publish.dry_run=false"], "publish.dry_run=false uploads: add target=hub"),
        (["publish.private=false"], "publish.private=false is of a repository: add target=hub"),
        (["publish.formats=[gguf,gguf]"], "gguf stands there 2 times"),
        (["publish.license=mit"], "unknown key publish.license: did you mean publish.licence?"),
        (["output=/tmp"], "output=/tmp exists already: choose another, or remove it"),
    ],
)
def test_a_mistake_on_the_command_line_names_the_key(overrides: list[str], says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        compose(f"run.path={tmp_path}", f"output={tmp_path}/out", *overrides)
    assert says in str(raised.value)


def compose(*overrides: str) -> None:
    """With Hydra's refusals in our words, as the command line has them."""
    try:
        app.composed(PublishConfig, *overrides)
    except HydraException as error:
        raise app.translated(error, PublishConfig) from None


def test_a_revision_goes_with_its_own_repository_alone(tiny_run: Run, tmp_path: Path) -> None:
    run = Run(Path(shutil.copytree(tiny_run.path, tmp_path / "run")), "run")
    edit(run.adapter / "adapter_config.json", base_model_name_or_path="some/llama-4bit", revision="v2")
    facts = read_facts(run, None, None)
    for repository, revision in (("some/llama-4bit", "v2"), ("some/llama", None)):
        write_adapter(replace(facts, base=replace(facts.base, repository=repository)), tmp_path / "adapter")
        settings = json.loads((tmp_path / "adapter/adapter_config.json").read_text())
        assert (settings["base_model_name_or_path"], settings["revision"]) == (repository, revision)
