"""Datasette over a copy of the records: a process of its own, which reads and never writes.

It is never loaded into this process, where another SQLite library is at work.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from schemas.export.meanings import meaning_of
from schemas.export.shape import TABLES
from schemas.export.views import VIEWS
from schemas.gis.extra import is_installed
from server.errors import NotInstalledError, ServerError

DATABASE: Final = "permille.db"
_RUNNING: Final = re.compile(r"running on (http://\S+)")
#: How long it may take to end by itself, seconds.
_PATIENCE_S: Final = 10
#: Lines of an ending that are told.
_LAST_LINES: Final = 3


def check_installed() -> None:
    """Raise `NotInstalledError` where the extra `look` is missing."""
    if not is_installed("datasette"):
        raise NotInstalledError(
            "looking needs more than the base install: datasette is missing",
            "run: pip install 'permille[look]', or with the file of make wheel:"
            " pip install 'permille-….whl[look]'",
        )


class Looking:
    """A running Datasette: its address, and what it says."""

    def __init__(self, url: str, said: IO[str]) -> None:
        self.url = url
        self._said = said

    def wait(self) -> None:
        """Wait until it ends; what it says meanwhile is about requests."""
        for _ in self._said:
            pass


@contextmanager
def datasette(folder: Path, port: int, snapshot: str) -> Iterator[Looking]:
    """Serve the database of a folder on loopback; it ends with the block.

    Raises
    ------
    ServerError
        If it does not begin, such as on a port that is in use.
    """
    about = folder / "metadata.json"
    about.write_text(json.dumps(_metadata(snapshot)), "utf-8")
    command = [sys.executable, "-m", "datasette", "serve", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--metadata", str(about)]
    # A session of its own: Ctrl-C reaches this process, which ends that one.
    process = subprocess.Popen(  # noqa: S603 - words of our own
        [*command, "--immutable", str(folder / DATABASE)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None, "it is a pipe"
    try:
        yield Looking(_address(process.stderr, port), process.stderr)
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stderr.close()


def _address(said: IO[str], port: int) -> str:
    """Return where it listens, as soon as it does."""
    lines = []
    for line in said:
        found = _RUNNING.search(line)
        if found is not None:
            return found[1]
        lines.append(line.strip())
    told = "; ".join(lines[-_LAST_LINES:])
    raise ServerError(
        f"Datasette ended before it listened: {told}",
        f"port {port} may be in use: choose another --port, or leave it out",
    )


def _metadata(snapshot: str) -> dict[str, Any]:
    """Return what Datasette shows beside tables: what their columns mean."""
    tables = {
        table.name: {
            "columns": {name: meaning_of(table.name, name) for name in table.columns}
        }
        for table in TABLES
    }
    hidden = {name: {"hidden": True} for name in VIEWS if name in _INNER}
    said = f"A copy for reading, as of {snapshot}."
    database = {"description": said, "tables": {**tables, **hidden}}
    return {"title": "Permille", "databases": {Path(DATABASE).stem: database}}


#: Views that others are made of.
_INNER: Final = frozenset({"carbon_readings", "soc_readings", "layer_faults"})
