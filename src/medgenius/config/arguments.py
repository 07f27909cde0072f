"""What people type, in the grammar of Hydra's overrides: paths, `run=<dir>`, the words of a search space."""

import re
from functools import cache

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

from medgenius.config.fields import Root
from medgenius.config.places import takes_a_path
from medgenius.config.suggest import fields

_DIRECTORIES = {"run", "run.path", "run.resume", "output"}
"""Keys whose value is one directory, whatever it is called."""
_SPACE = "hydra.sweeper.space."


def in_hydras_grammar(argument: str, schema: type[Root]) -> str:
    """One word of a verb's command line as Hydra reads it; a flag stays what it is."""
    return in_sweep_words(_with_quoted_path(_with_whole_key(argument, schema), schema))


def _with_whole_key(argument: str, schema: type[Root]) -> str:
    """`run=<dir>` where the verb takes a run: conf/run is a group as well, so Hydra would look for a file there."""
    is_run = argument.startswith("run=") and "run.path" in _path_keys(schema)
    return f"run.path={argument.removeprefix('run=')}" if is_run else argument


def _with_quoted_path(argument: str, schema: type[Root]) -> str:
    """Run directories are called by their overrides (`lora.r=64,seed=1`), which Hydra would take apart; of other paths
    it can't read those with a `~`, `=`, `é` or bracket. Its sweeps over several stay what they are."""
    key, equals, value = argument.partition("=")
    if not equals or value[:1] in {"", "'", '"'} or value == "null":
        return argument
    if key in _DIRECTORIES or (key in _path_keys(schema) and not _is_readable(argument)):
        return f"{key}={quoted(value)}"
    return argument


@cache
def _path_keys(schema: type[Root]) -> frozenset[str]:
    return frozenset(key for key, field in fields(schema) if takes_a_path(field))


def _is_readable(argument: str) -> bool:
    try:
        OverridesParser.create().parse_override(argument)
    except HydraException:
        return False
    return True


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
