"""The records of the generator as JSON documents, for those who know no record types."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.soil import Entry


def document(entry: Entry) -> dict[str, Any]:
    """Return a record with its id and its type beside its fields."""
    return {"_id": entry.id, "type": entry.type, **entry.fields}


def write_documents(path: Path, entries: Sequence[Entry]) -> Path:
    """Write records as lines of JSON; return the file."""
    lines = [json.dumps(document(entry), ensure_ascii=False) for entry in entries]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_documents(path: Path) -> list[dict[str, Any]]:
    """Read what was written; nothing where nothing is."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
