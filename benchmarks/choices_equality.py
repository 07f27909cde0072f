"""Whether multiple choice comes out as lm-evaluation-harness's own tasks have it, item by item, in fp32.

    python benchmarks/choices_equality.py --pubmedqa pubmedqa_l.jsonl.gz --medmcqa medmcqa_dev.jsonl.gz \
        --peers-python PEERS/bin/python

The files are those of docs/evaluation.md; `generation.py` says how to make the environment of the harness. Both have
the same weights, those of the frozen 4-bit model unpacked into fp32. The harness makes its prompts, tokens and
log-likelihoods itself: PubMedQA and MedMCQA by the tasks that it ships, and MedMCQA's choices by their own words
(`form=text`) by a task of the same form.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from bitsandbytes.nn.modules import Linear4bit
from transformers import LlamaForCausalLM

from medgenius.config import app
from medgenius.config.train import TrainConfig
from medgenius.data.prompt import Prompt
from medgenius.evaluation.choices import Form, choice_item, choice_scores, unconditional_item
from medgenius.evaluation.item_files import read_choices
from medgenius.evaluation.items import ChoiceQuestion, chosen
from medgenius.inference.likelihood import ChoiceItem, choice_log_likelihoods
from medgenius.inference.tuned import TunedModel
from medgenius.model.adapter import add_adapter
from medgenius.model.backbone import load_backbone, load_tokenizer, weights_of
from medgenius.model.unpacking import weight_of

_SAME = {
    "acc": "choices_accuracy",
    "acc_norm": "choices_accuracy_normalised",
    "acc_mutual_info": "choices_accuracy_unconditional",
}
"""How the harness calls a score, and how we do."""


@dataclass(frozen=True)
class Task:
    name: str
    """Of `peers/lm_eval_tasks.py`"""
    title: str
    form: Form
    questions: Sequence[ChoiceQuestion]


@dataclass(frozen=True)
class Found:
    """Of one item."""

    log_likelihoods: list[float]
    """Of the choices behind the question, then alone"""
    scores: dict[str, float]


def main() -> None:
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    tuned = load(arguments.overrides)
    tasks = tasks_of(arguments)
    with tempfile.TemporaryDirectory() as temporary, tuned.base():
        theirs = harness(tuned, tasks, Path(temporary), arguments)
        ours = {task.name: figures(tuned, task) for task in tasks}
    print(f"{tuned.config.model.name}, fp32\n")
    print("| items | acc | acc_norm | acc_mutual_info | equal in all three | largest difference, nats |")
    print("|---|---|---|---|---|---|")
    for task in tasks:
        print(line(task, ours[task.name], theirs[task.name]))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("overrides", nargs="*", help="of conf/train.yaml")
    parser.add_argument("--pubmedqa", type=Path, required=True)
    parser.add_argument("--medmcqa", type=Path, required=True)
    parser.add_argument("--items", type=int, default=100, help="of each file")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--batch", type=int, default=4, help="of the harness")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--peers-python", required=True, help="interpreter that has lm_eval")
    return parser.parse_args()


def tasks_of(arguments: argparse.Namespace) -> list[Task]:
    pubmedqa, medmcqa = (
        chosen(read_choices(path), arguments.items, arguments.seed) for path in (arguments.pubmedqa, arguments.medmcqa)
    )
    return [
        Task("pubmedqa", "PubMedQA, `form=text`", "text", pubmedqa),
        Task("medmcqa", "MedMCQA, `form=letters`", "letters", medmcqa),
        Task("plain", "MedMCQA, `form=text`", "text", medmcqa),
    ]


def load(overrides: Sequence[str]) -> TunedModel:
    config = app.composed(TrainConfig, *overrides)
    cache_dir = Path(config.run.cache_dir).expanduser()
    tokenizer = load_tokenizer(config.model, cache_dir)
    backbone = load_backbone(config.model, cache_dir, torch.float32, torch.device("cpu"))
    model = add_adapter(backbone, config.lora, config.seed).eval().requires_grad_(False)
    return TunedModel(model, tokenizer, Prompt(config.prompt, tokenizer), config)


def figures(tuned: TunedModel, task: Task) -> list[Found]:
    """Ours: the very functions of an evaluation."""
    behind = [choice_item(question, task.form, tuned.tokenizer) for question in task.questions]
    alone = [unconditional_item(question, task.form, tuned.tokenizer) for question in task.questions]
    after, without = (in_order(tuned, items) for items in (behind, alone))
    found = []
    for question, item, given, prior in zip(task.questions, behind, after, without, strict=True):
        scores = choice_scores(question, task.form, item, given, prior)
        found.append(Found([*given, *prior], {theirs: scores[ours] for theirs, ours in _SAME.items()}))
    return found


def in_order(tuned: TunedModel, items: Sequence[ChoiceItem]) -> list[tuple[float, ...]]:
    found = dict(choice_log_likelihoods(tuned, items))
    return [found[place] for place in range(len(items))]


def harness(
    tuned: TunedModel, tasks: Sequence[Task], folder: Path, arguments: argparse.Namespace
) -> dict[str, list[Found]]:
    """Theirs, computed in a process of its own."""
    model, job, output = folder / "model", folder / "job.json", folder / "figures.json"
    plain_weights(tuned, model)
    rows = {task.name: [asdict(question) for question in task.questions] for task in tasks}
    settings = {"model": str(model), "batch": arguments.batch, "threads": arguments.threads, "output": str(output)}
    job.write_text(json.dumps({**settings, "tasks": rows}), encoding="utf-8")
    peer = Path(__file__).parent / "peers" / "lm_eval_tasks.py"
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(folder / "datasets")}
    subprocess.run([arguments.peers_python, str(peer), str(job)], check=True, env={**os.environ, **offline})  # noqa: S603
    found = json.loads(output.read_text(encoding="utf-8"))
    return {
        name: [Found(row["log_likelihoods"], {metric: row[metric] for metric in _SAME}) for row in rows_of]
        for name, rows_of in found.items()
    }


def plain_weights(tuned: TunedModel, folder: Path) -> None:
    """The frozen model in fp32 for transformers, with the tokenizer's own files."""
    source, _ = weights_of(tuned.config.model, Path(tuned.config.run.cache_dir).expanduser())
    model = LlamaForCausalLM.from_pretrained(source, dtype=torch.float32)
    for name, layer in tuned.model.named_modules():
        if isinstance(layer, Linear4bit):
            plain = name.removeprefix("base_model.model.").removesuffix(".base_layer")
            model.get_submodule(plain).weight.data = weight_of(layer, torch.float32)
    model.save_pretrained(folder)
    tuned.tokenizer.save_pretrained(folder)


def line(task: Task, ours: Sequence[Found], theirs: Sequence[Found]) -> str:
    means = [
        " / ".join(f"{sum(one.scores[name] for one in side) / len(side):.3f}" for side in (ours, theirs))
        for name in _SAME
    ]
    equal = sum(one.scores == other.scores for one, other in zip(ours, theirs, strict=True))
    largest = max(
        abs(a - b)
        for one, other in zip(ours, theirs, strict=True)
        for a, b in zip(one.log_likelihoods, other.log_likelihoods, strict=True)
    )
    return f"| {len(ours)} of {task.title} | {' | '.join(means)} | {equal} of {len(ours)} | {largest:.1e} |"


if __name__ == "__main__":
    main()
