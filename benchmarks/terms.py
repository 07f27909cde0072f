"""Precision and recall of the terms step on its labelled sentences, and its list of abbreviations against another.

    python benchmarks/terms.py [--abbreviations PATH/abbreviations.tsv]

The sentences marked `tune` were looked at while the lists were written, those marked `held` were not. A meaning
agrees with the other list where all words of one are in the other, apart from case, plural and British spelling.
"""

import argparse
import re
from collections import defaultdict
from pathlib import Path

from medgenius.config.app import composed
from medgenius.config.curate import CurateConfig
from medgenius.curation import lexicon
from medgenius.curation.row import Row
from medgenius.curation.steps.terms import Terms

CASES = Path("tests/curation/terms_cases.tsv")


def judged(step: Terms, split: str) -> tuple[int, int, int]:
    """Right, wrong and missed changes of the marked words."""
    right = wrong = missed = 0
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if not line.startswith(split):
            continue
        _, word, expected, sentence = line.split("\t")
        (row,) = step([Row("case", "", sentence, "")])
        assert isinstance(row, Row)
        stays = bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", row.input))
        found = expected != "=" and not stays and expected.casefold() in row.input.casefold()
        right += found
        wrong += not stays and not found
        missed += expected != "=" and not found
    return right, wrong, missed


def plain(expansion: str) -> frozenset[str]:
    text = expansion.casefold().replace("ae", "e").replace("oe", "e").replace("our", "or").replace("isation", "ization")
    return frozenset(word.removesuffix("s") for word in re.findall(r"[a-z0-9]+", text))


def compare(path: Path) -> None:
    other: dict[str, set[frozenset[str]]] = defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        abbreviation, expansion = line.split("\t")
        other[abbreviation].add(plain(expansion))
    own: dict[str, set[frozenset[str]]] = defaultdict(set)
    for line in lexicon.lines("abbreviations.tsv"):
        forms, expansion, _ = line.split("\t")
        for form in forms.split("|"):
            own[form].add(plain(expansion))
    shared = own.keys() & other.keys()
    senses = [(form, sense) for form in shared for sense in own[form]]
    agree = [any(sense <= theirs or theirs <= sense for theirs in other[form] if theirs) for form, sense in senses]
    print(f"\n{len(own)} forms, {sum(map(len, own.values()))} meanings; the other list: {len(other)} forms")
    print(f"forms of the other list that are ours: {len(shared)} ({len(shared) / len(other):.1%})")
    print(f"meanings of the shared forms that the other list has as well: {sum(agree)} of {len(agree)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abbreviations", type=Path)
    arguments = parser.parse_args()
    step = Terms(composed(CurateConfig, f"data.path={__file__}", "output=unused").curation.terms)
    print("| sentences | right | wrong | missed | precision | recall |\n|---|---|---|---|---|---|")
    for split in ("tune", "held"):
        right, wrong, missed = judged(step, split)
        precision, recall = right / (right + wrong), right / (right + missed)
        print(f"| {split} | {right} | {wrong} | {missed} | {precision:.3f} | {recall:.3f} |")
    if arguments.abbreviations:
        compare(arguments.abbreviations)


if __name__ == "__main__":
    main()
