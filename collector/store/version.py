"""The version of the laptop's tables, kept in PRAGMA user_version."""

from typing import Final

VERSION: Final = 14
#: Tables from here on only lack some, which are made where they are opened.
ONLY_LACKS: Final = 13
