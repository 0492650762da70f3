"""The controls of laboratories, and what was decided about their batches, by their keys: SQLite."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Final

from schemas.records import key_text
from server.store.rows import AS_LINES, json_list
from server.store.values import NO_LAB, DerivationInput, LabRecords

# The key of a decision is its batch; the keys of controls go on behind it.
_DECISIONS: Final = f"""
    SELECT {AS_LINES}
    FROM json_each(?) AS batch CROSS JOIN record AS r
    WHERE r.project_id = ? AND r.type = 'lab_batch' AND r.natural_key = batch.value
      AND r.deleted = 0
"""  # noqa: S608 - a constant
_CONTROLS: Final = f"""
    SELECT {AS_LINES}
    FROM json_each(?) AS batch CROSS JOIN record AS r
    WHERE r.project_id = ? AND r.type = 'lab_control' AND r.deleted = 0
      AND r.natural_key > batch.value || char(31)
      AND r.natural_key < batch.value || char(32)
"""  # noqa: S608 - a constant
#: Runs a query that gives its rows as one text.
Rows = Callable[[str, tuple[str, ...]], list[list[Any]]]


def read_lab(
    rows: Rows,
    project_id: str,
    project: DerivationInput | None,
    results: Iterable[Iterable[DerivationInput]],
) -> LabRecords:
    """Return the controls and decisions of the batches that results are of."""
    batches = {
        key_text("lab_batch", result.fields)
        for group in results
        for result in group
        if result.fields.get("lab_batch") and result.fields.get("lab")
    }
    if not batches:
        return NO_LAB
    values = (json_list(sorted(batches)), project_id)
    controls, decisions = (
        sorted(
            (DerivationInput(*row) for row in rows(sql, values)), key=attrgetter("id")
        )
        for sql in (_CONTROLS, _DECISIONS)
    )
    return LabRecords(project.fields if project else {}, controls, decisions)
