"""The step that replaces what identifies a person."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from medgenius.config.curation.deidentify import DeidentifyConfig
from medgenius.curation.deidentification.engine import Deidentified, deidentify_parts
from medgenius.curation.row import Change, Part, Rejection, Row

_PARTS: tuple[Part, ...] = ("instruction", "input", "output")


class Deidentify:
    """Replaces identifying values in all texts of a row; a name found in one of them is known in the others."""

    name = "deidentify"

    def __init__(self, config: DeidentifyConfig) -> None:
        self._config = config

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        """As many rows as given; each change counts the values of one kind in one text."""
        return [self._cleaned(row) for row in rows]

    def _cleaned(self, row: Row) -> Row:
        parts = [row.instruction, row.input, row.output]
        results = deidentify_parts(parts, self._config.style, self._config.caution)
        changes = [
            change for part, result in zip(_PARTS, results, strict=True) for change in self._changes(part, result)
        ]
        if not changes:
            return row
        instruction, question, answer = (result.text for result in results)
        return replace(row, instruction=instruction, input=question, output=answer, changes=(*row.changes, *changes))

    def _changes(self, part: Part, result: Deidentified) -> list[Change]:
        counts = Counter(span.kind for span in result.spans)
        return [Change(self.name, part, kind, count) for kind, count in sorted(counts.items())]
