"""Where the server's data lives."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: The environment variable that names the data directory.
DATA_VARIABLE: Final = "PERMILLE_SERVER_DATA"


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The files of one server."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.path / "permille.db"

    @property
    def blobs(self) -> Path:
        """Attached files, each under its SHA-256."""
        return self.path / "blobs"

    @property
    def mark(self) -> Path:
        """What the database says too, as long as it is the one that was served here."""
        return self.path / "mark"

    @property
    def lock(self) -> Path:
        """Held by the one process that serves this directory."""
        return self.path / "server.lock"
