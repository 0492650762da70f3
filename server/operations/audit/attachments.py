"""Attached files: the index of who names them is that of the records."""

from collections.abc import Iterable, Iterator

from server.operations.audit.findings import Kept
from server.store.kept_values import IndexedFile, NamedFile
from server.store.values import Fault

#: A file as somebody names it: project, record, SHA-256.
_Named = tuple[str, str, str]


def check_attachments(kept: Kept) -> Iterator[Fault]:
    """Check that each file is found where a record names it, and nowhere else."""
    unknown = missing_from(kept.kept(IndexedFile), kept.kept(NamedFile))
    yield from _faults(unknown, "is named and not in the index")
    unnamed = missing_from(kept.kept(NamedFile), kept.kept(IndexedFile))
    yield from _faults(unnamed, "is in the index and not named")


def missing_from(there: Iterable[_Named], wanted: Iterable[_Named]) -> Iterator[_Named]:
    """Return what is wanted and not there; both come in order, each value once.

    Examples
    --------
    >>> list(missing_from([("p", "a", "1")], [("p", "a", "1"), ("p", "b", "1")]))
    [('p', 'b', '1')]
    """
    rest = iter(there)
    found = next(rest, None)
    for value in wanted:
        while found is not None and found < value:
            found = next(rest, None)
        if found != value:
            yield value


def _faults(files: Iterable[_Named], what: str) -> Iterator[Fault]:
    for project_id, record, sha256 in files:
        where = f"project {project_id}, record {record}"
        yield Fault("attachments", where, f"file {sha256} {what}")
