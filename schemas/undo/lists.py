"""The lists that both programs print of an undo."""

from typing import Final

from schemas.phrases import _
from schemas.printing import TableForm, prose

KEPT: Final = TableForm("records that stay", prose(_("record")), prose(_("why")))
OPERATIONS: Final = TableForm(
    "operations",
    "id",
    _("when"),
    _("done"),
    prose(_("what")),
    _("changes"),
    prose(_("by")),
)
