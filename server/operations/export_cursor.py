"""Where an export ended, so that the next one tells only what came later.

A cursor is `EPOCH:PROJECT@NUMBER,PROJECT@NUMBER`: the timeline of the server and, by its id,
the number of each project up to which records are in the export.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from server.errors import RefusedError
from server.intake.load import timeline_of
from server.store.port import Transaction

_ID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CURSOR: Final = re.compile(
    f"(?P<epoch>[^:@,\\s]+):(?P<heads>(?:{_ID}@[0-9]{{1,18}}(?:,{_ID}@[0-9]{{1,18}})*)?)"
)
_ANEW: Final = "export everything once more, without --since; then go on from there"


def cursor_of(epoch: str, heads: Mapping[str, int]) -> str:
    """Return the cursor of a moment."""
    places = ",".join(f"{name}@{heads[name]}" for name in sorted(heads))
    return f"{epoch}:{places}"


def told_cursor(given: str) -> str:
    """Return the cursor that was typed, or that of the manifest that was named.

    Raises
    ------
    RefusedError
        If the manifest is none.
    """
    path = Path(given)
    if not given or _CURSOR.fullmatch(given) or not path.exists():
        return given
    if path.is_dir():
        path = path / "manifest.json"
    try:
        found: Any = json.loads(path.read_text("utf-8"))
        return str(found["snapshot"])
    except (OSError, ValueError, KeyError, TypeError):
        raise RefusedError(
            f"{path} is no manifest of an export",
            [],
            "name the manifest.json of the export before, or its `snapshot`",
        ) from None


def heads_since(
    tx: Transaction, cursor: str, heads: Mapping[str, int]
) -> dict[str, int]:
    """Return for each project the number after which records are new.

    A project that the cursor does not name is new as a whole.

    Raises
    ------
    RefusedError
        If it is no cursor, or the numbers of its timeline mean other records now.
    """
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise RefusedError(
            f"{cursor} is no cursor of an export",
            [],
            "take `snapshot` out of the manifest of the export before, or name that file",
        )
    epoch, timeline = found["epoch"], timeline_of(tx)
    if not timeline.knows(epoch):
        _refuse("the cursor is of another server, or of one that was lost")
    since = dict.fromkeys(heads, 0)
    for place in filter(None, found["heads"].split(",")):
        name, _, number = place.partition("@")
        if name not in since:
            continue
        since[name] = int(number)
        if timeline.common(name, epoch, since[name]) < since[name]:
            _refuse(
                "the server was put back to a backup after this cursor:"
                " its numbers mean other records now"
            )
        if since[name] > heads[name]:
            _refuse(f"the cursor is ahead of project {name}: {number}")
    return since


def _refuse(why: str) -> NoReturn:
    raise RefusedError(why, [], _ANEW)
