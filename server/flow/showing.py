"""Gather derived numbers for people: the same keys wherever they are shown."""

from typing import Any

from server.flow.admin import find_project
from server.store.port import Store


async def stocks_document(
    store: Store, project: str, plot: str | None = None
) -> tuple[dict[str, Any], int]:
    """Give stocks and changes of a project, and how many plots still wait."""
    stream = (await find_project(store, project))["id"]
    stocks = await store.read(lambda unit: unit.derived(stream, "stock"))
    changes = await store.read(lambda unit: unit.derived(stream, "change"))
    document: dict[str, Any] = {
        "stocks": [
            {**point, "provisional": row.fields["provisional"]}
            for row in stocks
            for point in row.fields["points"]
        ],
        "changes": [
            {**row.fields["change"], "provisional": row.fields["provisional"]}
            for row in changes
        ],
    }
    if plot is not None:
        document = {
            name: [row for row in rows if row["plot"] == plot]
            for name, rows in document.items()
        }
    document["stocks"].sort(key=lambda row: (row["plot"], row["campaign"]))
    document["changes"].sort(key=_in_time)
    return document, await store.read(lambda unit: unit.waiting_jobs())


def _in_time(row: dict[str, Any]) -> tuple[str, str, str]:
    return (row["plot"], row["to_date"], row["from_date"])
