"""Safety: emergencies meet an escalation, advice carries its limits, and dangerous answers leave."""

from collections.abc import Sequence
from dataclasses import replace

from medgenius.config.curation.safety import SafetyConfig
from medgenius.curation.row import Change, Rejection, Row
from medgenius.safety import (
    assess,
    dangerous_advice,
    disclaimer_text,
    escalation_text,
    has_escalation,
    needs_disclaimer,
)

_FULFILLED = "harmful_request_fulfilled"


class Safety:
    name = "safety"

    def __init__(self, config: SafetyConfig) -> None:
        self._config = config

    def __call__(self, rows: Sequence[Row]) -> list[Row | Rejection]:
        return [self._judge(row) for row in rows]

    def _judge(self, row: Row) -> Row | Rejection:
        dangers = dangerous_advice(row.input, row.output)
        if dangers == (_FULFILLED,):
            return Rejection(row, self.name, _FULFILLED)
        if dangers:
            return Rejection(row, self.name, "dangerous_advice", ", ".join(dangers))
        assessment = assess(row.input)
        if assessment.emergency and not has_escalation(row.output):
            if self._config.on_missing_escalation == "reject":
                return Rejection(row, self.name, "missing_escalation", ", ".join(assessment.red_flags))
            row = self._change(row, f"{escalation_text(self._config.language)}\n\n{row.output}", "escalation")
        if self._config.add_disclaimer and needs_disclaimer(row.input, row.output):
            row = self._change(row, f"{row.output}\n\n{disclaimer_text(self._config.language)}", "disclaimer")
        return row

    def _change(self, row: Row, output: str, rule: str) -> Row:
        return replace(row, output=output, changes=(*row.changes, Change(self.name, "output", rule, 1)))
