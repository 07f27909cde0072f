"""Random command lines of `python train.py`, and what each is answered: run as a program, one process for many.

`python -m tests.config.lines SEED COUNT` prints a JSON object per line: the line, exit status, stderr.
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

from medgenius.config.app import run_verb
from medgenius.config.launch import Launch
from medgenius.config.suggest import keys
from medgenius.config.train import TrainConfig

_KEYS = sorted({key for key, _ in keys(TrainConfig)})
_OTHER_NAMES = sorted({name for _, names in keys(TrainConfig) for name in names})
_ODD_KEYS = [
    *(
        "",
        ".",
        "..",
        "a..b",
        ".lora.r",
        "lora.r.",
        "lora..r",
        "lora.r.x",
        "lora[r]",
        "lora[0]",
        "lora.target_modules.0",
    ),
    *("lora@x", "model@lora", "model@a.b.c", "lora@", "@lora", "model@_global_", "experiment", "experiment@x"),
    *("lörä.r", "лора.r", "𝓵𝓸𝓻𝓪", "lora.\u202er", "lora r", "lora\tr", "lora\nr", "'lora.r'", '"lora.r"', "lora\\.r"),
    *(
        "0",
        "-1",
        "1.5",
        "true",
        "null",
        "_target_",
        "lora._target_",
        "__class__",
        "lora.__init__",
        "_self_",
        "defaults",
    ),
    *(
        "hydra",
        "hydra.job.name",
        "hydra.job.id",
        "hydra.mode",
        "hydra.verbose",
        "hydra.job.chdir",
        "hydra.output_subdir",
    ),
    *("hydra.callbacks", "hydra.callbacks.x", "hydra.callbacks.multirun._target_", "hydra.sweeper.params.x", "hydra.x"),
    *("hydra.launcher", "hydra.launcher._target_", "hydra/launcher", "hydra/sweeper", "hydra/job_logging", "hydra/x"),
    *("hydra.searchpath", "hydra.job.env_set.A", "hydra.job.config.override_dirname.kv_sep", "hydra.runtime.cwd"),
    *("data/columns", "trainer/default", "/lora", "lora/", "model/", "a/b/c", "conf/lora", "../lora", "lora/../model"),
    ".".join("a" * 300),
    "k" * 5000,
]
_VALUES = [
    *("", " ", "8", "0", "-1", "+1", "1.5", "1e-4", "1e400", "-1e400", "1e-400", "9" * 400, "9" * 5000, "0x10", "0b1"),
    *("1_000", "nan", "inf", "-inf", "NaN", "true", "False", "yes", "null", "None", "~", "???", "auto", "none"),
    *("word", "two words", " padded ", "tiny", "default", "a/b", "./x", "../x", "~", "~/x", "C:\\x", "/proc/nope"),
    *(
        "'quoted'",
        '"quoted"',
        "'open",
        '"open',
        "'it''s'",
        "'it\\'s'",
        "'a' 'b'",
        "\\",
        "\\\\",
        "a\\,b",
        "\\'",
        "''",
        '""',
    ),
    *(
        "${lora.r}",
        "${lora}",
        "${nope}",
        "${oc.env:NOT_THERE}",
        "${oc.env:NOT_THERE,8}",
        "${hydra:job.name}",
        "${now:%Y}",
    ),
    *(
        "${",
        "${}",
        "${.}",
        "${..}",
        "${.r}",
        "${..lora.r}",
        "${...}",
        "${${lora.r}}",
        "$",
        "$$",
        "$lora",
        "\\${lora.r}",
    ),
    *("${oc.decode:'['}", "${oc.create:{a:1}}", "${oc.create:nope}", "${oc.select:lora.r}", "${oc.select:nope,3}"),
    *(
        "${oc.dict.keys:lora}",
        "${nope:1}",
        "${oc.env:}",
        "${oc.deprecated:lora.r}",
        "${a b}",
        "x${lora.r}y",
        "${hydra.job.id}",
    ),
    *("[]", "[1,2]", "[1,2", "1]", "[,]", "[1,,2]", "[q_proj,q_proj]", "[null]", "[[1],[2]]", "[${lora.r}]", "['a',b]"),
    *(
        "{}",
        "{a:1}",
        "{a:1",
        "{a}",
        "{a:{b:{c:1}}}",
        "{r:8}",
        "{'r':8}",
        "{1:2}",
        "{null:1}",
        "{_target_:os.system}",
        "{a:1,a:2}",
    ),
    *("1,2", "1,", ",1", "a,b,c", "8,null", "choice(8,16)", "choice()", "range(1,5)", "range(1,9,0)", "range(5)"),
    *("interval(0,1)", "glob(*)", "glob([a,b],exclude=c)", "shuffle(1,2)", "sort(2,1)", "sort(a,1)", "shuffle([1,2])"),
    *(
        "int(3.5)",
        "int(x)",
        "float(x)",
        "str(1)",
        "bool(2)",
        "json_str({})",
        "extend_list(1)",
        "tag(a,b)",
        "nope(1)",
        "int(",
        "f()",
    ),
    *(
        "=",
        "==",
        "a=b",
        "a:b",
        "a@b",
        "@",
        ":",
        "#",
        "# x",
        "!!python/object/apply:os.system",
        "%s",
        "{0}",
        "&",
        "*",
        "|",
        ">",
    ),
    *(
        "é",
        "日本語",
        "🩺",
        "\u202e\u0645",
        "\ufeff8",
        "\u00a08",
        "\u2028",
        "a\nb",
        "a\tb",
        "\x1b[31mred",
        "\x07",
        "\udcff",
        "\ud800",
    ),
    "x" * 10_000,
    "[" * 200,
    "[" * 60 + "]" * 60,
    "{a:" * 60 + "1" + "}" * 60,
    "${" * 100,
    "(" * 300,
]
_FLAGS = [
    *("-m", "--multirun", "--cfg", "--cfg job", "--cfg hydra", "--cfg all", "--cfg nope", "--cfg job --resolve"),
    *("--cfg job --package lora", "--cfg job --package nope.x", "--resolve", "--package lora", "--info searchpath"),
    *("--config-name nope", "--config-name curate", "--config-dir /nope", "--config-dir .", "--config-path nope"),
    *("--help", "--hydra-help", "--version", "--nope", "-x", "-", "--", "--run", "-m --run", "--cfg job -m", "-1"),
    *("--info defaults", "--info nope", "--experimental-rerun nope", "-c job", "-sc query=x"),
]


def random_line(random: random.Random) -> list[str]:
    """One to four overrides, now and then a flag among them."""
    line = [_override(random) for _ in range(random.choice((1, 1, 1, 1, 2, 2, 3, 4)))]
    if random.random() < 0.12:
        at = random.randint(0, len(line))
        line[at:at] = random.choice(_FLAGS).split()
    return line


def _override(random: random.Random) -> str:
    kind = random.random()
    if kind < 0.04:
        return random.choice(_VALUES)  # no override at all
    prefix = random.choices(("", "+", "++", "~", "~~", "+++", "--", " ", "!"), (70, 10, 6, 8, 1, 1, 1, 1, 1))[0]
    equals = random.choices(("=", "", "==", " = ", ":"), (90, 5, 2, 2, 1))[0]
    return f"{prefix}{_key(random)}{equals}{_value(random)}"


def _key(random: random.Random) -> str:
    kind = random.random()
    if kind < 0.5:
        return random.choice(_KEYS)
    if kind < 0.6:
        return random.choice(_OTHER_NAMES)
    if kind < 0.8:
        return random.choice(_ODD_KEYS)
    key = list(random.choice(_KEYS))
    for _ in range(random.randint(1, 3)):  # typos
        at = random.randrange(len(key))
        key[at : at + random.randint(0, 2)] = random.choice(["", "x", ".", "_", "é", key[0]])
        key = key or ["x"]
    return "".join(key)


def _value(random: random.Random) -> str:
    kind = random.random()
    if kind < 0.8:
        return random.choice(_VALUES)
    if kind < 0.9:
        return random.choice(_VALUES) + random.choice(_VALUES)
    letters = "abz019.,:=${}[]()'\"\\/+~@#!%&*<>?|;^` \t\nñ漢\U0001f600"
    return "".join(random.choice(letters) for _ in range(random.randint(1, 30)))


def answer(line: Sequence[str]) -> tuple[int, str]:
    """Exit status and stderr of a command line, by the code of the command line itself, with nothing to do."""
    sys.argv = ["train.py", *line]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `${oc.deprecated:lora.r}` asks for one
        try:
            status = run_verb(TrainConfig, _nothing)
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            traceback.print_exc()
            status = -1
    return status, err.getvalue()


def _nothing(config: TrainConfig, launch: Launch) -> int:
    """As far as any run comes before it begins to load."""
    assert config.seed >= 0
    assert launch.title
    return 0


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


def main(seed: str, count: str) -> None:
    source = random.Random(int(seed))
    for _ in range(int(count)):
        line = random_line(source)
        status, error = answer(line)
        print(json.dumps({"line": line, "status": status, "error": error, "complaint": complaint(status, error)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
