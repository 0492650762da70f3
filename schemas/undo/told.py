"""What an undo would do, and what came of it: in words and as JSON, on both sides. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from schemas.messages import Op
from schemas.operations import Operation
from schemas.phrases import _, joined, ngettext
from schemas.record_words import counted_records
from schemas.undo.plan import Kept, UndoPlan

#: A moment to the minute.
_MINUTE_CHARS: Final = len("2026-11-30T09:15")
_WORDS: Final = {
    "delete": _("delete"),
    "bring back": _("bring back"),
    "set back": _("set back"),
}
_DONE: Final = {Op.DELETE: "delete", Op.UNDELETE: "bring back", Op.PUT: "set back"}


def document(
    changes: int,
    plan: UndoPlan,
    others: Mapping[str, int],
    done: Operation | None,
    refused: Sequence[Kept] = (),
) -> dict[str, Any]:
    """Return the JSON of an undo; `done` is None where nothing was written.

    `others` counts conflicts to close and waiting changes to discard.
    """
    return {
        "written": done is not None,
        "operation": done.id if done else None,
        "changes": changes,
        "steps": [
            {
                "type": step.record.type,
                "id": step.record.id,
                "name": step.record.name,
                "does": _DONE[step.op],
                "fields": dict(step.fields),
            }
            for step in plan.steps
        ],
        "kept": [
            {
                "type": k.record.type,
                "id": k.record.id,
                "name": k.record.name,
                "why": k.why,
            }
            for k in (*plan.kept, *refused)
        ],
        "already": len(plan.already),
        **others,
    }


def sentences(said: Mapping[str, Any]) -> Iterator[str]:
    """Return in words what an undo would do, or has done."""
    if not said["changes"]:
        yield _("no changes are meant; --list shows what can be taken back")
        return
    yield ngettext("{num} change is meant", "{num} changes are meant", said["changes"])
    counts = Counter((step["does"], step["type"]) for step in said["steps"])
    for (does, record_type), count in counts.items():
        records = counted_records(record_type, count)
        yield joined(["  ", _WORDS[does], " ", records], "")
    if said["conflicts"]:
        yield ngettext(
            "  close {num} conflict: what stands, stays",
            "  close {num} conflicts: what stands, stays",
            said["conflicts"],
        )
    if said["waiting"]:
        yield ngettext(
            "  discard {num} change that waits",
            "  discard {num} changes that wait",
            said["waiting"],
        )
    if said["already"]:
        yield ngettext(
            "  {num} record: as before already",
            "  {num} records: as before already",
            said["already"],
        )
    if said["kept"]:
        yield ngettext(
            "  {num} record stays as it is, see below",
            "  {num} records stay as they are, see below",
            len(said["kept"]),
        )


def kept_rows(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what stays as it is as rows of a list."""
    return [(one["name"], one["why"]) for one in said["kept"]]


def does_something(said: Mapping[str, Any]) -> bool:
    """Return whether there is anything to take back."""
    return bool(said["steps"] or said["conflicts"] or said["waiting"])


def operation_rows(found: Sequence[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """Return what was done in many changes as rows of a list."""
    names = ("id", "at", "kind", "what", "changes", "by")
    return [
        tuple(
            one[name][:_MINUTE_CHARS] if name == "at" else one[name] for name in names
        )
        for one in found
    ]
