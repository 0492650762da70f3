"""The version of the laptop's tables, kept in PRAGMA user_version."""

from typing import Final

VERSION: Final = 13
