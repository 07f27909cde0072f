"""How fast answers and choices come, beside transformers' generate and lm-evaluation-harness: one table each.

    python benchmarks/generation.py                                   # choices without the harness
    python benchmarks/generation.py --peers-python PEERS/bin/python   # with it
    python benchmarks/generation.py model=tiny --prompts 8            # any overrides of conf/train.yaml

lm-evaluation-harness lives in an environment of its own:

    python -m venv PEERS && PEERS/bin/pip install torch==2.13.0
    PEERS/bin/pip install lm_eval==0.4.13 transformers==5.23.0 peft==0.21.2 bitsandbytes==0.50.2 accelerate==1.15.0

All systems have the same NF4 weights, adapter, prompts (questions of the shipped sample) and limit of new tokens, and
decode greedily until the end-of-sequence token or the limit; tokens are those that each gave. transformers runs twice:
over bitsandbytes' 4-bit layers, and over copies of the same weights in bf16. Systems take turns within a round, a ratio
is the median of those within a round, and one by one takes a part of the prompts, of the same distribution of lengths.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from bitsandbytes.nn.modules import Linear4bit
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import GenerationConfig, LlamaForCausalLM

from medgenius.config import app
from medgenius.config.train import TrainConfig
from medgenius.data.dialogue import Dialogue, prompt_messages
from medgenius.data.prompt import Prompt
from medgenius.data.sources import load_dialogues
from medgenius.inference.generation import generate
from medgenius.inference.likelihood import ChoiceItem, choice_log_likelihoods
from medgenius.inference.tuned import TunedModel
from medgenius.model.adapter import add_adapter, save_adapter
from medgenius.model.backbone import load_backbone, load_tokenizer, quantization_of, weights_of
from medgenius.model.unpacking import weight_of

_LETTERS = ("A", "B", "C", "D")
_CHOICE_TOKENS = 24
"""Of an answer that is offered as a choice"""


@dataclass(frozen=True)
class Outcome:
    seconds: float
    tokens: int
    answers: dict[int, list[int]]


Clock = Callable[[], float]
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "cpu": time.process_time}
Generate = Callable[[Sequence[list[int]], int], dict[int, list[int]]]


@dataclass(frozen=True)
class System:
    name: str
    generate: Generate
    every: int = 1
    """Takes one prompt in so many"""

    def run(self, prompts: Sequence[list[int]], new: int, clock: Clock) -> Outcome:
        chosen = range(0, len(prompts), self.every)
        start = clock()
        answers = self.generate([prompts[index] for index in chosen], new)
        seconds = clock() - start
        by_prompt = {index: answers[place] for place, index in enumerate(chosen)}
        return Outcome(seconds, sum(map(len, answers.values())), by_prompt)


def main() -> None:
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    tuned = load(arguments.overrides)
    dialogues = load_dialogues(tuned.config.data, 0).dialogues
    dialogues = dialogues[:: max(1, len(dialogues) // arguments.prompts)][: arguments.prompts]
    print(f"{tuned.config.model.name}, {arguments.threads} threads, torch {torch.__version__}\n")
    for table in arguments.tables:
        for line in TABLES[table](tuned, dialogues, arguments):
            print(line, flush=True)
        print()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("overrides", nargs="*", help="of conf/train.yaml")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--new-tokens", type=int, default=96)
    parser.add_argument("--batch", type=int, default=16, help="of transformers' padded batches and of the harness")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: of a busy machine, with --threads 1")
    parser.add_argument("--peers-python", help="interpreter that has lm_eval")
    return parser.parse_args()


def load(overrides: Sequence[str]) -> TunedModel:
    """A fresh adapter: its work is that of a trained one."""
    config = app.composed(TrainConfig, *overrides)
    cache_dir = Path(config.run.cache_dir).expanduser()
    tokenizer = load_tokenizer(config.model, cache_dir)
    backbone = load_backbone(config.model, cache_dir, torch.bfloat16, torch.device("cpu"))
    model = add_adapter(backbone, config.lora, config.seed).eval().requires_grad_(False)
    return TunedModel(model, tokenizer, Prompt(config.prompt, tokenizer), config)


def plain(tuned: TunedModel, *, copies: bool) -> PeftModel:
    """transformers' and PEFT's own modules over the same weights: 4-bit layers, or bf16 ones with the same numbers."""
    config, ours = tuned.config, tuned.model.peft_config["default"]
    folder, _ = weights_of(config.model, Path(config.run.cache_dir).expanduser())
    quantization = None if copies else quantization_of(config.model, torch.bfloat16)
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, quantization_config=quantization)
    if copies:
        frozen = {name: layer for name, layer in tuned.model.named_modules() if isinstance(layer, Linear4bit)}
        for name, layer in frozen.items():
            plain_name = name.removeprefix("base_model.model.").removesuffix(".base_layer")
            model.get_submodule(plain_name).weight.data = weight_of(layer, torch.bfloat16)
    settings = LoraConfig(
        r=ours.r, lora_alpha=ours.lora_alpha, target_modules=ours.target_modules, task_type="CAUSAL_LM"
    )
    return get_peft_model(model, settings).eval()


def batched(model: PeftModel, end: int, batch: int) -> Generate:
    """transformers' generate over left-padded batches, those of a length together."""

    @torch.inference_mode()
    def run(prompts: Sequence[list[int]], new: int) -> dict[int, list[int]]:
        settings = GenerationConfig(max_new_tokens=new, do_sample=False, eos_token_id=end, pad_token_id=end)
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        answers = {}
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            width = max(len(prompts[index]) for index in chosen)
            ids = torch.tensor([[end] * (width - len(prompts[i])) + prompts[i] for i in chosen])
            mask = torch.tensor([[0] * (width - len(prompts[i])) + [1] * len(prompts[i]) for i in chosen])
            output = model.generate(input_ids=ids, attention_mask=mask, generation_config=settings)
            for index, row in zip(chosen, output[:, width:].tolist(), strict=True):
                answers[index] = row[: row.index(end)] if end in row else row
        return answers

    return run


def generation_table(tuned: TunedModel, dialogues: Sequence[Dialogue], arguments: argparse.Namespace) -> Iterator[str]:
    prompts = [tuned.prompt.encode_prompt(prompt_messages(dialogue)) for dialogue in dialogues]
    end = int(tuned.tokenizer.eos_token_id)

    def ours(chosen: Sequence[list[int]], new: int) -> dict[int, list[int]]:
        return {answer.index: answer.ids for answer in generate(tuned, chosen, new)}

    systems = [System("MedGenius", ours)]
    for name, copies in (("NF4", False), ("bf16 copies", True)):
        model = plain(tuned, copies=copies)
        systems += [
            System(f"transformers, one by one, {name}", batched(model, end, 1), every=8),
            System(f"transformers, batches of {arguments.batch}, {name}", batched(model, end, arguments.batch)),
        ]
    for system in systems:
        system.generate(prompts[:2], 4)
    rounds = [
        [system.run(prompts, arguments.new_tokens, CLOCKS[arguments.clock]) for system in systems]
        for _ in range(arguments.rounds)
    ]
    yield from ("| system | tokens/s | MedGenius is | same answers |", "|---|---|---|---|")
    for number, system in enumerate(systems):
        speeds = [outcomes[number].tokens / outcomes[number].seconds for outcomes in rounds]
        ratios = [outcomes[0].tokens / outcomes[0].seconds / speed for outcomes, speed in zip(rounds, speeds)]  # noqa: B905
        mine, theirs = rounds[0][0].answers, rounds[0][number].answers
        same = sum(mine[index] == ids for index, ids in theirs.items())
        yield f"| {system.name} | {median(speeds):.1f} | {median(ratios):.2f}x | {same} of {len(theirs)} |"


def choice_items(tuned: TunedModel, dialogues: Sequence[Dialogue], *, letters: bool) -> list[ChoiceItem]:
    """The question with its own answer's beginning and those of three others; or those listed, and a letter asked."""
    items = []
    for number, dialogue in enumerate(dialogues):
        others = [dialogues[(number + step) % len(dialogues)] for step in range(len(_LETTERS))]
        begins = [tuned.tokenizer.decode(tuned.prompt.encode_answer(o.output)[:_CHOICE_TOKENS]) for o in others]
        context = f"Question: {dialogue.input}\n"
        if letters:
            context += "".join(f"{letter}. {text}\n" for letter, text in zip(_LETTERS, begins, strict=True))
        choices = [f" {letter}" for letter in _LETTERS] if letters else [f" {text}" for text in begins]
        ids = tuned.tokenizer([context + "Answer:", *choices], add_special_tokens=False)["input_ids"]
        items.append(ChoiceItem(ids[0], tuple(ids[1:])))
    return items


def choices_table(tuned: TunedModel, dialogues: Sequence[Dialogue], arguments: argparse.Namespace) -> Iterator[str]:
    yield "| choices | MedGenius, items/s | lm-evaluation-harness, items/s | ratio | same choice |"
    yield "|---|---|---|---|---|"
    for name, letters in (("four letters", True), (f"four texts of {_CHOICE_TOKENS} tokens", False)):
        items = choice_items(tuned, dialogues, letters=letters)
        list(choice_log_likelihoods(tuned, items[:2]))
        mine, theirs, same = [], [], 0
        for _ in range(arguments.rounds):
            clock = CLOCKS[arguments.clock]
            start = clock()
            found = dict(choice_log_likelihoods(tuned, items))
            mine.append(len(items) / (clock() - start))
            if arguments.peers_python:
                seconds, likelihoods = harness(tuned, items, arguments)
                theirs.append(len(items) / seconds)
                same = sum(best(found[index]) == best(row) for index, row in enumerate(likelihoods))
        if theirs:
            ratio = median(a / b for a, b in zip(mine, theirs, strict=True))
            yield f"| {name} | {median(mine):.2f} | {median(theirs):.2f} | {ratio:.2f}x | {same} of {len(items)} |"
        else:
            yield f"| {name} | {median(mine):.2f} | not measured: no --peers-python | | |"


def best(log_likelihoods: Sequence[float]) -> int:
    return max(range(len(log_likelihoods)), key=lambda index: log_likelihoods[index])


def harness(
    tuned: TunedModel, items: Sequence[ChoiceItem], arguments: argparse.Namespace
) -> tuple[float, list[list[float]]]:
    """Seconds without loading, and each item's log-likelihoods."""
    folder, _ = weights_of(tuned.config.model, Path(tuned.config.run.cache_dir).expanduser())
    with tempfile.TemporaryDirectory() as temporary:
        job, output, adapter = (Path(temporary) / name for name in ("job.json", "figures.json", "adapter"))
        save_adapter(tuned.model, adapter, tuned.config.model.name)
        asked = [{"context": item.context_ids, "continuations": item.continuations} for item in items]
        settings = {"model": folder, "adapter": str(adapter), "threads": arguments.threads}
        settings |= {"batch": arguments.batch, "clock": arguments.clock, "items": asked, "output": str(output)}
        job.write_text(json.dumps(settings), encoding="utf-8")
        peer = Path(__file__).parent / "peers" / "lm_eval_choices.py"
        subprocess.run([arguments.peers_python, str(peer), str(job)], check=True)  # noqa: S603
        figures = json.loads(output.read_text(encoding="utf-8"))
    values = iter(figures["log_likelihoods"])
    return figures["seconds"], [[next(values) for _ in item.continuations] for item in items]


TABLES = {"generation": generation_table, "choices": choices_table}


if __name__ == "__main__":
    main()
