"""The dialogues of an evaluation: those that the run held out, or a file's, made usable the way training does it."""

from collections.abc import Iterable
from pathlib import Path

from medgenius.config.evaluation import EvaluationConfig
from medgenius.config.train import TrainConfig
from medgenius.data.canaries import canaries, other_secrets, planted_dialogues
from medgenius.data.dialogue import Dialogue
from medgenius.data.encode import encode_dialogues
from medgenius.data.fingerprint import fingerprint
from medgenius.data.prompt import Prompt
from medgenius.data.rows import RowRules, read_rows
from medgenius.data.sources import load_dialogues
from medgenius.data.split import Split, split_dialogues
from medgenius.data.token_cache import TokenCache
from medgenius.errors import DataError, RunError
from medgenius.evaluation.items import CanaryItem, DialogueItem, chosen
from medgenius.reading.records import BadRow
from medgenius.runs import Run, read_beginning


def own_split(run: TrainConfig) -> Split:
    """The run's rows, split by the very code and seed of its training, canaries among those that it was trained on.

    Raises:
        DataError: the rows are no longer there, or no longer usable.
    """
    loaded = load_dialogues(run.data, run.seed)
    split = split_dialogues(loaded.dialogues, run.data.validation_fraction, run.seed)
    planted = planted_dialogues(run.data.canaries, run.seed, run.data.default_instruction)
    return Split(split.train + planted, split.validation, split.test)


def refuse_other_rows(run: Run, config: TrainConfig, own: Split, prompt: Prompt) -> None:
    """
    Raises:
        RunError: what lies where the run's rows were is not what it was trained on, so that nothing can be called held
            out; or the run is damaged.
    """
    known = read_beginning(run).data
    cache = TokenCache(Path(config.run.cache_dir).expanduser() / "tokens") if config.data.cache_tokens else None
    train, validation = (
        encode_dialogues(side, prompt, config.data.max_length, cache).examples for side in (own.train, own.validation)
    )
    if fingerprint(train, validation) != known:
        raise RunError(f"{_rows_of(config)} holds other dialogues than when {run.path} was trained: put those back")


def canary_items(config: EvaluationConfig, run: TrainConfig, seed: int) -> list[CanaryItem]:
    """The canaries that training planted, each with the secrets that it is ranked among."""
    planted = canaries(run.data.canaries, run.seed)
    return [
        CanaryItem(f"canary:{number}", canary, tuple(other_secrets(canary, config.canary_candidates, planted, seed)))
        for number, canary in enumerate(planted, start=1)
    ]


def dialogue_items(
    config: EvaluationConfig, run: TrainConfig, own: Split, prompt: Prompt, seed: int
) -> tuple[list[DialogueItem], str]:
    """The dialogues to be measured, and in words where they come from.

    Raises:
        DataError: a row of the file can't be used. Of the run's own rows training has left such ones out.
    """
    if config.dialogues.path is None:
        side, rows = ("test", own.test) if own.test else ("validation", own.validation)
        usable = [row for row in rows if _refusal(row, prompt, run.data.max_length) is None]
        source = f"{len(usable):,} dialogues that the run held out of {_rows_of(run)}, its {side} split"
    else:
        path = Path(config.dialogues.path).expanduser()
        usable = list(_of_file(path, run, prompt))
        source = f"{len(usable):,} dialogues of {path.name}"
    if not usable:
        raise DataError(f"{source}: nothing to measure")
    items = [DialogueItem(Path(dialogue.where).name, dialogue, answered=True) for dialogue in usable]
    taken = chosen(items, config.max_items, seed)
    answered = {item.id for item in chosen(taken, config.dialogues.max_answers, seed)}
    if "likelihood" not in config.metrics:  # then nothing is measured on the others
        taken = [item for item in taken if item.id in answered]
    marked = [DialogueItem(item.id, item.dialogue, answered=item.id in answered) for item in taken]
    cut = sum(_is_cut(item.dialogue, prompt, run.data.max_length) for item in taken)
    if cut and "likelihood" in config.metrics:
        source += f"; the loss is that of the first data.max_length={run.data.max_length} tokens in {cut:,} of them"
    # Those that are answered come first, so that what takes long is known early.
    return sorted(marked, key=lambda item: not item.answered), source


def _refusal(dialogue: Dialogue, prompt: Prompt, max_length: int) -> str | None:
    """Why a dialogue can't be measured, or None."""
    try:
        example = prompt.example(dialogue, max_length)
    except DataError as error:
        return str(error)
    return f"its prompt alone fills data.max_length={max_length}" if example is None else None


def _is_cut(dialogue: Dialogue, prompt: Prompt, max_length: int) -> bool:
    example = prompt.example(dialogue, max_length)
    return example is not None and example.truncated


def _rows_of(run: TrainConfig) -> str:
    match run.data.source:
        case "sample":
            return "the shipped sample"
        case "file":
            return Path(run.data.path).name
        case "hub":
            return run.data.name


def _of_file(path: Path, run: TrainConfig, prompt: Prompt) -> Iterable[Dialogue]:
    rules = RowRules(run.data.columns, run.data.default_instruction, run.data.max_row_bytes)
    for row in read_rows(path, rules):
        if isinstance(row, BadRow):
            raise DataError(str(row))
        if reason := _refusal(row, prompt, run.data.max_length):
            raise DataError(f"{row.where}: {reason}")
        yield row
