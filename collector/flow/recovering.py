"""A laptop's data that was copied or restored goes on in a log of its own.

Two copies that write to one log would give one number to different changes. The
server notices (`fork`) and nothing is lost; but where the copy is noticed here, it
does not come to that.
"""

import os
from dataclasses import asdict, dataclass
from typing import Any

from collector.flow import laptop as names
from collector.flow.laptop import Laptop


@dataclass(frozen=True, slots=True)
class Recovery:
    """The log that was closed, with how many changes, and the one that goes on."""

    closed_log: str
    changes: int
    new_log: str
    pending: int

    def as_data(self) -> dict[str, Any]:
        """Give the JSON object."""
        return asdict(self)


def recover(laptop: Laptop) -> Recovery:
    """Close the log as it is and go on in a new one; what waits in it is still sent."""
    old = laptop.store.head()
    new_id = laptop.clock.new_id()
    laptop.store.split(old.number, old.n, new_id)
    _note_place(laptop)
    return Recovery(old.id, old.n, new_id, laptop.store.count_unacknowledged())


def notice_copy(laptop: Laptop) -> Recovery | None:
    """Begin a new log when this database is not the file that it was."""
    known = laptop.store.setting(names.PLACE)
    if known == _place(laptop):
        return None
    if known is None:
        _note_place(laptop)
        return None
    return recover(laptop)


def _note_place(laptop: Laptop) -> None:
    laptop.store.set_settings({names.PLACE: _place(laptop)})


def _place(laptop: Laptop) -> str:
    # A copy is another file; a file that is renamed or written to stays the same one.
    return str(os.stat(laptop.home.database).st_ino)  # noqa: PTH116 - of the path as it is
