"""README.md of what is published: a model card in the Hub's format, from the run's own files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from omegaconf import OmegaConf

from medgenius.config.publish import BaseWeights, PublishSettings
from medgenius.markdown import markdown_table
from medgenius.publishing.command import training_command
from medgenius.publishing.facts import Base, Curation, Facts, Hardware, Summary
from medgenius.publishing.findings import Fidelity
from medgenius.publishing.results import results

_LIBRARIES: Final = (("merged", "transformers"), ("adapter", "peft"), ("gguf", "gguf"))
_IN_TRAINING: Final = {"nf4": "in 4-bit NF4", "none": "in full precision", "prequantized": "in 4 bits as stored"}
_USE: Final = """\
## Intended use

Research into fine-tuning and its evaluation, by people who can judge the answers. It answers questions about health \
in the way of the dialogues that it was trained on.

## Limits

- It does not replace professional advice. Ask a doctor or a pharmacist before you act on anything it says.
- It cannot diagnose: it has not seen the patient, and it knows only what a message tells.
- It is not for emergencies. Call your local emergency number.
- It can be wrong and sound sure, leave out what matters, and name doses that are wrong.
- It is not a medical device. Do not put it before patients without a guard, a clinical evaluation and a person who \
answers for it.
"""


@dataclass(frozen=True, slots=True)
class Published:
    """What the folder holds."""

    name: str
    settings: PublishSettings
    files: Sequence[str]
    fidelity: Fidelity | None
    objections: Sequence[str]
    """Why the run should not have been published; not empty only where that was forced."""


def model_card(facts: Facts, published: Published) -> str:
    parts = [
        f"---\n{OmegaConf.to_yaml(OmegaConf.create(_metadata(facts, published)))}---\n",
        f"# {published.name}\n",
        _warning(published.objections),
        f"{facts.config.model.name}, fine-tuned with LoRA on {facts.summary.training_dialogues:,} medical dialogues "
        "with MedGenius.\n",
        _USE,
        _prompt(facts),
        *results(facts),
        _merge(facts, published),
        _data(facts),
        _training(facts),
        _files(published),
        _licences(facts),
    ]
    return "\n".join(part for part in parts if part)


def _metadata(facts: Facts, published: Published) -> dict[str, object]:
    base, data = facts.base, facts.data
    languages = [code for code, rows in data.curation.languages.items() if rows] if data.curation else []
    wanted: dict[str, object | None] = {
        "license": base.licence or "unknown",
        "library_name": next(library for name, library in _LIBRARIES if name in published.settings.formats),
        "pipeline_tag": "text-generation",
        "base_model": base.repository,
        "base_model_relation": ("adapter" if published.settings.formats == ["adapter"] else "finetune")
        if base.repository
        else None,
        "datasets": [data.hub_name] if data.hub_name else None,
        "language": [code for code in languages if len(code) == 2] or None,
        "tags": ["medical", "lora", "llama", "medgenius"],
    }
    return {key: value for key, value in wanted.items() if value is not None}


def _warning(objections: Sequence[str]) -> str:
    if not objections:
        return ""
    lines = "".join(f"> - {objection}\n" for objection in objections)
    return f"> **Published by force (`publish.force=true`), although:**\n>\n{lines}"


def _prompt(facts: Facts) -> str:
    return (
        "## Prompt\n\n"
        "The chat template is the prompt of the training: `tokenizer.apply_chat_template(messages, "
        "add_generation_prompt=True)`. The evaluation answered greedily. Dialogues without an instruction of their own "
        f"had this one, as the system's message:\n\n> {facts.config.data.default_instruction}\n"
    )


def _merge(facts: Facts, published: Published) -> str:
    if "merged" not in published.settings.formats and "gguf" not in published.settings.formats:
        return ""
    found = published.fidelity
    text = (
        "Not measured."
        if found is None
        else (
            f"The adapter was trained and evaluated on the base {_IN_TRAINING[facts.config.model.quantization]}, "
            f"and merged into {_into(facts.merged_into, published.settings.base_weights)}. Over "
            f"{found.positions:,} target positions of {found.dialogues:,} validation dialogues the mean KL divergence "
            f"of the merged model is {found.kl:.4f} nats, and both find the same token most probable in "
            f"{found.agreement:.1%}."
        )
    )
    if found and not found.is_within(published.settings.fidelity.trained):
        text += " So these weights are near the model that the results above are of, and not the same."
    return f"## Merge\n\n{text}\n"


def _into(merged_into: Base | None, weights: BaseWeights) -> str:
    """What the adapter was added to; `trained` is refused where training did not round to 4 bits itself."""
    if merged_into is None:
        return {
            "full": "its full-precision weights",
            "trained": "those 4-bit weights, unpacked into full precision",
        }[weights]
    rounded = {"full": "", "trained": ", rounded in the same way and unpacked into full precision"}[weights]
    return f"the full-precision weights of {_named(merged_into)}{rounded}"


def _named(base: Base) -> str:
    return base.repository or base.origin


def _data(facts: Facts) -> str:
    summary, data = facts.summary, facts.data
    rows = [
        ("source", data.origin),
        ("dialogues for training", f"{summary.training_dialogues:,}"),
        ("dialogues for validation", f"{summary.validation_dialogues:,}"),
        ("rows left out", f"{summary.rows_skipped:,}"),
        ("answers cut", f"{summary.answers_cut:,}"),
        ("licence", data.licence or "not known"),
    ]
    return f"## Training data\n\n{markdown_table(('', ''), rows)}" + (_curation(data.curation) if data.curation else "")


def _curation(found: Curation) -> str:
    sources = [
        (source, licence, f"{rows:,}")
        for source, licences in found.sources.items()
        for licence, rows in licences.items()
    ]
    replaced = ", ".join(f"{count:,} {kind}" for kind, count in found.deidentification.items() if count)
    return (
        f"\nCurated with MedGenius ({found.title}): {found.rows_kept:,} of {found.rows_in:,} raw rows stayed.\n\n"
        f"{markdown_table(('source', 'licence', 'rows'), sources)}\n"
        f"Identifiers replaced: {replaced or 'none found'}. Search for what was missed is up to whoever passes it on.\n"
    )


def _training(facts: Facts) -> str:
    summary, config = facts.summary, facts.config
    lora, optimizer, trainer = config.lora, config.optimizer, config.trainer
    rows = [
        ("base", f"{config.model.name}: {facts.base.origin}"),
        (
            "base in training",
            _IN_TRAINING[config.model.quantization],
        ),
        ("LoRA", f"r {lora.r}, alpha {lora.alpha}, dropout {lora.dropout:g}, on {', '.join(lora.target_modules)}"),
        ("trained parameters", f"{summary.trainable_parameters:,}"),
        (
            "optimizer",
            f"{optimizer.name}, learning rate {optimizer.learning_rate:g}, weight decay {optimizer.weight_decay:g}",
        ),
        ("schedule", f"{config.scheduler.name}, warm-up {config.scheduler.warmup_ratio:g} of the steps"),
        ("steps", f"{summary.steps:,} of {trainer.batch_size} dialogues{_kept(summary)}"),
        ("tokens", f"{summary.real_tokens:,}, {summary.target_tokens:,} of them targets"),
        ("longest dialogue", f"{config.data.max_length:,} tokens"),
        ("precision", trainer.precision),
        ("seed", str(config.seed)),
        (
            "hardware",
            f"{_hardware(summary.hardware)}; {trainer.processes} process(es)",
        ),
        ("peak memory", f"{summary.peak_memory_bytes / 1e9:.1f} GB"),
        ("time", f"{summary.seconds:,.0f} s, {summary.tokens_per_second:,.0f} tokens per second of training steps"),
        ("estimated cost", f"{summary.cost.amount:.3f} {summary.cost.currency} at {summary.cost.per_hour:.2f} an hour"),
        ("energy", "not known: no meter was read"),
    ]
    return f"## Training\n\n{markdown_table(('', ''), rows)}\n```bash\n{training_command(config)}\n```\n"


def _kept(summary: Summary) -> str:
    """The step whose adapter this is, unless it is the last."""
    if summary.adapter_step in {None, summary.steps}:
        return ""
    return f"; the adapter is that of step {summary.adapter_step:,}, which had the lowest validation loss"


def _hardware(hardware: Hardware | None) -> str:
    if hardware is None:
        return "not recorded"
    cores = f"{hardware.processor}, {hardware.cores} cores, {hardware.memory_bytes / 1e9:.0f} GB of memory"
    return f"{hardware.gpu} beside {cores}" if hardware.gpu else cores


def _files(published: Published) -> str:
    return "## Files\n\n" + "".join(f"- `{name}`\n" for name in published.files)


def _licences(facts: Facts) -> str:
    of = facts.merged_into
    merged = f"Merged into {_named(of)}: {of.licence or 'not known: ask its owner'}. " if of else ""
    return (
        f"## Licence\n\nBase: {facts.base.licence or 'not known: ask its owner'}. {merged}"
        f"Training data: {facts.data.licence or 'not known: ask their owner'}.\n"
    )
