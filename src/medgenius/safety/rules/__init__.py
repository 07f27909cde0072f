"""The red-flag rules, one module for each clinical area. See docs/safety.md for how to add to them."""

from medgenius.safety.rules import (
    abdomen,
    allergy_airway,
    circulation,
    circumstances,
    general,
    infection,
    injury,
    metabolism,
    mind,
    nerves,
    poison,
    pregnancy,
    spine_and_head,
)
from medgenius.safety.rules.model import Finding, Rule

AREAS = (
    allergy_airway,
    circulation,
    nerves,
    spine_and_head,
    abdomen,
    pregnancy,
    infection,
    metabolism,
    mind,
    poison,
    injury,
    general,
    circumstances,
)
FINDINGS: tuple[Finding, ...] = tuple(finding for area in AREAS for finding in area.FINDINGS)
RULES: tuple[Rule, ...] = tuple(rule for area in AREAS for rule in area.RULES)
