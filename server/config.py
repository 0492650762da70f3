"""Where the server's data lives."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: The environment variable that names the data directory.
DATA_VARIABLE: Final = "PERMILLE_SERVER_DATA"


#: The environment variable that names a database which is not in the directory.
DATABASE_VARIABLE: Final = "PERMILLE_SERVER_DATABASE"
#: The environment variable that says who gives a command.
PERSON_VARIABLE: Final = "PERMILLE_SERVER_PERSON"


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The files of one server, and the address of its database where that is elsewhere.

    An address that is empty is none, whatever the environment says.
    """

    path: Path
    named: str | None = None
    worker: int = 0

    @property
    def address(self) -> str | None:
        """The address of a PostgreSQL database: as named, or remembered since `init`."""
        found = self.named
        if found is None:
            found = os.environ.get(DATABASE_VARIABLE)
        if found is None and self.remembered.exists():
            found = self.remembered.read_text("utf-8").strip()
        return found or None

    @property
    def remembered(self) -> Path:
        """The file that keeps the address; it may say a password."""
        return self.path / "database-address"

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.path / "permille.db"

    @property
    def blobs(self) -> Path:
        """Attached files, each under its SHA-256."""
        return self.path / "blobs"

    @property
    def read_copy(self) -> Path:
        """What readers read; made from the database, and anew where it is missing."""
        # Of several processes each has its own.
        number = f"-{self.worker}" if self.worker else ""
        return self.path / f"read-copy{number}.db"

    @property
    def mark(self) -> Path:
        """What the database says too, as long as it is the one that was served here."""
        return self.path / "mark"

    @property
    def lock(self) -> Path:
        """Held by the one process that serves this directory."""
        return self.path / "server.lock"


def setting(default: int, least: int, most: int, says: str) -> int:
    """Return a bound of a server that its administrator may move within others."""
    bounds = {"least": least, "most": most, "says": says}
    found: int = field(default=default, metadata=bounds)
    return found


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server gives to those who come, each bound with its default."""

    connections: int = setting(
        2_000, 10, 100_000, "connections at once; the one idle for longest makes room"
    )
    connections_per_address: int = setting(
        200, 1, 100_000, "connections at once from one address that is no trusted proxy"
    )
    head_seconds: int = setting(
        20, 1, 600, "seconds for the first line and the headers of a request"
    )
    idle_seconds: int = setting(
        75, 1, 3_600, "seconds for which a connection may stay without a request"
    )
    body_mib: int = setting(
        16, 2, 4_096, "MiB of bodies that arrive at once; as many are worked on in half"
    )
    requests_per_laptop: int = setting(
        4, 1, 100, "requests of one laptop that are under way at once"
    )
    requests_per_reader: int = setting(
        16, 1, 1_000, "requests of one token that reads, under way at once"
    )
    sign_in_minutes: int = setting(
        30, 1, 10_080, "minutes for which a link that signs in to the desk is taken"
    )
    session_idle_hours: int = setting(
        12, 1, 720, "hours without use after which a session at the desk ends"
    )
    session_days: int = setting(
        30, 1, 365, "days after which a session at the desk ends, used or not"
    )
    wrong_guesses: int = setting(
        10, 1, 1_000, "wrong codes or tokens of one address before it has to wait"
    )
    laptop_projects: int = setting(
        20, 1, 200, "projects that one laptop may begin, where it may begin any"
    )
    laptop_changes: int = setting(
        1_000_000, 100, 10**9, "changes of one laptop that are kept"
    )
    laptop_logs: int = setting(
        1_000, 10, 10**6, "logs of one laptop; each copy or restore of it begins one"
    )
    laptop_waiting: int = setting(
        20_000, 100, 10**7, "changes of one laptop that wait for a person or a record"
    )
    laptop_label_blocks: int = setting(
        50, 1, 4_680, "blocks of 9,999 labels that one laptop gets"
    )
    laptop_files_mib: int = setting(
        20_480, 1, 10**7, "MiB of attached files that one laptop may send"
    )
