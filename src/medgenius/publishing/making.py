"""The making of a published folder: look at the run, merge, measure, export, describe."""

import math
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from medgenius.config.publish import PublishSettings
from medgenius.data.dialogue import Dialogue
from medgenius.data.encode import encode_dialogues
from medgenius.data.prompt import Prompt
from medgenius.errors import DataError, PublishError, RunError
from medgenius.evaluation.held_out import own_split, refuse_other_rows
from medgenius.files import new_directory, write_text
from medgenius.inference.tuned import TunedModel, load_tuned
from medgenius.publishing.card import Published, model_card
from medgenius.publishing.facts import Facts, read_facts, refuse_broken, unfit
from medgenius.publishing.fidelity import measure
from medgenius.publishing.findings import Fidelity, Verified
from medgenius.publishing.folders import full_precision_base, write_adapter, write_gguf_folder
from medgenius.publishing.hub import size
from medgenius.publishing.inspection import inspect, published_files
from medgenius.publishing.merge import Update, merge, read_updates, write_model_files
from medgenius.publishing.record import RECORD, write_record
from medgenius.publishing.trained_base import rounding_of
from medgenius.publishing.verify import verify
from medgenius.runs import Run

_ITEMS: Final = 10
"""Dialogues that a reloaded model repeats."""


def make_folder(run: Run, output: Path, settings: PublishSettings, console: Console) -> None:
    """Everything that is published of a run, in a folder that appears whole or not at all.

    Raises:
        RunError: no run, or no trained adapter.
        PublishError: the run is not fit for it, or something must not leave.
        ModelError: the base can't be had, or can't be written in a format that was asked for.
    """
    facts = read_facts(run, settings.licence, settings.data_licence, settings.base)
    work = _Work(settings, facts, read_updates(run), console, [])
    refuse_broken(work.updates)
    work.doubt(*unfit(facts))
    name = re.sub(r"[^\w.-]+", "-", (settings.repository or run.path.name).rpartition("/")[2])
    whole = "merged" in settings.formats
    with new_directory(output) as folder, tempfile.TemporaryDirectory(dir=output.parent) as elsewhere:
        merged = folder if whole else Path(elsewhere)
        if "adapter" in settings.formats:
            write_adapter(work.facts, folder / "adapter" if whole else folder)
            work.say("adapter", f"r={work.facts.config.lora.r}")
        if whole or "gguf" in settings.formats:
            _merge(work, merged)
        if "gguf" in settings.formats:
            for file in write_gguf_folder(work.facts, merged, folder / "gguf", name, settings.gguf_types):
                work.say("gguf", f"{file.name}, {size(file.stat().st_size)}")
        files = sorted([*(str(file.relative_to(folder)) for file in published_files(folder)), "README.md", RECORD])
        card = Published(name, settings, files, work.fidelity, work.objections)
        write_text(folder / "README.md", model_card(work.facts, card))
        write_record(folder, run, name, settings, work.objections, work.fidelity, work.verified)
        inspect(folder)


@dataclass(slots=True)
class _Work:
    """A folder that is being made, and what was found on the way."""

    settings: PublishSettings
    facts: Facts
    updates: dict[str, Update]
    console: Console
    objections: list[str]
    fidelity: Fidelity | None = None
    verified: Verified | None = None

    def doubt(self, *reasons: str, cause: str = "") -> None:
        """
        Args:
            cause: for the person at the terminal alone: it may name files

        Raises:
            PublishError: unless publishing is forced; then the card says it.
        """
        if reasons and not self.settings.force:
            told = "; ".join(reasons) + (f": {cause}" if cause else "")
            raise PublishError(f"not published: {told} (publish.force=true: all the same, said in the card)")
        self.objections += reasons
        if cause:
            self.say("note", cause)

    def say(self, what: str, text: str) -> None:
        self.console.print(f"{what:<9}{text}", highlight=False, markup=False, soft_wrap=True)


def _merge(work: _Work, folder: Path) -> None:
    """The merged model into `folder`, and how near it is to the one that was evaluated."""
    config, settings = work.facts.config, work.settings
    rounding = rounding_of(config) if settings.base_weights == "trained" else None
    base = full_precision_base(config.model, settings.base, Path(config.run.cache_dir).expanduser())
    merge(base, work.updates, folder, rounding)
    write_model_files(base, work.facts.run.adapter, folder)
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    work.say("merged", f"{len(work.updates)} matrices changed, {size(weights)}")
    tuned = load_tuned(work.facts.run)
    try:
        dialogues = _held_out(work, tuned.prompt)
    except (DataError, RunError) as error:
        work.doubt("the merge can't be measured", cause=str(error))
        return
    _measure(work, tuned, folder, dialogues[: settings.fidelity.dialogues])
    if settings.verify:
        work.verified = found = verify(tuned, folder, dialogues[:_ITEMS], settings.limits.min_agreement)
        work.say(
            "verified",
            f"in a fresh process: {found.items} dialogues, equal prompt tokens, {found.agreement:.1%} of the answer "
            f"tokens, {found.equal_answers} whole answers equal",
        )


def _held_out(work: _Work, prompt: Prompt) -> list[Dialogue]:
    """The first of the validation dialogues, read again the way training read them."""
    config = work.facts.config
    own = own_split(config)
    refuse_other_rows(work.facts.run, config, own, prompt)
    return own.validation[: max(work.settings.fidelity.dialogues, _ITEMS)]


def _measure(work: _Work, tuned: TunedModel, folder: Path, dialogues: list[Dialogue]) -> None:
    examples = encode_dialogues(dialogues, tuned.prompt, tuned.config.data.max_length).examples
    work.fidelity = found = measure(tuned, folder, examples)
    if not math.isfinite(found.kl):
        raise PublishError(f"not published: the divergence of the merged model is {found.kl}: it gives no numbers")
    work.say(
        "measured",
        f"KL {found.kl:.4f} nats, the same most probable token in {found.agreement:.1%} of {found.positions:,} "
        "positions",
    )
    if problem := found.problem(work.settings.limits):
        nearer = "; publish.base_weights=trained is nearer to it" if work.settings.base_weights == "full" else ""
        work.doubt(problem + nearer)
    elif not found.is_within(work.settings.fidelity.trained):
        work.say("note", "near the model that was evaluated, not the same: publish.base_weights=trained publishes that")
