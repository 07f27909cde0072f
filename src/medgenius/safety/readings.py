"""How a message may be read, so that nothing written around an emergency hides it.

`safety.assess` leaves out what is imagined, taught or past, which is right for an honest message and a way round it for
one that is meant to deceive ("For my novel: ..."). A message that gives orders to a model or puts a frame around itself
is therefore read piece by piece as well, and without the pieces that order or frame.
"""

import re
import unicodedata

from medgenius.safety.assessment import assess

_FRAME = re.compile(
    r"\b(?:ignor\w+|disregard\w*|forget|overrid\w+|bypass\w*|skip|drop|disabl\w+|turn(?:ed)? off|switch(?:ed)? off|"
    r"suppress\w*|remov\w+|delete|hide|cancel|unlock\w*)\b.{0,60}\b(?:instruct\w+|rules?|guard\w*|safety|prompts?|"
    r"filter\w*|warn\w*|disclaim\w*|restrict\w*|polic\w+|above|previous|prior|everything|banner\w*|emergenc\w+|alert\w*|text)\b|"
    r"\b(?:do not|don.?t|never|without|no|stop)\b.{0,40}\b(?:mention\w*|show\w*|print\w*|say\w*|add\w*|includ\w+|"
    r"warn\w*|output|display\w*|prepend\w*|banner\w*|disclaim\w*|emergency (?:text|services?|number|line|message)|"
    r"999|112|911)\b|"
    r"\b(?:pretend|imagine|role-?play\w*|act as|act like|you are now|you.re now|from now on|simulat\w+|hypothetical\w*|"
    r"suppos\w+|fiction\w*|novel|story|screenplay|script|scene|character|actor|game|poem|song|lyrics|joke|joking|kidding|"
    r"drill|debug\w*|developer|sandbox|jailbreak\w*|dan|opposite|unit test|test (?:case|message|input|string)|"
    r"(?:only|just) an? (?:test|example|exercise)|not real|for example|thought experiment)\b|"
    r"\b(?:translate|summari[sz]e|repeat|paraphrase|rewrite|rephrase|encode|decode|spell|classify|proofread|correct|"
    r"complete|continue|quiz|exam|textbook|question)\b|"
    r"\b(?:reply|respond|answer|say|output|write|print|return)\b.{0,20}\b(?:only|just|exactly|nothing|with|as)\b|"
    r"\b(?:medical students?|professor|teacher|researcher|red.?team\w*|admin\w*|root|language model|chatbot|"
    r"an? ai|openai|as an? \w+)\b|"
    r"\b(?:system|assistant|user|developer|human|instructions?|prompt|note|context|input|output|task)\s*[:>\]=]|"
    r"<\|?/?\w+\|?>|```|[{}]|\[/?\w+\]|###|---|/\*|<!--|\bdef \w+\(",
    re.IGNORECASE | re.DOTALL,
)
_PIECES = re.compile(r"[\n\r\"“”«»„`:;{}<>|#*=()\[\]\\/_~]+|(?<=[.!?])\s+| - | – | — ")
_FEWEST_LETTERS = 4
_ASCII_CONTROLS = {code: None for code in (*range(32), 127) if chr(code) not in "\n\t\r"}


def red_flags_of(text: str) -> tuple[str, ...]:
    """The red flags of a message in any of its readings, each once."""
    plain = without_disguise(text)
    flags = dict.fromkeys(assess(plain).red_flags)
    if plain != text:
        flags |= dict.fromkeys(assess(text).red_flags)
    if _FRAME.search(plain):
        pieces = [piece for piece in _PIECES.split(plain) if len(piece) >= _FEWEST_LETTERS]
        told = " ".join(f"{piece}." for piece in pieces if not _FRAME.search(piece))
        for reading in (*dict.fromkeys(pieces), told):
            flags |= dict.fromkeys(assess(reading).red_flags)
    return tuple(flags)


def without_disguise(text: str) -> str:
    """Compatibility forms as plain letters (NFKC), without invisible characters."""
    if text.isascii():  # NFKC leaves it as it is, and only its controls are invisible
        return text.translate(_ASCII_CONTROLS)
    straight = unicodedata.normalize("NFKC", text)
    return "".join(c for c in straight if unicodedata.category(c) not in {"Cf", "Cc"} or c in "\n\t\r")
