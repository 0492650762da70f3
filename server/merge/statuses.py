"""Where changes in custody and conflicts stand."""

from enum import StrEnum
from typing import Final


class CustodyStatus(StrEnum):
    """Where a change stands that was stored and not applied."""

    OPEN = "open"  # waits for a person
    HELD = "held"  # waits for a record
    RELEASED = "released"  # was applied after all
    REPLACED = "replaced"  # another change stands in for it
    DISCARDED = "discarded"


#: Those that wait: for a person, or for a record.
WAITS: Final = (CustodyStatus.OPEN, CustodyStatus.HELD)


class ConflictStatus(StrEnum):
    """Whether somebody decided on a conflict."""

    OPEN = "open"
    SETTLED = "settled"


#: Reasons for which a person alone lets a change in: judged again, it would stand, and be
#: taken for a correction that nobody made.
FOR_A_PERSON: Final = frozenset({"form_differs", "recorded_before", "label_twice"})
