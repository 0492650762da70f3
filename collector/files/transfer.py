"""Send attached files when their records are on the server, and fetch them."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from collector.client.files import BlobClient, UploadState
from collector.client.http import Patience
from collector.errors import PermilleError, RefusedError, UnreachableError
from collector.files.listing import File, waiting
from collector.laptop import settings
from collector.laptop.address import enrolled_at
from collector.laptop.laptop import Laptop
from collector.store.port import Transfer

#: No proxy is set to less on purpose.
_LEAST_PIECE_BYTES: Final = 1024
#: Told after each piece: name of the file, bytes on the server, bytes in all.
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Sent:
    """What sending came to; `stopped` is why it ended early."""

    sent: int = 0
    waiting: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)
    stopped: PermilleError | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        error = self.stopped and {"code": self.stopped.code, "text": self.stopped.text}
        return {
            "sent": self.sent,
            "waiting": self.waiting,
            "refused": self.refused,
            "error": error,
        }


async def send_waiting(
    laptop: Laptop, rate_kbit: int | None, progress: Progress
) -> Sent:
    """Send what waits after a sync; what stops it is told, not raised."""
    if not waiting(laptop):
        return Sent()
    try:
        with laptop.sync_lock():
            server, token = enrolled_at(laptop)
            async with BlobClient(server, token, laptop.clock, rate_kbit) as client:
                kept = laptop.store.setting(settings.PIECE_BYTES)
                client.most_bytes = int(kept) if kept else client.most_bytes
                return await send_attachments(laptop, client, progress)
    except PermilleError as error:
        return Sent(waiting=len(waiting(laptop)), stopped=error)


async def send_attachments(
    laptop: Laptop, client: BlobClient, progress: Progress
) -> Sent:
    """Send every waiting file whose record the server has, smallest first.

    A file that the server refuses stays here and stops no other.
    """
    done = Sent()
    known = set(_known_to_server(laptop))
    for file in waiting(laptop):
        if file["sha256"] not in known:
            continue
        try:
            await _send(laptop, client, file, progress)
            done.sent += 1
        except RefusedError as error:
            if error.code in {"no_token", "bad_token"}:
                done.stopped = error
                break
            done.refused.append({"name": file["name"], "reason": error.text})
        except UnreachableError as error:
            done.stopped = error
            break
    done.waiting = len(waiting(laptop))
    return done


def _known_to_server(laptop: Laptop) -> Iterator[str]:
    for view in laptop.store.attached():
        base = laptop.store.base(view.id)
        for file in base.fields.get("attachments", ()) if base else ():
            yield file["sha256"]


async def _send(
    laptop: Laptop, client: BlobClient, file: File, progress: Progress
) -> None:
    """Send one file from where the server's copy ends."""
    patience = Patience(laptop.clock)
    there: UploadState | None = None
    begun_anew, most = False, 0
    while there is None or not there.complete:
        try:
            there = await _step(laptop, client, file, there)
        except UnreachableError as error:
            if not _send_less(laptop, client, error):
                await patience.wait(error)
            there = None
            continue
        except RefusedError as error:
            if error.code != "blob_hash" or begun_anew:
                raise
            there, begun_anew = UploadState(0, complete=False), True
        if there.offset > most:
            most = there.offset
            patience.renew()
        at = laptop.timestamp().text if there.complete else None
        laptop.store.note_transfer(file["sha256"], Transfer(there.offset, at))
        progress(file["name"], there.offset, file["size"])


def _send_less(laptop: Laptop, client: BlobClient, error: UnreachableError) -> bool:
    """Halve the pieces where something on the way takes no more; return whether it helps."""
    half = client.piece_bytes // 2
    if error.code != "between_413" or half < _LEAST_PIECE_BYTES:
        return False
    client.most_bytes = half
    laptop.store.set_settings({settings.PIECE_BYTES: str(half)})
    return True


async def _step(
    laptop: Laptop, client: BlobClient, file: File, there: UploadState | None
) -> UploadState:
    """Ask how much is there, or send the next piece; return how much is there now."""
    sha256, size = file["sha256"], file["size"]
    if there is None:
        return await client.head(sha256)
    data = laptop.vault.read(sha256, there.offset, client.piece_bytes)
    reached = await client.patch(sha256, there.offset, size, data)
    if reached.offset <= there.offset:
        raise UnreachableError("the server did not take the file", "try again")
    return reached


async def fetch(laptop: Laptop, file: File) -> bytes:
    """Return the content of a file, from this laptop or else from the server.

    Raises
    ------
    UnreachableError
        If it is not here and the server cannot be reached.
    RefusedError
        If the server does not have it, or sent something else.
    """
    sha256, size = file["sha256"], file["size"]
    if laptop.vault.size(sha256) == size:
        return laptop.vault.read(sha256, 0, size)
    data = bytearray()

    def take(part: bytes) -> None:
        data.extend(part)
        if len(data) > size:
            raise _other(file)

    server, token = enrolled_at(laptop)
    async with BlobClient(server, token, laptop.clock) as client:
        patience = Patience(laptop.clock)
        while len(data) < size:
            before = len(data)
            try:
                await client.get(sha256, before, take)
            except UnreachableError as error:
                if len(data) > before:
                    patience.renew()
                await patience.wait(error)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _other(file)
    laptop.vault.put(sha256, bytes(data), laptop.salt())
    laptop.store.note_transfer(sha256, Transfer(size, laptop.timestamp().text))
    return bytes(data)


def _other(file: File) -> RefusedError:
    return RefusedError(
        f"the server sent something else than {file['name']}",
        "tell the administrator",
        code="blob_hash",
    )
