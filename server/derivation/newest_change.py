"""Which of the changes of a plot is the newest. Pure."""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def newest_change(changes: Sequence[Row]) -> Row | None:
    """Return the change from the last campaign but one to the last; None without any.

    A campaign without figures yet, such as before the laboratory answers, is passed over.
    """
    rows = with_figures(changes)
    return ending_last(rows)[-1] if rows else None


def with_figures(changes: Sequence[Row]) -> Sequence[Row]:
    """Return the changes that have a figure; all where none has."""
    return [row for row in changes if row["change_t_ha"] is not None] or changes


def ending_last(rows: Sequence[Row]) -> list[Row]:
    """Return the changes up to the last campaign, the longest first."""
    last = max(rows, key=lambda row: str(row["to_date"]))["to_campaign"]
    ending = [row for row in rows if row["to_campaign"] == last]
    return sorted(ending, key=lambda row: -float(row["years"]))
