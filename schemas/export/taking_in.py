"""What became of the records of an export that was read back: counts, names, words. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from schemas.export.reading import JudgedRecord, ReadRecord, RecordStanding
from schemas.operations import Operation
from schemas.printing import TableForm, prose
from schemas.records import label
from schemas.told import counted

OPEN_RECORDS: Final = TableForm(
    "records of an export", prose("record"), "outcome", prose("why")
)
#: What needs a person.
_OPEN: Final = (RecordStanding.DIFFERS, RecordStanding.DELETED, RecordStanding.REFUSED)


@dataclass(slots=True)
class Taken:
    """What was found in an export, and what of it was kept."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    open: list[JudgedRecord] = field(default_factory=list)
    kept: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, judged: JudgedRecord) -> None:
        """Count a record; those that need a person are kept by name."""
        if judged.record.completes:
            return
        self.counts[judged.record.record_type, judged.standing] += 1
        if judged.standing in _OPEN:
            self.open.append(judged)

    def refuse(self, record: ReadRecord, why: str) -> None:
        """Note a record that could not be kept."""
        self.counts[record.record_type, RecordStanding.REFUSED] += 1
        self.open.append(JudgedRecord(record, RecordStanding.REFUSED, {}, why))


class FilesTakenIn(NamedTuple):
    """How many files were kept, were here, are named by nothing, or are damaged."""

    kept: int = 0
    here: int = 0
    unnamed: int = 0
    damaged: int = 0


def files_told(found: FilesTakenIn) -> str:
    """Return in words what became of attached files.

    >>> files_told(FilesTakenIn(kept=2, damaged=1))
    'attached files: 2 kept, 1 damaged'
    """
    names = {"here": "already here", "unnamed": "named by no record"}
    told = [
        f"{count} {names.get(name, name)}"
        for name, count in found._asdict().items()
        if count
    ]
    return f"attached files: {', '.join(told) or 'none'}"


def document(
    taken: Taken, done: Operation | None, *, are_differing_taken: bool
) -> dict[str, Any]:
    """Return the JSON of an import of an export; `done` where it was written."""
    counts: dict[str, dict[str, int]] = {}
    for (record_type, standing), count in taken.counts.items():
        counts.setdefault(record_type, {})[standing] = count
    left = [one for one in taken.open if not _is_taken(one, are_differing_taken)]
    return {
        "written": done is not None,
        "operation": done.id if done and taken.kept else None,
        "records": counts,
        "kept": taken.kept,
        "notes": taken.notes,
        "open": [
            {
                "type": one.record.record_type,
                "id": one.record.record_id,
                "name": label(one.record.record_type, one.record.fields),
                "outcome": one.standing,
                "why": one.why or one.told,
            }
            for one in left
        ],
    }


def sentences(said: Mapping[str, Any]) -> Iterator[str]:
    """Return in words what was found and kept."""
    for record_type, counts in said["records"].items():
        told = [f"{count} {standing}" for standing, count in counts.items()]
        yield f"{record_type}: {', '.join(told)}"
    yield from said["notes"]
    if said["written"]:
        yield f"kept {counted(said['kept'], 'record')}"
    elif any("new" in counts for counts in said["records"].values()):
        yield "nothing was written; to keep what is new add: --write"
    else:
        yield "nothing is new"


def open_rows(said: Mapping[str, Any]) -> Sequence[tuple[str, str, str]]:
    """Return what needs a person as rows of a list."""
    return [(one["name"], one["outcome"], one["why"]) for one in said["open"]]


def _is_taken(one: JudgedRecord, are_differing_taken: bool) -> bool:  # noqa: FBT001 - says it by its name
    is_other = one.standing in {RecordStanding.DIFFERS, RecordStanding.DELETED}
    return are_differing_taken and is_other
