"""What a clinical answer can name: conditions, medicines and advice, written for this project.

Each line is one thing; its phrases stand between `; `, the first is its name. A line that begins with `=` lists things
of one word. Phrases are written as `medgenius.safety.phrases` describes, in the singular. `#` opens a comment line.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files


def things(name: str) -> Mapping[str, Sequence[str]]:
    """The phrases of each thing of a list, by its name."""
    found: dict[str, Sequence[str]] = {}
    for line in (files(__package__) / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("="):
            found |= {word: [word] for word in line[1:].split()}
        elif line and not line.startswith("#"):
            phrases = line.split("; ")
            found[phrases[0]] = phrases
    return found
