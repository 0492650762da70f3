"""Taking back at the desk: one way for every page that has it."""

from schemas import limits
from schemas.one_line import one_line
from schemas.operations import OperationKind, operation
from schemas.phrases import Phrase, _, ngettext
from server.custody.undo import Undoing, undo
from server.desk.frame import Asked, Desk
from server.errors import RefusedError


async def take_back(desk: Desk, asked: Asked, found: Undoing) -> Phrase:
    """Take back what was looked at, for the reason of the form; say what came of it.

    Raises
    ------
    RefusedError
        If there is nothing to take back, or no reason.
    """
    if found.is_empty:
        raise RefusedError(
            "there is nothing to take back", [], "go back and look again"
        )
    reason = f"of {asked.said('operation')}, {said_why(asked)}"
    done = operation(OperationKind.UNDO, desk.clock.new_id(), reason)
    came = await undo(
        desk.store, desk.clock, found, done, asked.person.name, lambda *_of: None
    )
    kept = len(found.plan.kept) + len(came.refused)
    if not kept:
        return _("Taken back: all is as before.")
    return ngettext(
        "Taken back, but for {num} record that was written since.",
        "Taken back, but for {num} records that were written since.",
        kept,
    )


def said_why(asked: Asked) -> str:
    """Return the reason that a form gives.

    Raises
    ------
    RefusedError
        If it gives none, or one that is too long.
    """
    try:
        return one_line(asked.said("reason"), limits.WHY_CHARS)
    except ValueError as error:
        raise RefusedError(f"the reason: {error}", [], "write why") from None
