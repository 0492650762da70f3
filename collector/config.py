"""Where a laptop keeps its things."""

import os
from pathlib import Path
from typing import Final, NamedTuple

HOME_VARIABLE: Final = "PERMILLE_HOME"
PASSPHRASE_VARIABLE: Final = "PERMILLE_PASSPHRASE"  # noqa: S105 - a name, no secret


class Home(NamedTuple):
    """The directory of one laptop installation."""

    path: Path

    @property
    def database(self) -> Path:
        """Return the encrypted database."""
        return self.path / "permille.db"

    @property
    def key(self) -> Path:
        """Return the key file; there is none when a passphrase is used."""
        return self.path / "key"

    @property
    def passphrase_rule(self) -> Path:
        """Return the file that says how the key follows from the passphrase."""
        return self.path / "passphrase.json"

    @property
    def attachments(self) -> Path:
        """Return the directory of attached files, each encrypted under its SHA-256."""
        return self.path / "attachments"

    @property
    def sync_lock(self) -> Path:
        """Return the file that is locked while a sync runs."""
        return self.path / "sync.lock"

    @property
    def exists(self) -> bool:
        """Return whether `permille init` was run here."""
        return self.database.exists() and (
            self.key.exists() or self.passphrase_rule.exists()
        )


def find_home(given: str | None = None) -> Home:
    """Choose the home: --home, then PERMILLE_HOME, then the user's data directory."""
    chosen = given or os.environ.get(HOME_VARIABLE)
    if chosen:
        return Home(Path(chosen).expanduser())
    # Costs 10 ms; wanted only when neither option nor variable is given.
    from platformdirs import user_data_path  # noqa: PLC0415

    return Home(user_data_path("permille", appauthor=False))
