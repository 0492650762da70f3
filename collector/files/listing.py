"""Which files records name, and where each of them is."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record.names import label
from collector.rules.overlay import RecordView
from collector.store.port import Transfer

File = dict[str, Any]


class FileState(StrEnum):
    """Where an attached file is."""

    HERE_ONLY = "here only"
    SENDING = "sending"
    ON_SERVER = "on the server"
    MISSING = "missing here"


class Listed(NamedTuple):
    """One attached file of one record, and where it is."""

    view: RecordView
    label: str
    file: File
    state: FileState
    sent: int
    here: bool

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "record": self.view.id,
            "type": self.view.type,
            "record_name": self.label,
            **self.file,
            "state": str(self.state),
            "sent": self.sent,
            "here": self.here,
        }


def files_of(view: RecordView) -> list[File]:
    """Return the files that a record names."""
    return list(view.fields.get("attachments") or ())


def listed(laptop: Laptop) -> list[Listed]:
    """Return every file that records on this laptop name, and where it is."""
    return listed_of(laptop, laptop.store.attached())


def listed_of(laptop: Laptop, views: Iterable[RecordView]) -> list[Listed]:
    """Return every file that some records name, and where it is."""
    transfers = laptop.store.transfers()
    return [
        _listed(laptop, view, file, transfers.get(file["sha256"], Transfer(0)))
        for view in views
        for file in files_of(view)
    ]


def _listed(laptop: Laptop, view: RecordView, file: File, transfer: Transfer) -> Listed:
    here = laptop.vault.size(file["sha256"]) == file["size"]
    match (here, transfer):
        case (_, Transfer(confirmed_at=str())):
            state = FileState.ON_SERVER
        case (True, Transfer(sent=0)):
            state = FileState.HERE_ONLY
        case (True, _):
            state = FileState.SENDING
        case _:
            state = FileState.MISSING
    name = label(laptop.store, view)
    return Listed(view, name, file, state, transfer.sent, here)


def waiting(laptop: Laptop) -> list[File]:
    """Return the files that are here and not yet on the server, smallest first."""
    found = {
        one.file["sha256"]: one.file
        for one in listed(laptop)
        if one.state in {FileState.HERE_ONLY, FileState.SENDING}
    }
    return sorted(found.values(), key=lambda file: (file["size"], file["sha256"]))


def find_file(view: RecordView, name: str) -> File:
    """Return the file of a record by its name, or by the start of its SHA-256.

    Raises
    ------
    NotFoundError
        If it has none.
    RefusedError
        If several have the name.
    """
    files = files_of(view)
    found = [file for file in files if file["name"] == name]
    found = found or [
        f for f in files if len(name) > 5 and f["sha256"].startswith(name)
    ]
    if not found:
        raise NotFoundError(
            f"the record has no file {name}", "see: permille attachments"
        )
    if len(found) > 1:
        raise RefusedError(
            f"several files are named {name}",
            f"name it by the start of its SHA-256, such as {found[0]['sha256'][:12]}",
            code="ambiguous",
        )
    return found[0]


def drop_sent(laptop: Laptop) -> list[File]:
    """Remove the files here that the server has confirmed; return them."""
    found = {
        one.file["sha256"]: one.file
        for one in listed(laptop)
        if one.here and one.state is FileState.ON_SERVER
    }
    for sha256 in found:
        laptop.vault.drop(sha256)
    return list(found.values())
