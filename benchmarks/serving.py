"""How a run is served: many streams against one, the first token, what HTTP and the guard cost, beside llama.cpp.

    python benchmarks/serving.py RUN --parts engine http llama --gguf FILE
    python benchmarks/serving.py RUN --parts identity            # no timing: tokens beside transformers' generate
    python benchmarks/serving.py RUN --parts soak --seconds 1800 # twice as many clients as there are places

Prints one Markdown table. Prompts have 100 tokens. What is compared runs in turn, in rounds, and the median is shown
with the least and the most. Clients are a process of their own (`load/clients.py`).
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from load.asking import PROMPT_TOKENS, Asked, Row, Size, chats, direct, in_rounds, over_http, questions, ratios, spread
from load.checks import identity_part, soak_part
from load.clients import Body
from load.hosts import Host, Verb, hosted, instant, llama_cpp_alone
from medgenius.config.app import composed
from medgenius.config.serve import ServeConfig
from medgenius.config.serving.http import ServingConfig
from medgenius.data.dialogue import Message
from medgenius.runs import Run, read_config
from medgenius.serving.guard import Guard
from medgenius.serving.models import Served, load_served, speaker_of

PARTS = ("engine", "http", "llama", "identity", "soak")


def engine_part(served: Served, size: Size) -> Iterator[Row]:
    texts = questions(served.speakers["tuned"], size.streams)
    direct(served, texts, size, size.streams, size.streams)  # warm
    direct(served, texts, size, 1, 1)
    one, many = in_rounds(
        size.rounds,
        lambda: direct(served, texts, size, 1, max(2, size.requests // 8)),
        lambda: direct(served, texts, size, size.streams, size.requests),
    )
    yield "engine: one stream", spread(one)
    yield f"engine: {size.streams} streams", spread(many)
    yield f"{size.streams} streams against one", spread(ratios(many, one), "times", 2)
    prompts = [served.speakers["tuned"].prompt_ids([Message("user", text)]) for text in texts]
    first = [Asked(served.engine, ids, 2).wait().first for _ in range(2) for ids in prompts]
    yield f"engine: first token of {PROMPT_TOKENS}, p50", spread([1e3 * s for s in first if s], "ms", 0)


def http_part(served: Served, config: ServingConfig, size: Size) -> Iterator[Row]:
    texts = questions(served.speakers["tuned"], size.streams)
    path = "/v1/chat/completions"
    with hosted(served, config) as host:
        bodies = chats(texts, size.tokens)

        def streamed() -> float:
            result = over_http(host, bodies, path, size.streams, size.requests)
            return result.tokens / result.seconds

        streamed()  # warm
        inside, outside = in_rounds(
            size.rounds, lambda: direct(served, texts, size, size.streams, size.requests), streamed
        )
        yield f"engine: {size.streams} streams", spread(inside)
        yield f"HTTP, guard, client: {size.streams} streams", spread(outside)
        yield "lost of tokens/s", spread([100 * (1 - r) for r in ratios(outside, inside)], "%")
        first = over_http(host, chats(texts, 2), path, 1, 2 * len(texts)).first
        yield f"HTTP: first token of {PROMPT_TOKENS}, p50", spread([1e3 * s for s in first], "ms", 0)
    with hosted(instant(served), config) as host:
        simple: list[Body] = [{"message": text, "max_tokens": size.tokens} for text in texts]
        for name, asked, where in (("whole", simple, "/chat"), ("streamed", bodies, path)):
            over_http(host, asked, where, 1, 50)
            whole = over_http(host, asked, where, 1, 300).whole
            yield f"HTTP and guard alone, {size.tokens} tokens {name}, p50", spread([1e3 * s for s in whole], "ms", 2)
    judged = [1e3 * seconds(lambda text=text: Guard(config.guard).judge([Message("user", text)])) for text in texts]  # type: ignore[misc]
    yield "guard: judging a message, p50", spread(judged, "ms", 2)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def llama_part(run: Run, gguf: Path, overrides: Sequence[str], size: Size) -> Iterator[Row]:
    """Both servers as processes of their own, one of them idle while the other is asked."""
    overrides = ["serving/engine=llama_cpp", f"serving.engine.gguf={gguf}", *overrides]
    config = composed(ServeConfig, f"run.path={run.path}", *overrides).serving
    speaker = speaker_of(read_config(run))
    texts = questions(speaker, size.streams)
    prompts: list[Body] = [
        {
            "prompt": speaker.prompt_ids([Message("user", text)]),
            "max_tokens": size.tokens,
            "temperature": 0.0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        for text in texts
    ]
    per_stream = config.max_prompt_tokens + config.max_new_tokens
    ours = Verb(run.path, *overrides)
    with llama_cpp_alone(gguf, size.streams, per_stream, torch.get_num_threads()) as its:

        def through(host: Host, bodies: list[Body], path: str, streams: int, requests: int) -> float:
            result = over_http(host, bodies, path, streams, requests)
            return result.tokens / result.seconds

        for streams, requests in ((1, max(2, size.requests // 8)), (size.streams, size.requests)):
            own, mine = in_rounds(
                size.rounds + 1,  # the first warms both
                lambda: through(its, prompts, "/v1/completions", streams, requests),  # noqa: B023  called at once
                lambda: through(ours.host, chats(texts, size.tokens), "/v1/chat/completions", streams, requests),  # noqa: B023
            )
            yield f"llama.cpp's own server, {streams} streams", spread(own[1:])
            yield f"ours with llama.cpp, {streams} streams", spread(mine[1:])
            yield "ours against its own", spread(ratios(mine[1:], own[1:]), "times", 2)
    ours.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=["engine", "http"])
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--requests", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--gguf", type=Path)
    arguments = parser.parse_args()
    run = Run(arguments.run.resolve(), arguments.run.name)
    size = Size(arguments.tokens, arguments.streams, arguments.requests, arguments.rounds)
    overrides = [f"serving.engine.streams={size.streams}", "serving.requests_per_minute=null"]
    overrides += ["serving.guard.disclaimer=never", f"serving.engine.waiting={size.streams}"]
    print("| what | median (least–most) |\n|---|---|")

    def tell(rows: Iterator[Row]) -> None:
        for what, measured in rows:
            print(f"| {what} | {measured} |", flush=True)

    config = composed(ServeConfig, f"run.path={run.path}", *overrides).serving
    if {"engine", "http"} & set(arguments.parts):
        served = load_served(run, config)
        if "engine" in arguments.parts:
            tell(engine_part(served, size))
        if "http" in arguments.parts:
            tell(http_part(served, config, size))
        served.engine.close()
        del served
    if "llama" in arguments.parts:
        tell(llama_part(run, arguments.gguf, overrides, size))
    if "identity" in arguments.parts:
        tell(identity_part(run, overrides, size))
    if "soak" in arguments.parts:
        tell(soak_part(run, size.streams, arguments.seconds))


if __name__ == "__main__":
    main()
