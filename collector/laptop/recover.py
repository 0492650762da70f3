"""A laptop's data that was copied or restored goes on in a log of its own.

Two copies that write to one log would give one number to different changes. The
server notices (`fork`) and nothing is lost; but where the copy is noticed here, it
does not come to that.
"""

from typing import Any, NamedTuple

from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.laptop.place import are_of_one_place, read_signs, signs_of, write_signs


class Recovery(NamedTuple):
    """The log that was closed, with how many changes, and the one that goes on."""

    closed_log: str
    changes: int
    new_log: str
    pending: int

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return self._asdict()


def recover(laptop: Laptop) -> Recovery:
    """Close the log as it is and go on in a new one; what waits in it is still sent.

    The laptop counts as a copy from now on: the next code makes it one of its own.
    """
    old = laptop.store.head()
    new_id = laptop.clock.new_id()
    laptop.store.split(old.number, old.n, new_id)
    signs = write_signs(signs_of(laptop.home))
    laptop.store.set_settings({settings.PLACE: signs, settings.COPY: settings.YES})
    return Recovery(old.id, old.n, new_id, laptop.store.count_unacknowledged())


def notice_copy(laptop: Laptop) -> Recovery | None:
    """Begin a new log when this database is not where it was, before it is written to."""
    written = laptop.store.setting(settings.PLACE)
    known = read_signs(written) if written else {}
    found = signs_of(laptop.home)
    if not are_of_one_place(known, found):
        return recover(laptop)
    told = write_signs({**known, **found})
    if told != written:
        laptop.store.set_settings({settings.PLACE: told})
    return None
