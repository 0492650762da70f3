"""The lists that both programs print of an undo."""

from typing import Final

from schemas.printing import TableForm, prose

KEPT: Final = TableForm("records that stay", prose("record"), prose("why"))
OPERATIONS: Final = TableForm(
    "operations", "id", "when", "done", prose("what"), "changes", prose("by")
)
