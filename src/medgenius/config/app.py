"""Hydra as a strict command line: compose, check, hand over a typed config; every user's mistake is one line."""

import contextlib
import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hydra
from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from medgenius.config.arguments import in_hydras_grammar
from medgenius.config.fields import Root
from medgenius.config.launch import Launch, found_place, program
from medgenius.config.sweeper import Sweep
from medgenius.config.targets import guard_composition
from medgenius.config.validate import R, to_config, unknown_key
from medgenius.errors import ConfigError, Interrupted, MedGeniusError, shown

_UNKNOWN_OVERRIDE = re.compile(r"Could not (?:override|delete from config\.) '([^']+)'|Key '([^']+)' is not in struct")
_FULL_KEY = re.compile(r"full_key: (\S+)")
_TIME_FOR_THE_FIRST = 5.0
"""Seconds."""
_LONGEST_LINE = 480
"""Characters."""

guard_composition()  # on import, so that the processes which a launcher starts are guarded too
# Hydra makes the folder of a multirun itself, and knows no `~`.
OmegaConf.register_new_resolver("expanduser", lambda path: os.path.expanduser(str(path)), replace=True)  # noqa: PTH111


def config_dir() -> Path:
    """The folder of shipped config files: `conf/` of a checkout, or the copy inside an installed package."""
    package = Path(__file__).parents[1]
    checkout = package.parents[1] / "conf"
    return checkout if (checkout / "train.yaml").is_file() else package / "conf"


def run_verb(schema: type[R], task: Callable[[R, Launch], int]) -> int:
    """Compose the verb's file in conf/ with the command line's overrides and call `task`; gives the exit status.

    Under `-m` the task is called once per job. All of Hydra's own flags work (`--cfg job`, `--help`, `--config-dir`).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without some of our characters gets others
            stream.reconfigure(errors="replace")
    # Hydra prints several lines and leaves the process for what a user did; with this set it raises instead.
    os.environ["HYDRA_FULL_ERROR"] = "1"

    sys.argv[1:] = [in_hydras_grammar(argument, schema) for argument in sys.argv[1:]]
    statuses: list[int] = []
    begun = False

    def checked(composed: DictConfig) -> None:
        nonlocal begun
        begun = True
        # Answered here, since Hydra would print lines of its own; and the other jobs of a multirun go on.
        try:
            _refuse_a_lone_study()
            statuses.append(task(to_config(composed, schema), _launch()))
        except MedGeniusError as error:
            statuses.append(say(error))

    entry = hydra.main(version_base="1.3", config_path=str(config_dir()), config_name=schema.file)(checked)
    try:
        _check_flags()
        entry()
    except Interrupted as stop:
        if not (found := found_place()) or found[0].rank == 0:
            print(stop, file=sys.stderr)
        return stop.status
    except KeyboardInterrupt as stop:
        print(str(stop) or "interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        # Until the first job begins there is only Hydra reading the command line, and it raises what comes to hand.
        if begun and not isinstance(error, MedGeniusError | HydraException | OmegaConfBaseException):
            raise
        return say(error if isinstance(error, MedGeniusError) else translated(error, schema))
    return max(statuses, default=0)


def _check_flags() -> None:
    """
    Raises:
        ConfigError: a flag that Hydra doesn't know, or the one with which it reads a pickle.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            flags = get_args_parser().parse_args()
    except SystemExit as stop:
        if not stop.code:  # --version
            raise
        raise ConfigError(shown(said.getvalue().strip().rpartition("error: ")[2], 200)) from None
    if flags.experimental_rerun is not None:
        raise ConfigError("--experimental-rerun reads a pickle, which could run code: go on with run.resume=<dir>")


def start_words() -> list[str]:
    """The program and the flags that say where its config files lie, as a person would type this line's again."""
    flags = get_args_parser().parse_known_args()[0]
    places = {"--config-path": flags.config_path, "--config-name": flags.config_name, "--config-dir": flags.config_dir}
    return [*program(), *(word for flag, place in places.items() if place is not None for word in (flag, place))]


def composed(schema: type[R], *overrides: str) -> R:
    """The config that a command line of these overrides would have, for use from Python.

    Raises:
        ConfigError: as the command line would say it.
    """
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        return to_config(compose(schema.file, overrides=list(overrides)), schema)


def _refuse_a_lone_study() -> None:
    """
    Raises:
        ConfigError: a sweeper was typed, and nothing asks for it.
    """
    settings = HydraConfig.get()
    sweeper = settings.runtime.choices["hydra/sweeper"]
    if settings.mode is RunMode.MULTIRUN or sweeper == "basic":
        return
    if any(override.startswith("hydra/sweeper") for override in settings.overrides.hydra):
        line = f"{' '.join(program())} -m hydra/sweeper={sweeper}"
        raise ConfigError(f"hydra/sweeper={sweeper} needs -m: {line}")
    # An experiment names it; one of its trials is trained alone by the same words without -m.
    print("one run, with none of the study's search (for that: -m)", flush=True)


def _launch() -> Launch:
    """How Hydra started this job."""
    settings = HydraConfig.get()
    # As they were typed: `lora.r=${seed}` is text in this list, and no reference.
    overrides = tuple(str(text) for text in OmegaConf.to_container(settings.overrides.task, resolve=False) or ())
    if settings.mode is not RunMode.MULTIRUN:
        return Launch(overrides)
    return Launch(overrides, sweep_dir=Path(settings.sweep.dir), job_number=int(settings.job.num))


def say(error: MedGeniusError) -> int:
    """Print an error line by line; gives the exit status.

    One of several processes that is not the first waits: if the first has the same to say, the launcher ends this one
    before it repeats it.
    """
    found = found_place()
    if found and found[0].rank:
        time.sleep(_TIME_FOR_THE_FIRST)
    for line in str(error).splitlines():
        # A setting may be of any length, and is quoted; a file's error names places that are wanted whole.
        print(f"error: {shown(line, _LONGEST_LINE) if isinstance(error, ConfigError) else line}", file=sys.stderr)
    return 2 if isinstance(error, ConfigError) else 1


def translated(error: Exception, schema: type[Root]) -> ConfigError:
    """Hydra's and OmegaConf's refusals in our words."""
    if isinstance(error, MissingConfigException):
        return _missing_choice(error)
    if isinstance(error, OverrideParseException):
        return _unreadable(error)
    texts = list(_texts(error))
    for text in texts:
        if found := _UNKNOWN_OVERRIDE.search(text):
            key = found.group(1) or found.group(2)
            full_key = _FULL_KEY.search("\n".join(texts))
            # A mapping was typed, and it is a key in it that is not known.
            if full_key and (found.group(1) is None or full_key.group(1).startswith(f"{key}.")):
                key = full_key.group(1)
            return unknown_key(key, Sweep if key.startswith("hydra.sweeper.") else schema)
    text = _without_link(texts[0]) if texts else "Hydra can't make a config of this"
    return ConfigError(f"{_guilty(text, schema)}{shown(text, 300)}".replace("NoneType", "nothing"))


def _guilty(text: str, schema: type[Root]) -> str:
    """The override that makes this trouble alone, for the front of a line; Hydra's own words don't always name it."""
    overrides: list[str] = get_args_parser().parse_known_args()[0].overrides
    keys = [re.split("[=@]", override.lstrip("+~"), maxsplit=1)[0] for override in overrides]
    if any(key and key in text for key in keys) or re.search(r"(^| )--\w", text):  # it is about flags
        return ""
    for override in overrides:
        try:
            composed(schema, override)
        except MedGeniusError:
            continue
        except Exception as error:
            if [*_texts(error), text][0].split()[:3] == text.split()[:3]:
                return f"{shown(override)}: "
    return f"{shown(' '.join(overrides))}: " if overrides else ""


def _unreadable(error: OverrideParseException) -> ConfigError:
    """An override that Hydra's grammar doesn't know."""
    override = shown(error.override)
    if "=" not in error.override and not error.override.startswith("~"):
        return ConfigError(f"{override}: is no override: write key=value")
    reason = _without_link(error.message).removeprefix(f"Error parsing override '{error.override}' ")
    key = error.override.partition("=")[0].lstrip("+~")
    if not re.fullmatch(r"[^\W\d][\w/.@:$-]*", key):
        return ConfigError(f"{override}: can't be read: {shown(key, 40)!r} can't be a key")
    if "LexerNoViableAlt" in error.message:
        return ConfigError(f"{override}: can't be read: put what is special in it in quotes, as in \"key='value'\"")
    reason = re.sub(r" expecting \{.*", "", reason)
    reason = re.sub(r"^\w+(Error|Exception) while evaluating", "in", reason).replace("NoneType", "nothing")
    return ConfigError(f"{override}: can't be read: {shown(reason, 200)}")


def _without_link(text: str) -> str:
    return re.sub(r" See https://hydra\.cc\S+ for details", "", " ".join(text.split()))


def _texts(error: BaseException | None) -> Iterator[str]:
    """The words of an error and of what caused it, the outermost first; Hydra leaves some of them empty.

    Under a debugger, coverage or OC_CAUSE=1 OmegaConf makes an error that it raises again its own cause.
    """
    told: set[int] = set()
    while error is not None and id(error) not in told:
        told.add(id(error))
        if text := str(error).strip():
            yield text
        error = error.__cause__ or error.__context__


def _missing_choice(error: MissingConfigException) -> ConfigError:
    """`experiment=typo`: name the choices that exist."""
    missing = error.missing_cfg_file or ""
    group, _, choice = missing.rpartition("/")
    options = sorted(error.options or ())
    if not group:
        return ConfigError(shown(" ".join(str(error).split()), 300))
    available = f"; there are: {', '.join(options)}" if options else ""
    return ConfigError(f"{shown(group)}={shown(choice)}: no such file in conf/{group}{available}")
