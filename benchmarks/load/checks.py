"""What is no matter of speed: the same tokens as transformers' generate, and a server that outlives its load."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from transformers import GenerationConfig

from load.asking import WORDS, Asked, Row, Size, questions
from load.clients import Body, Job, Result, ask
from load.hosts import Verb
from medgenius.config.app import composed
from medgenius.config.serve import ServeConfig
from medgenius.data.dialogue import Message
from medgenius.inference.tuned import load_tuned
from medgenius.model.adapter import backbone_of
from medgenius.runs import Run
from medgenius.serving.models import Speaker, load_served


def identity_part(run: Run, overrides: Sequence[str], size: Size) -> Iterator[Row]:
    """Greedy answers beside transformers' generate over the same model, one prompt at a time; also in fp32."""
    with tempfile.TemporaryDirectory() as folder:
        exact = Run(Path(folder) / "fp32", "fp32")
        shutil.copytree(run.adapter, exact.adapter)
        text = run.config.read_text(encoding="utf-8").replace("precision: auto", "precision: fp32")
        exact.config.write_text(text.replace("precision: bf16", "precision: fp32"), encoding="utf-8")
        for name, one in (("as trained", run), ("in fp32", exact)):
            served = load_served(one, composed(ServeConfig, f"run.path={one.path}", *overrides).serving)
            tuned = load_tuned(one)
            prompts = [tuned.prompt.encode_prompt(asked) for asked in _asked(served.speakers["tuned"], size)]
            answers = [Asked(served.engine, ids, size.tokens) for ids in prompts]  # together
            written = [answer.wait().text for answer in answers]
            eos = tuned.tokenizer.eos_token_id
            settings = GenerationConfig(max_new_tokens=size.tokens, do_sample=False, eos_token_id=eos, pad_token_id=eos)
            equal = 0
            for ids, text in zip(prompts, written, strict=True):
                there = torch.tensor([ids])
                with torch.no_grad():
                    found = backbone_of(tuned.model).generate(  # type: ignore[misc]
                        there, generation_config=settings, attention_mask=torch.ones_like(there)
                    )
                equal += tuned.tokenizer.decode(found[0, len(ids) :], skip_special_tokens=True) == text
            served.engine.close()
            yield f"{name}: answers of {size.tokens} tokens equal to generate's", f"{equal} of {len(prompts)}"


def _asked(speaker: Speaker, size: Size) -> list[list[Message]]:
    return [speaker.with_system([Message("user", text)]) for text in questions(speaker, size.streams)]


def soak_part(run: Run, streams: int, seconds: float) -> Iterator[Row]:
    """Clients for twice the places, waiting ones included, and the memory at each tenth of the time."""
    server = Verb(run.path, f"serving.engine.streams={streams}", f"serving.engine.waiting={streams}")
    bodies: list[Body] = [
        {"message": f"Question {n}: {' '.join(WORDS[: n % 19])}?", "max_tokens": 4 + n % 45} for n in range(997)
    ]
    results: list[Result] = []
    job = Job(server.host.port, "/chat", "", bodies, 4 * streams, 0, seconds)
    asking = threading.Thread(target=lambda: results.append(ask(job)))
    asking.start()
    memory = []
    for _ in range(10):
        time.sleep(seconds / 10)
        memory.append(server.memory())
    asking.join()
    status = server.stop()
    answers, reasons = (
        ", ".join(f"{key}: {count:,}" for key, count in sorted(found.items()))
        for found in (results[0].statuses, results[0].reasons)
    )
    yield f"{seconds:.0f} s of {4 * streams} clients: answers by status", answers
    yield "reasons of refusals", reasons or "none"
    yield "memory at each tenth, MB", ", ".join(f"{mb:.0f}" for mb in memory)
    yield "exit status after SIGTERM", str(status)
