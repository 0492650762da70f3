"""What a form takes from the records of its project: usual values, lists as CSV files."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from schemas.validate import missing_fields
from server.access.records import find_record
from server.merge.model import Record
from server.phones.questions import FormTemplate
from server.store.port import Transaction

#: The columns that every list has: the answer, and what people read.
_EACH: Final = ("name", "label")


def template_of(tx: Transaction, project_id: str) -> FormTemplate:
    """Return what a project says beforehand of its cores."""
    project = find_record(tx, project_id, project_id)
    return FormTemplate.of(project.fields if project else {})


def list_file(tx: Transaction, project_id: str, name: str) -> bytes:
    """Return a list of a project: campaigns, plots or points, in the order people look.

    The answer is the id of the record, so that a code may be corrected meanwhile.
    """
    match name:
        case "campaigns":
            newest = sorted(
                _whole(tx, project_id, "campaign"),
                key=lambda one: (one.fields["start_date"], one.fields["name"]),
                reverse=True,
            )
            return _written(_EACH, ((one.id, one.fields["name"]) for one in newest))
        case "plots":
            plots = _by_code(_whole(tx, project_id, "plot"))
            return _written(_EACH, ((one.id, _called(one)) for one in plots))
        case _:
            points = _by_code(_whole(tx, project_id, "point"))
            rows = (
                (one.id, one.fields["code"], one.fields["plot_id"]) for one in points
            )
            return _written((*_EACH, "plot"), rows)


def _whole(tx: Transaction, project_id: str, record_type: str) -> Iterator[Record]:
    """Return live records; one that lacks what every one has cannot be chosen."""
    return (
        one
        for one in tx.records(project_id, record_type)
        if not missing_fields(record_type, one.fields)
    )


def _by_code(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda one: (one.fields["code"], one.id))


def _called(plot: Record) -> str:
    name = plot.fields.get("name")
    return f"{plot.fields['code']} · {name}" if name else str(plot.fields["code"])


def _written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
