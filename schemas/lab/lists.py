"""The lists that both programs print of a laboratory's tables."""

from typing import Final

from schemas.printing import TableForm, prose

READINGS: Final = TableForm(
    "readings",
    "line",
    "bag",
    "analyte",
    "value",
    "here",
    "outcome",
    prose("why"),
)
EXPECTED: Final = TableForm("bags", "campaign", "bag", "core", "depth cm")
