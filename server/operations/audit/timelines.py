"""Timelines, what names something that must be here, and the server's own key."""

from collections.abc import Iterable, Iterator

from schemas.signing import public_key
from server.operations.audit.findings import Kept, one_of
from server.store.kept_values import EpochNumber, Mention, ServerIdentity
from server.store.values import Fault

_CHECK = "timelines"


def check_timelines(kept: Kept) -> Iterator[Fault]:
    """Check epochs, logs' devices and parents, and the server's own key."""
    for what in misnumbered(found.number for found in kept.kept(EpochNumber)):
        yield Fault(_CHECK, "epochs", what)
    for found in kept.kept(Mention):
        if not found.is_here:
            yield Fault(_CHECK, found.what, f"{found.name} is not here")
    server = one_of(kept, ServerIdentity)
    if server is None or not shows_its_key(server):
        yield Fault(_CHECK, "server", "its key is not the one it shows")


def misnumbered(numbers: Iterable[int]) -> Iterator[str]:
    """Return in words whether numbers are not 1, 2, 3 and so on."""
    found = list(numbers)
    if found != list(range(1, len(found) + 1)):
        yield f"their numbers are {found}"


def shows_its_key(server: ServerIdentity) -> bool:
    """Return whether the server's device has the public half of its key."""
    return server.public_key == public_key(bytes.fromhex(server.signing_key))
