"""Results of a laboratory, kept on the laptop: matched by label, not by place."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record.neighbours import records_of
from schemas.lab.check import LabCheck, check, habits_key, habits_of, kept
from schemas.lab.layout import LabHabits
from schemas.lab_files import Delivery, read_delivery, read_labels
from schemas.tables.refusal import TableError


def habits(laptop: Laptop, lab: str) -> LabHabits:
    """Return what was said of a laboratory before."""
    return habits_of(laptop.store.setting(habits_key(lab)))


def check_files(
    laptop: Laptop, project_id: str, lab: str, sent: Delivery, said: LabHabits
) -> LabCheck:
    """Judge the readings of files; nothing is written.

    Raises
    ------
    RefusedError
        If a file as a whole cannot be used.
    """
    with _refused():
        read = read_delivery(sent)
        records = records_of(laptop, project_id)
        return check(read.files, records, said, lab, read.keys, read.beside)


def labels(given: Sequence[str]) -> list[str]:
    """Return labels of bags, given as they are or in files.

    Raises
    ------
    RefusedError
        If a file cannot be used.
    """
    with _refused():
        return read_labels(given)


@contextmanager
def _refused() -> Iterator[None]:
    """Refuse a file as the laptop refuses."""
    try:
        yield
    except TableError as error:
        found = error.refusal
        raise RefusedError(found.reason, found.hint, code="bad_table") from None


def remember(laptop: Laptop, lab: str, said: LabHabits) -> None:
    """Keep what was said of a laboratory for its next tables."""
    laptop.store.set_settings({habits_key(lab): kept(said)})
