"""Attached files of an export, taken in again where a record of this laptop names them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from collector.files.listing import files_of
from collector.laptop.laptop import Laptop
from schemas.export.taking_in import FilesTakenIn


def take_in_files(laptop: Laptop, files: Mapping[str, Path]) -> FilesTakenIn:
    """Keep files, encrypted, whose content has the hash that they are named for."""
    named = {f["sha256"] for view in laptop.store.attached() for f in files_of(view)}
    counts = {"kept": 0, "here": 0, "unnamed": 0, "damaged": 0}
    for sha256, path in files.items():
        if sha256 not in named:
            counts["unnamed"] += 1
        elif laptop.vault.size(sha256) is not None:
            counts["here"] += 1
        else:
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() != sha256:
                counts["damaged"] += 1
                continue
            laptop.vault.put(sha256, data, laptop.salt())
            counts["kept"] += 1
    return FilesTakenIn(**counts)
