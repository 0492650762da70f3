"""Attached files of records, under safe names, with a table that says whose they are."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from schemas.export.csv_files import Progress, Query, write_table

TABLE: Final = "attachments"
#: The content of a file by its SHA-256, in parts; None where it is not here.
Content = Callable[[str], Iterable[bytes] | None]
#: The ending of a file by its type.
ENDINGS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
}
FILES: Final = "files"


def write_attachments(
    folder: Path, query: Query, content: Content, progress: Progress
) -> dict[str, int]:
    """Write each file once, and a table with a row for each record that names it.

    A file is named for its content, never by the name that it came with. `state` is
    here, missing, or damaged: its content is not what was attached, and is left out.
    """
    names, rows, _, _ = query(TABLE)
    (folder / FILES).mkdir()
    told = [*names, "file", "state"]
    count = write_table(
        folder / f"{TABLE}.csv", told, _with_files(folder, names, rows, content)
    )
    progress(TABLE, count)
    return {TABLE: count}


def _with_files(
    folder: Path,
    names: Sequence[str],
    rows: Iterator[Sequence[Any]],
    content: Content,
) -> Iterator[Sequence[Any]]:
    sha256_at, mime_at = names.index("sha256"), names.index("mime")
    for row in rows:
        sha256 = row[sha256_at]
        place = Path(FILES) / f"{sha256}{ENDINGS.get(row[mime_at], '.bin')}"
        state = "here"
        if not (folder / place).exists():
            state = _copy(content(sha256), folder / place, sha256)
        yield *row, place.as_posix() if state == "here" else None, state


def _copy(parts: Iterable[bytes] | None, place: Path, sha256: str) -> str:
    if parts is None:
        return "missing"
    digest = hashlib.sha256()
    with place.open("wb") as file:
        for part in parts:
            digest.update(part)
            file.write(part)
    if digest.hexdigest() != sha256:
        place.unlink()
        return "damaged"
    return "here"
