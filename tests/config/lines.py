"""Random command lines of every verb, and what each is answered: run as a program, one process for many.

`python -m tests.config.lines VERB SEED COUNT` prints a JSON object per line: the line, exit status, stderr.
"""

import contextlib
import io
import json
import random
import re
import sys
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from medgenius.config.app import run_verb
from medgenius.config.compare import CompareConfig, with_runs_named
from medgenius.config.curate import CurateConfig
from medgenius.config.empathy import EmpathyConfig
from medgenius.config.evaluate import EvaluateConfig
from medgenius.config.fields import Root
from medgenius.config.launch import Launch
from medgenius.config.publish import PublishConfig
from medgenius.config.report import ReportConfig
from medgenius.config.serve import ChatConfig, ServeConfig
from medgenius.config.suggest import keys
from medgenius.config.sweeper import Sweep
from medgenius.config.train import TrainConfig
from medgenius.sweeps import sweep
from tests.config.line_words import FLAGS, ODD_KEYS, VALUES


@dataclass(frozen=True)
class Verb:
    schemas: tuple[type[Root], ...]
    """The verb's own first"""
    needed: tuple[str, ...] = ()
    """What has no default, in front of each line: otherwise all lines would be told just that."""

    @cached_property
    def keys(self) -> list[str]:
        return sorted({key for schema in self.schemas for key, _ in keys(schema)})

    @cached_property
    def other_names(self) -> list[str]:
        return sorted({name for schema in self.schemas for _, names in keys(schema) for name in names})


VERBS: Final = {
    "train": Verb((TrainConfig,)),
    "sweep": Verb((TrainConfig, Sweep), ("-m", "hydra/sweeper=optuna")),
    "curate": Verb((CurateConfig,), ("data.path=/proc/version", "output=clean")),
    "empathy": Verb((EmpathyConfig,), ("data.path=/proc/version", "output=empathy")),
    "evaluate": Verb((EvaluateConfig,), ("run=.",)),
    "compare": Verb((CompareConfig,), (".",)),
    "report": Verb((ReportConfig,), ("study=default",)),
    "publish": Verb((PublishConfig,), ("run=.", "output=published")),
    "chat": Verb((ChatConfig,), ("run=.",)),
    "serve": Verb((ServeConfig,), ("run=.",)),
}


def random_line(random: random.Random, verb: Verb) -> list[str]:
    """One to four overrides, now and then a flag among them."""
    line = [_override(random, verb) for _ in range(random.choice((1, 1, 1, 1, 2, 2, 3, 4)))]
    if random.random() < 0.12:
        at = random.randint(0, len(line))
        line[at:at] = random.choice(FLAGS).split()
    return line


def _override(random: random.Random, verb: Verb) -> str:
    kind = random.random()
    if kind < 0.04:
        return random.choice(VALUES)  # no override at all
    prefix = random.choices(("", "+", "++", "~", "~~", "+++", "--", " ", "!"), (70, 10, 6, 8, 1, 1, 1, 1, 1))[0]
    equals = random.choices(("=", "", "==", " = ", ":"), (90, 5, 2, 2, 1))[0]
    return f"{prefix}{_key(random, verb)}{equals}{_value(random)}"


def _key(random: random.Random, verb: Verb) -> str:
    kind = random.random()
    if kind < 0.5:
        return random.choice(verb.keys)
    if kind < 0.6:
        return random.choice(verb.other_names)
    if kind < 0.8:
        return random.choice(ODD_KEYS)
    key = list(random.choice(verb.keys))
    for _ in range(random.randint(1, 3)):  # typos
        at = random.randrange(len(key))
        key[at : at + random.randint(0, 2)] = random.choice(["", "x", ".", "_", "é", key[0]])
        key = key or ["x"]
    return "".join(key)


def _value(random: random.Random) -> str:
    kind = random.random()
    if kind < 0.8:
        return random.choice(VALUES)
    if kind < 0.9:
        return random.choice(VALUES) + random.choice(VALUES)
    letters = "abz019.,:=${}[]()'\"\\/+~@#!%&*<>?|;^` \t\nñ漢\U0001f600"
    return "".join(random.choice(letters) for _ in range(random.randint(1, 30)))


def answer(line: Sequence[str], verb: Verb) -> tuple[int, str]:
    """Exit status and stderr of a command line, by the code of the command line itself, with nothing to do."""
    arguments = [*verb.needed, *line]
    sys.argv = ["medgenius", *(with_runs_named(arguments) if verb.schemas[0] is CompareConfig else arguments)]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `${oc.deprecated:lora.r}` asks for one
        try:
            status = run_verb(verb.schemas[0], _nothing)
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            traceback.print_exc()
            status = -1
    return status, err.getvalue()


def _nothing(config: Root, launch: Launch) -> int:
    """As far as any verb comes before it begins to load."""
    assert config.file
    assert launch.title
    return 0


def _no_trials(*_: object) -> list[object]:
    """As far as a study comes before its first trial."""
    return []


def complaint(status: int, error: str) -> str | None:
    """What is wrong with an answer, or None: a mistake is a few short lines, and no program's insides."""
    lines = error.splitlines()
    wrong = {
        "traceback": "Traceback" in error or status == -1,
        f"status {status}": status not in {0, 2},
        "not told as an error": not lines or not all(line.startswith("error: ") and len(line) > 12 for line in lines),
        "too long": len(lines) > 12 or any(len(line) > 500 for line in lines),
        "speaks of Python": bool(re.search(r"object at 0x|<class '|NoneType|Exception\b|Error\(", error)),
        "control characters": any(not c.isprintable() for line in lines for c in line),
    }
    said_by_hydra = status == 1 and error.startswith("package '")  # --cfg job --package nope
    if (status == 0 or said_by_hydra) and not wrong["traceback"]:
        return None
    return next((what for what, holds in wrong.items() if holds), None)


def main(name: str, seed: str, count: str) -> None:
    verb, source = VERBS[name], random.Random(int(seed))
    vars(sweep)["_launch"] = _no_trials
    for _ in range(int(count)):
        line = random_line(source, verb)
        status, error = answer(line, verb)
        told = {"line": line, "status": status, "error": error, "complaint": complaint(status, error)}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
