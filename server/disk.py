"""What a disk has to be told beside writing."""

import os
from pathlib import Path


def flush_directory(path: Path) -> None:
    """Make the names in a directory survive a loss of power; Windows has no such call."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
