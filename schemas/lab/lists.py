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
BATCHES: Final = TableForm(
    "batches",
    prose("lab"),
    "batch",
    "analyte",
    "results",
    "controls",
    "verdict",
    "decision",
    prose("found"),
)
EXPECTED_BATCHES: Final = TableForm(
    "expected", "campaign", prose("lab"), "batch", "bags", "sent on", "days"
)
EXPECTED: Final = TableForm(
    "bags", "campaign", prose("lab"), "batch", "bag", "core", "depth cm"
)
