"""Two texts side by side with what differs marked, word by word."""

import html
import re
from difflib import SequenceMatcher
from typing import Final

_PIECE: Final = re.compile(r"\s+|\w+|[^\w\s]")


def marked(before: str, after: str) -> tuple[str, str]:
    """Both as HTML: what is gone in `<del>`, what is new in `<ins>`."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    left: list[str] = []
    right: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = (_visible("".join(pieces)) for pieces in (old[a:b], new[c:d]))
        if kind == "equal":
            gone = come = html.escape("".join(old[a:b]))
        else:
            gone, come = (f"<{tag}>{text}</{tag}>" if text else "" for tag, text in (("del", gone), ("ins", come)))
        left.append(gone)
        right.append(come)
    return "".join(left), "".join(right)


def _visible(text: str) -> str:
    """As HTML, with a sign for every character that a reader would not see."""
    return "".join(_SIGNS.get(character) or _sign(character) for character in text)


_SIGNS: Final = {"\n": "↵\n", "\t": "⇥", "\u00a0": "⍽", " ": " "}


def _sign(character: str) -> str:
    return html.escape(character) if character.isprintable() else f"[U+{ord(character):04X}]"
