"""A message as words: lower case, one spelling, shorthand written out, cut into sentences and clauses."""

import re
from dataclasses import dataclass

from medgenius.safety.spelling import correct

ENDS = frozenset(".?!")
"""The marks that end a sentence; a comma ends a clause."""

LONGEST_SENTENCE = 80
"""Words; without a mark a sentence ends here, so that judging a text takes time in proportion to its length."""
_CLINICAL = {
    "AMS": "altered mental status",
    "ALOC": "altered mental status",
    "BRBPR": "blood in stool",
    "CES": "cauda equina",
    "CP": "chest pain",
    "CVA": "stroke",
    "DKA": "ketoacidosis",
    "HI": "homicidal",
    "LIF": "lower left",
    "LLQ": "lower left",
    "LOC": "loss of consciousness",
    "NSTEMI": "heart attack",
    "OD": "overdose",
    "PE": "pulmonary embolism",
    "PV": "vaginal",
    "RIF": "lower right",
    "RLQ": "lower right",
    "RUQ": "upper belly",
    "SAH": "subarachnoid",
    "SI": "suicidal",
    "SOB": "short of breath",
    "STEMI": "heart attack",
    "TIA": "stroke",
    "UPT": "pregnancy test",
}
"""Written in capitals these are clinicians' shorthand; in small letters some are ordinary words."""

_SIGNS = (
    (re.compile(r"(?<![a-z])n['`’]t\b"), "nt"),
    (re.compile(r"\bc/o\b|\bc/c\b"), " complains of "),
    (re.compile(r"\bh/o\b|\bhx\b|\bpmh\b"), " history of "),
    (re.compile(r"\bw/o\b"), " without "),
    (re.compile(r"\bn/v\b"), " nausea vomiting "),
    (re.compile(r"(?<![\d/])(\d{1,2})/7(?![\d/])"), r"\1 days"),
    (re.compile(r"(?<![\d/])(\d{1,2})/52(?![\d/])"), r"\1 weeks"),
    (re.compile(r"(?<![\d/])(\d{1,2})/12(?![\d/])"), r"\1 months"),
    (re.compile(r"(?:^|(?<=[\s(]))\?\s?(?=[a-z])"), " query "),
    (re.compile(r"\bcan ?not\b|\bcan nt\b|\bca nt\b|\bcarnt\b|\bunable to\b|\bcouldnt\b|\bcould not\b"), "cant"),
    (re.compile(r"\b(?:not|hasnt|havent|hadnt|isnt|arent|wasnt|werent|no longer) (?:been |being )?able to\b"), "cant"),
    (re.compile(r"\bwo nt\b|\bwill not\b|\bwouldnt\b"), "wont"),
    (re.compile(r"\b(do|did|does|is|are|was|has|have|had) nt\b"), r"\1nt"),
)
_APOSTROPHES = re.compile(r"['’‘`´]")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[a-z]+|[.?!,]")
_CAPITALS = re.compile(r"\b(?:" + "|".join(_CLINICAL) + r")\b")
_POSSESSIVE = re.compile(r"(?<=[a-z])[’'`]s\b")
_BREAKS = str.maketrans({";": ".", "\n": ".", ":": ",", "(": ",", ")": ",", "–": ",", "—": ",", "‑": "-", "‐": "-"})


@dataclass(frozen=True, slots=True)
class Words:
    """The tokens of a message (words, numbers and the marks `. ? ! ,`) and where each belongs."""

    tokens: tuple[str, ...]
    sentence: tuple[int, ...]
    """Number of the sentence of each token."""
    clause: tuple[int, ...]
    """Number of the clause of each token, counted through the message."""


def plain(text: str) -> str:
    """Lower case with straight signs and shorthand written out; figures and marks stay."""
    text = _CAPITALS.sub(lambda match: _CLINICAL[match[0]], text)
    text = _POSSESSIVE.sub("", text.casefold().translate(_BREAKS))
    text = _APOSTROPHES.sub("", re.sub(r"(?<=\s)n[’'`]t\b", "nt", text))
    for pattern, replacement in _SIGNS:
        text = pattern.sub(replacement, text)
    return text


def split_words(text: str) -> Words:
    """The words of a text from `plain`, spelling mended where a word is near one of the rules' own."""
    tokens: list[str] = []
    sentences: list[int] = []
    clauses: list[int] = []
    sentence = clause = length = 0
    for word in _TOKEN.findall(text):
        tokens.append(correct(word) if len(word) > 3 else word)
        sentences.append(sentence)
        clauses.append(clause)
        length += 1
        ends = word in ENDS or length >= LONGEST_SENTENCE
        if ends:
            length = 0
        sentence += ends
        clause += ends or word == ","
    return Words(tuple(tokens), tuple(sentences), tuple(clauses))
