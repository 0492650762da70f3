"""The bounds of a server that its administrator moved."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Final

from server.config import Limits
from server.errors import NotFoundError, UsageError
from server.store.port import Transaction

#: The setting of the server that holds those which were moved.
_MOVED: Final = "limits"


def limits_of(tx: Transaction) -> Limits:
    """Return every bound as it stands."""
    return replace(Limits(), **_moved(tx))


def move_limits(tx: Transaction, moved: Mapping[str, int | None]) -> Limits:
    """Move bounds; None puts one back to its default.

    Raises
    ------
    NotFoundError
        If there is no such bound.
    UsageError
        If a value is beyond what a bound may be.
    """
    known = {each.name: each.metadata for each in fields(Limits)}
    for name, value in moved.items():
        if name not in known:
            raise NotFoundError(
                f"there is no limit {name}", "see: permille-server limits"
            )
        least, most = known[name]["least"], known[name]["most"]
        if value is not None and not least <= value <= most:
            raise UsageError(f"{name} is a number from {least} to {most}")
    kept = {name: n for name, n in {**_moved(tx), **moved}.items() if n is not None}
    tx.set_setting(_MOVED, json.dumps(kept, sort_keys=True))
    return limits_of(tx)


def _moved(tx: Transaction) -> dict[str, int]:
    known = asdict(Limits())
    said: dict[str, int] = json.loads(tx.setting(_MOVED) or "{}")
    return {name: value for name, value in said.items() if name in known}
