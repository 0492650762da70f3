"""Records that are here with other values than a table has: taken over, or kept beside."""

from collections.abc import Sequence

from collector.laptop.laptop import Laptop
from collector.record import entry
from collector.tables.intake import Difference
from schemas.operations import Operation
from schemas.records import key_text
from schemas.tables.differing import Differing


def take(
    laptop: Laptop,
    differences: Sequence[Difference],
    how: Differing,
    done: Operation,
) -> list[Difference]:
    """Keep what the file says of records that are here; return what was taken.

    Each change names the operation that it is part of.
    """
    taken = []
    for one in differences:
        view = laptop.store.record(one.id)
        if how is Differing.KEEP or view is None:
            continue
        if how is Differing.REPLACE:
            entry.edit(laptop, view, one.in_file, done.reason)
        elif one.type == "result":
            fields = dict(one.fields)
            while laptop.store.find(
                "result", view.project_id, key_text("result", fields)
            ):
                fields["replicate"] += 1
            entry.add(laptop, "result", fields, view.project_id, done.reason)
        else:
            continue
        taken.append(one)
    return taken
