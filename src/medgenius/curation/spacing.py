"""Characters, white space and the joints between words: what scraping and tokenising did to them is undone."""

import re
import unicodedata

import ftfy

_MOJIBAKE = re.compile("[\xc2-\xf4ŽžŠšŸœŒ][\x80-\xbf€‚ƒ„…†‡ˆ‰‹‘’“”•–—˜™›]|�")
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BREAKS = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
"""Control and zero-width characters. The joiners U+200C and U+200D stay: scripts and emoji are spelt with them."""

_INLINE_ITEM = re.compile(r"(?<=\S)[ \t]{2,}[-•*·▪●–][ \t]+(?=\S)")
_ITEM = re.compile(r"^[ \t]*[•*·▪●–-][ \t]+(?=\S)", re.M)
_RUN = re.compile(r"[ \t]{2,}|\t")
_LINE_ENDS = re.compile(r"[ \t]*\n[ \t]*")
_BLANK_LINES = re.compile(r"\n{3,}")

_MAY_BE_JOINED = re.compile('[.!?:;,]["”’)]?[A-Z]')
_JOINED = re.compile(r"\S*[a-z]{2}[.!?:;,]+[\"”’)]?[A-Z]\S*")
_FULL_STOP = re.compile(r"(?<=[a-z]{2})([.!?]+[\"”’)]?)(?=(?:[A-Z][a-z]|I\b|A$))")
_COMMA = re.compile(r"(?<=[a-z]{3})([,;:])(?=[A-Z][a-z]{2})")
_NAME_ON_THE_WEB = re.compile(r"://|@|www\.|\.(?i:com|org|net|gov|edu|co|uk|info|ca|us|js|py|exe|pdf|html?)\b")

_BEFORE_MARK = re.compile(r"(?<=[\w)\]\"'’”%]) +([,.?!;:]+)(?=\s|$)")
_CONTRACTION = re.compile(r"(?<=\w) ('(?:s|m|re|ve|ll|d)|n't)\b(?!')", re.I)
_SLURRED = re.compile(r"\b(?:(gon|wan) (na)|(got) (ta)|(gim|lem) (me))\b", re.I)
_IN_BRACKETS = re.compile(r"(?<=\() +(?=\S)|(?<=\S) +(?=\))")
_TOKENISED = (
    ((" ,", " .", " ?", " !", " ;", " :"), _BEFORE_MARK),
    ((" '", " n't", " N'T"), _CONTRACTION),
    ((" na", " ta", " me"), _SLURRED),
    (("( ", " )"), _IN_BRACKETS),
)
"""What must be in a text for a pattern to be worth the search, and the pattern; its groups are what stays."""


def mend_characters(text: str) -> tuple[str, int]:
    """Mojibake decoded, canonical composition (NFC, not NFKC: `²` is not `2`), plain spaces, nothing invisible."""
    if text.isascii() and text.isprintable():
        return text, 0
    mended = ftfy.fix_encoding(text) if _MOJIBAKE.search(text) else text
    mended = _UNSEEN.sub("", _BREAKS.sub("\n", _SPACES.sub(" ", mended)))
    mended = unicodedata.normalize("NFC", mended)
    return mended, int(mended != text)


def split_joined(text: str) -> tuple[str, int]:
    """A space where two sentences run together: `you.If`; not in `e.g.`, `Node.js`, `3.5`, addresses of the web."""
    if not _MAY_BE_JOINED.search(text):
        return text, 0
    count = 0

    def split(token: re.Match[str]) -> str:
        nonlocal count
        if _NAME_ON_THE_WEB.search(token[0]):
            return token[0]
        apart, sentences = _FULL_STOP.subn(r"\1 ", token[0])
        apart, clauses = _COMMA.subn(r"\1 ", apart)
        count += sentences + clauses
        return apart

    return _JOINED.sub(split, text), count


def detokenise(text: str) -> tuple[str, int]:
    """Punctuation joins the word before it, and so do `n't`, `'s`; `gon na`, `wan na` become one word."""
    count = 0
    for cues, pattern in _TOKENISED:
        if any(cue in text for cue in cues):
            text, found = pattern.subn(_joined, text)
            count += found
    return text, count


def _joined(parts: re.Match[str]) -> str:
    return "".join(part for part in parts.groups() if part)


def tidy_space(text: str) -> tuple[str, int]:
    """One space between words, at most one blank line between paragraphs, each list item on a line of its own."""
    tidy = text
    if "  " in text or "\t" in text:
        tidy = _RUN.sub(" ", _INLINE_ITEM.sub("\n- ", tidy))
    if "\n" in tidy:
        tidy = _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("\n", tidy))
        tidy = _ITEM.sub("- ", tidy)
    tidy = tidy.strip()
    return tidy, int(tidy != text)
