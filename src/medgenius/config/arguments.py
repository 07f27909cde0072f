"""What people type, in the grammar of Hydra's overrides: directories, `run=<dir>`, the words of a search space."""

import re

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

from medgenius.config.fields import Root
from medgenius.config.suggest import keys

_DIRECTORIES = {"run", "run.path", "run.resume", "output"}
"""Keys whose value is a directory."""
_SPACE = "hydra.sweeper.space."


def in_hydras_grammar(argument: str, schema: type[Root]) -> str:
    """One word of a verb's command line as Hydra reads it; a flag stays what it is."""
    return in_sweep_words(_with_quoted_directory(_with_whole_key(argument, schema)))


def _with_whole_key(argument: str, schema: type[Root]) -> str:
    """`run=<dir>` where the verb takes a run: conf/run is a group as well, so Hydra would look for a file there."""
    takes_a_run = "run.path" in (key for key, _ in keys(schema))
    return f"run.path={argument.removeprefix('run=')}" if takes_a_run and argument.startswith("run=") else argument


def _with_quoted_directory(argument: str) -> str:
    """Run directories are called by their overrides (`lora.r=64,seed=1`), which Hydra would take apart."""
    key, equals, value = argument.partition("=")
    if key not in _DIRECTORIES or not equals or value[:1] in {"'", '"'}:
        return argument
    return f"{key}={quoted(value)}"


def quoted(text: str) -> str:
    """A text as an override's value, in quotes."""
    return QuotedString(text, Quote.single).with_quotes()


def readable(text: str) -> str:
    """A text as an override's value or in a list, in quotes only where Hydra would read something else without them."""
    try:
        is_plain = OverridesParser.create().parse_override(f"key=[{text}]").value() == [text]
    except HydraException:
        is_plain = False
    return text if is_plain else quoted(text)


def in_sweep_words(argument: str) -> str:
    """What people write for a search space, in Hydra's grammar.

    `log(…)` is `tag(log,…)`. Below hydra.sweeper.space a key may be new, may have its dots escaped, and its words are
    no sweep of Hydra's own.
    """
    key, equals, value = argument.partition("=")
    if not equals or not re.fullmatch(r"[+~]*[\w.\\/@-]+", key):
        return argument
    value = with_log(value)
    if not key.lstrip("+").startswith(_SPACE):
        return f"{key}={value}"
    words = re.match(r"(choice|range|interval|int|float|tag|shuffle|sort)\(", value)
    return f"++{key.lstrip('+').replace(chr(92), '')}={quoted(value) if words else value}"


def with_log(value: str) -> str:
    """`log(…)` is short for Hydra's `tag(log,…)`, as a whole value: inside a text it is nobody's business."""
    return re.sub(r"^(\s*(?:(?:int|float)\(\s*)*)log\((?=.*\)\s*$)", r"\1tag(log,", value, flags=re.DOTALL)
