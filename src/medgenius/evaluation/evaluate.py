"""The story of an evaluation: items, records, numbers, report."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from medgenius.config.evaluate import EvaluateConfig
from medgenius.config.evaluation import OF_CHOICES, EvaluationConfig, MetricName
from medgenius.config.train import TrainConfig
from medgenius.data.prompt import Prompt
from medgenius.data.split import Split
from medgenius.errors import ConfigError, RunError
from medgenius.evaluation.columns import columns_of
from medgenius.evaluation.contamination import contamination
from medgenius.evaluation.findings import Findings
from medgenius.evaluation.header import header_of
from medgenius.evaluation.held_out import canary_items, dialogue_items, own_split, refuse_other_rows
from medgenius.evaluation.item_files import read_choices, read_harmful, read_triage
from medgenius.evaluation.items import CanaryItem, ChoiceQuestion, DialogueItem, Item, Items, SetName, chosen, text_of
from medgenius.evaluation.measures import Materials, Measure, NotMeasured, Scorer
from medgenius.evaluation.measuring import Measuring, clusters_of
from medgenius.evaluation.outputs import print_findings, versions, write_findings
from medgenius.evaluation.progress import SetProgress
from medgenius.evaluation.records import Records, opened_records
from medgenius.evaluation.registry import METRICS
from medgenius.evaluation.results import compare
from medgenius.evaluation.retrieval import Retriever
from medgenius.evaluation.scores import similarity_caveats
from medgenius.evaluation.systems import Systems
from medgenius.evaluation.tracking import tell_wandb
from medgenius.inference.tuned import load_tuned
from medgenius.model.backbone import load_tokenizer
from medgenius.runs import Evaluation, Run, read_config


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be measured, known before any model is loaded."""

    run: Run
    run_config: TrainConfig
    evaluation: Evaluation
    own: Split
    items: Items
    scorers: Mapping[MetricName, Scorer]
    not_measured: Mapping[str, str]
    measures: Mapping[str, Measure]
    caveats: Sequence[str]


def evaluate(config: EvaluateConfig, console: Console) -> Path:
    """Measure the run against its base, from where an earlier start was stopped; gives the output folder.

    Raises:
        ConfigError: no metric has anything to be measured on.
        RunError: no run, a damaged one or one of another version; an output folder that holds another evaluation.
        DataError: an item that can't be used.
    """
    started = time.perf_counter()
    plan = _plan(config)
    for name, reason in plan.not_measured.items():
        console.print(f"not measured: {name} ({reason})", highlight=False, markup=False, soft_wrap=True)
    header = header_of(plan.run, plan.run_config, config, plan.items)
    with opened_records(plan.evaluation.records, header) as records:
        _measure(config, plan, records, console)
        comparison = compare(
            columns_of(records, plan.measures), plan.measures, config.evaluation.resamples, config.seed
        )
        cut = similarity_caveats(records, plan.items.dialogues) if "similarity" in plan.scorers else []
    findings = Findings(
        config=config,
        run=plan.run,
        run_config=plan.run_config,
        items=plan.items,
        comparison=comparison,
        measures=plan.measures,
        not_measured=plan.not_measured,
        caveats=[*plan.caveats, *cut],
        contamination=_contamination(plan),
        versions=versions(),
        seconds=time.perf_counter() - started,
    )
    write_findings(plan.evaluation, findings)
    tell_wandb(plan.evaluation, findings, console)
    print_findings(console, plan.evaluation, findings)
    return plan.evaluation.path


def _plan(config: EvaluateConfig) -> _Plan:
    run = Run(config.run.folder.resolve(), config.run.folder.name)
    run_config = read_config(run)
    if not run.adapter.is_dir():
        raise RunError(f"{run.path} has no trained adapter: a run that did not finish can't be evaluated")
    evaluation = Evaluation(Path(config.output).expanduser().resolve()) if config.output else run.evaluation
    own = own_split(run_config)
    prompt = Prompt(run_config.prompt, load_tokenizer(run_config.model, Path(run_config.run.cache_dir).expanduser()))
    refuse_other_rows(run, run_config, own, prompt)
    materials = Materials(config, run_config, own, evaluation)
    scorers, not_measured = _scorers(config, materials)
    metrics = [name for name in config.evaluation.metrics if name not in not_measured]
    if not metrics:
        raise ConfigError("nothing to measure: " + ", ".join(f"{name} ({why})" for name, why in not_measured.items()))
    items = _items(config, run_config, own, prompt, metrics)
    caveats = [caveat(materials) for name in scorers if (caveat := METRICS[name].caveat) is not None]
    measures = _measures(config, scorers, materials)
    return _Plan(run, run_config, evaluation, own, items, scorers, not_measured, measures, caveats)


def _items(
    config: EvaluateConfig, run: TrainConfig, own: Split, prompt: Prompt, metrics: Sequence[MetricName]
) -> Items:
    """Every file is read and checked here, before anything takes long.

    Args:
        metrics: what is measured; a set that none of them needs is not asked.
    """
    settings, seed, sources = config.evaluation, config.seed, dict[SetName, str]()
    dialogues: list[DialogueItem] = []
    if not set(metrics) <= set(OF_CHOICES):
        dialogues, sources["dialogues"] = dialogue_items(settings, run, own, prompt, seed)
    files = _files(settings)
    sources |= {name: path.name for name, path in files.items()}
    planted: list[CanaryItem] = []
    if "memorisation" in metrics and settings.system == "model":
        planted = chosen(canary_items(settings, run, seed), settings.max_items, seed)
        sources["canaries"] = f"{run.data.canaries:,} invented records among the training rows"
    return Items(
        dialogues=dialogues,
        choices=chosen(read_choices(files["choices"]), settings.max_items, seed) if "choices" in files else [],
        triage=chosen(read_triage(files["triage"]), settings.max_items, seed) if "triage" in files else [],
        harmful=chosen(read_harmful(files["harmful"]), settings.max_items, seed) if "harmful" in files else [],
        canaries=planted,
        sources=sources,
    )


def _files(settings: EvaluationConfig) -> dict[SetName, Path]:
    """Files of items that are named; the ids of dialogues name theirs."""
    paths: dict[SetName, str | None] = {
        "choices": settings.choices.path,
        "triage": settings.safety.triage_path,
        "harmful": settings.safety.harmful_path,
    }
    return {name: Path(path).expanduser() for name, path in paths.items() if path is not None}


def _scorers(config: EvaluateConfig, materials: Materials) -> tuple[dict[MetricName, Scorer], dict[str, str]]:
    """What judges answers, and why a metric that was asked for is left out."""
    scorers: dict[MetricName, Scorer] = {}
    left_out: dict[str, str] = {}
    for name in config.evaluation.metrics:
        if name in OF_CHOICES and config.evaluation.choices.path is None:
            left_out[name] = "evaluation.choices.path names no file"
            continue
        make = METRICS[name].scorer
        if make is None:
            continue
        try:
            scorers[name] = make(materials)
        except NotMeasured as reason:
            left_out[name] = str(reason)
    return scorers, left_out


def _measures(config: EvaluateConfig, scorers: Mapping[MetricName, Scorer], materials: Materials) -> dict[str, Measure]:
    """Of every metric that was asked for; of a classifier of our own with how well it judges."""
    qualities: dict[str, str] = {}
    for name in scorers:
        if (asked := METRICS[name].qualities) is not None:
            qualities |= asked(materials)
    return {
        measure.name: replace(measure, quality=qualities[measure.name]) if measure.name in qualities else measure
        for name in config.evaluation.metrics
        for measure in METRICS[name].measures
    }


def _measure(config: EvaluateConfig, plan: _Plan, records: Records, console: Console) -> None:
    """Ask what has no record yet; the model is loaded only if there is something to ask."""
    sets = plan.items.sets()
    for name, stranger in sorted(records.done - {(name, item.id) for name, items in sets.items() for item in items}):
        raise RunError(f"{plan.evaluation.records} is damaged: {name}: {stranger} is none of the items that are asked")
    left = {name: [item for item in items if (name, item.id) not in records.done] for name, items in sets.items()}
    total = sum(map(len, left.values()))
    if records.done:
        console.print(f"goes on: {len(records.done):,} items are there, {total:,} are left", highlight=False)
    if not total:
        return
    measuring = _measuring(config, plan)
    files = _files(config.evaluation)
    for name, items in left.items():
        measuring.refuse_too_long(str(files.get(name, name)), items)
    for name, items in left.items():
        cluster = clusters_of(sets[name])
        work = sum(measuring.work(item) for item in items)
        with SetProgress(console, name, work, len(items)) as bar:
            for start in range(0, len(items), config.evaluation.items_at_once):
                portion = items[start : start + config.evaluation.items_at_once]
                records.append(measuring.records(name, portion, cluster, bar))
                bar.written(len(portion))


def _measuring(config: EvaluateConfig, plan: _Plan) -> Measuring:
    settings = config.evaluation
    retrieval = Retriever(plan.own.train) if settings.system == "rag" else None
    systems = Systems(load_tuned(plan.run), settings.max_new_tokens, retrieval, settings.retrieved)
    return Measuring(systems, plan.scorers, settings, plan.run_config.data.default_instruction)


def _contamination(plan: _Plan) -> dict[str, int]:
    """Of each set, how many items share text with the rows that the run was trained on."""
    rows = [(dialogue.input, dialogue.output) for dialogue in plan.own.train]
    return {
        name: sum(contamination([_texts(item) for item in items], rows).contaminated)
        for name, items in plan.items.sets().items()
        if name != "canaries"
    }


def _texts(item: Item) -> tuple[str, ...]:
    """What of an item could have been seen in training."""
    if isinstance(item, DialogueItem):
        return item.dialogue.input, item.dialogue.output
    if isinstance(item, ChoiceQuestion):
        return item.question, item.context
    return (text_of(item),)
