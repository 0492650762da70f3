"""What a day in the field asks: what was made here, what is left, what was used last."""

from collections.abc import Iterable, Sequence
from typing import Final

from collector.rules.overlay import RecordView
from collector.store.database import Database
from collector.store.field_names import to_json
from collector.store.ids import ID, IDS
from collector.store.packing import LINE
from collector.store.port import MadeRecord
from collector.store.rows import AMONG, NUMBER, RECORD, read_view

_NUMBERED: Final = f"(SELECT number FROM item WHERE uid = {ID})"  # noqa: S608 - a constant
# S608: names of columns, NUMBER, AMONG, ID and IDS are constants.
_MADE: Final = (
    f"SELECT record_id, type, {LINE} FROM change WHERE place IN"  # noqa: S608
    " (SELECT place FROM change_row WHERE created_ms >= ? AND created_ms < ?"
    " AND former IS NULL AND op = 'put' AND model IN"
    f" (SELECT number FROM model WHERE type IN {AMONG})) ORDER BY place"
)
# Of those that refer to one record, what this laptop made last: by the number of its row,
# which grows. The plus keeps SQLite from reading every record of the type.
_LAST_OWN: Final = (
    f"SELECT {RECORD} FROM link JOIN record ON record.number = link.source"  # noqa: S608
    f" WHERE link.target = {_NUMBERED} AND link.field = ? AND +record.kind = {NUMBER}"
    " AND record.deleted = 0 AND EXISTS (SELECT 1 FROM change_row"
    " WHERE change_row.record = record.uid AND change_row.former IS NULL)"
    " ORDER BY link.source DESC LIMIT 1"
)
# A core and a skip say alike which point they are of, and which campaign.
_UNVISITED: Final = (
    f"SELECT {RECORD} FROM record WHERE kind = {NUMBER} AND deleted = 0"  # noqa: S608
    f" AND project = {NUMBER} AND NOT EXISTS (SELECT 1 FROM link AS at_point"
    f" JOIN link AS in_campaign ON in_campaign.target = {_NUMBERED}"
    " AND in_campaign.field = 'campaign_id' AND in_campaign.source = at_point.source"
    " JOIN item AS visit ON visit.number = at_point.source"
    " WHERE at_point.target = record.number AND at_point.field = 'point_id'"
    " AND visit.deleted = 0) ORDER BY key"
)
_ALIKE: Final = (
    f"SELECT {RECORD} FROM record WHERE kind = {NUMBER} AND skeleton IN {AMONG}"  # noqa: S608
    f" AND deleted = 0 AND project = {NUMBER}"
)
_REFERRING: Final = (
    f"SELECT {RECORD} FROM link JOIN record ON record.number = link.source"  # noqa: S608
    f" WHERE link.target IN (SELECT number FROM item WHERE uid IN {IDS})"
    " AND link.field = ? AND record.deleted = 0"
)


class DayQueries(Database):
    """The part of the store that a day in the field looks at."""

    def made_between(
        self, since_ms: int, until_ms: int, record_types: Iterable[str]
    ) -> list[MadeRecord]:
        """Return what this laptop made anew from one moment to another, in order."""
        from schemas.changes import person_of  # noqa: PLC0415 - lists read no line

        asked = to_json(list(record_types))
        rows = self._read(_MADE, since_ms, until_ms, asked)
        return [MadeRecord(name, kind, person_of(raw)) for name, kind, raw in rows]

    def last_own(self, record_type: str, field: str, target: str) -> RecordView | None:
        """Return what this laptop made last of those that refer to a record, if anything."""
        rows = self._read(_LAST_OWN, target, field, record_type)
        return read_view(rows[0]) if rows else None

    def unvisited(self, project_id: str, campaign_id: str) -> list[RecordView]:
        """Return the points without a core and without a skip in a campaign."""
        rows = self._read(_UNVISITED, "point", project_id, campaign_id)
        return [read_view(row) for row in rows]

    def referring(self, field: str, targets: Sequence[str]) -> list[RecordView]:
        """Return the live records that refer to any of these by a field."""
        rows = self._read(_REFERRING, to_json(list(targets)), field)
        return [read_view(row) for row in rows]

    def alike_any(
        self, record_type: str, project_id: str, skeletons: Iterable[str]
    ) -> list[RecordView]:
        """Return the live records of a project whose code reads like one of these."""
        asked = to_json(sorted(set(skeletons)))
        rows = self._read(_ALIKE, record_type, asked, project_id)
        return [read_view(row) for row in rows]
