"""What boards say of plots: kept beside their figures, counted here: SQLite."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import orjson

from schemas.changes import person_of
from server.store.board_values import (
    CampaignQuestion,
    Handling,
    PlotBoard,
    PlotPlace,
    PlotProgress,
    PlotVerdict,
    PointGroup,
    PointsInStage,
    ProgressPage,
    Recorder,
    SkippedPoint,
    StageCount,
    VerdictCount,
)
from server.store.driver import Connection
from server.store.rows import dump, json_list
from server.store.values import LineQuery, StoredLine

# The key of a skip begins with its point, that of a custody step with its bag.
_BELOW: Final = """
    SELECT r.natural_key, r.id
    FROM json_each(?) AS above CROSS JOIN record AS r
    WHERE r.project_id = ? AND r.type = ? AND r.deleted = 0
      AND r.natural_key > above.value || char(31)
      AND r.natural_key < above.value || char(32)
    ORDER BY r.natural_key
"""
_WRITERS: Final = """
    SELECT r.id, r.writers, r.last_log, r.last_n FROM record r
    WHERE r.project_id = ? AND r.id IN (SELECT value FROM json_each(?))
"""
_PLOTS: Final = """
    SELECT plot_id, code, lon, lat, verdict, reasons, change_id FROM board_plot
    WHERE project_id = ? AND plot_id IN (SELECT value FROM json_each(?))
"""
_POINTS: Final = """
    SELECT plot_id, campaign_id, stage, since, ended, log_id, person,
        codes
    FROM board_points
    WHERE project_id = ? AND plot_id IN (SELECT value FROM json_each(?))
    ORDER BY plot_id, campaign_id, place
"""
_FORGET_PLOTS: Final = """
    DELETE FROM board_plot
    WHERE project_id = ? AND plot_id IN (SELECT value FROM json_each(?))
"""
_FORGET_POINTS: Final = """
    DELETE FROM board_points
    WHERE project_id = ? AND plot_id IN (SELECT value FROM json_each(?))
"""
_PUT_PLOT: Final = """
    INSERT INTO board_plot (project_id, plot_id, code, lon, lat, verdict, reasons,
        change_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_PUT_POINTS: Final = """
    INSERT INTO board_points (project_id, plot_id, place, campaign_id, stage, since,
        ended, log_id, person, points, codes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_VERDICTS: Final = """
    SELECT project_id, verdict, reasons, count(*) FROM board_plot
    WHERE project_id IN (SELECT value FROM json_each(?))
    GROUP BY project_id, verdict, reasons ORDER BY project_id, verdict, reasons
"""
#: P2 comes before P10.
_BY_CODE: Final = """
    SELECT project_id, plot_id, code, lon, lat, verdict, change_id FROM board_plot
    WHERE project_id IN (SELECT value FROM json_each(?1))
      AND (CAST(?2 AS TEXT) IS NULL OR verdict = ?2)
    ORDER BY project_id, length(code), code, plot_id LIMIT ?3 OFFSET ?4
"""
_PLACES: Final = """
    SELECT code, lon, lat, verdict FROM board_plot
    WHERE project_id IN (SELECT value FROM json_each(?)) AND lon IS NOT NULL
"""
_WAITING: Final = """
    SELECT project_id, count(*) FROM job
    WHERE project_id IN (SELECT value FROM json_each(?)) GROUP BY project_id
"""
# Planned points stand there since the campaign began.
_SINCE: Final = "CASE WHEN b.since = '' THEN ?3 ELSE b.since END"
_IN_CAMPAIGN: Final = "b.project_id = ?1 AND b.campaign_id = ?2"
# A plot without any row of the campaign is planned, as it would be in any campaign.
_NOT_BEGUN: Final = """b.project_id = ?1 AND b.campaign_id = '' AND NOT EXISTS (
    SELECT 1 FROM board_points c
    WHERE c.project_id = ?1 AND c.campaign_id = ?2 AND c.plot_id = b.plot_id)"""
_COUNTED: Final = f"""CAST(sum(b.points) AS BIGINT) AS points,
    CAST(sum(CASE WHEN b.ended = 0 AND {_SINCE} < ?4 THEN b.points ELSE 0 END) AS BIGINT)
        AS late"""


def _of_campaign(columns: str, rest: str) -> str:
    """Return a query of the plots that a campaign has begun with, and of the others."""
    return " UNION ALL ".join(
        f"SELECT {columns} FROM board_points b WHERE {which} {rest}"  # noqa: S608 - constants
        for which in (_IN_CAMPAIGN, _NOT_BEGUN)
    )


_BY_HAND: Final = _of_campaign(
    f"b.stage, b.log_id, b.person, {_COUNTED}, min({_SINCE}) AS oldest",
    "GROUP BY b.stage, b.log_id, b.person",
)
_STAGES: Final = f"""
    SELECT g.stage, coalesce(d.name, ''), g.person, g.points, g.late, g.oldest
    FROM ({_BY_HAND}) AS g LEFT JOIN log l ON l.log_id = g.log_id
        LEFT JOIN device d ON d.device_id = l.device_id
    ORDER BY 1, 2, 3, 4
"""  # noqa: S608 - constants
_BY_PLOT: Final = _of_campaign(
    f"b.plot_id, {_COUNTED}, min(CASE WHEN b.ended = 0 THEN {_SINCE} END) AS oldest",
    "GROUP BY b.plot_id",
)
_PROGRESS: Final = f"""
    SELECT g.plot_id, p.code, g.points, g.late, count(*) OVER ()
    FROM ({_BY_PLOT}) AS g
        JOIN board_plot p ON p.project_id = ?1 AND p.plot_id = g.plot_id
    ORDER BY CASE WHEN g.late = 0 THEN 1 ELSE 0 END, coalesce(g.oldest, '~'),
        length(p.code), p.code, g.plot_id
    LIMIT ?5 OFFSET ?6
"""  # noqa: S608 - constants
_OF_PLOTS: Final = _of_campaign(
    f"b.plot_id, b.stage, {_SINCE} AS since, b.ended, b.log_id, b.person, b.codes",
    "AND b.plot_id IN (SELECT value FROM json_each(?4))",
)
_IN_STAGES: Final = f"""
    SELECT g.plot_id, g.stage, g.since, g.ended, coalesce(d.name, ''), g.person, g.codes
    FROM ({_OF_PLOTS}) AS g LEFT JOIN log l ON l.log_id = g.log_id
        LEFT JOIN device d ON d.device_id = l.device_id
    ORDER BY g.plot_id, g.since, g.stage, g.codes
"""  # noqa: S608 - constants


class BoardTables:
    """The part of a transaction that keeps and counts what boards say."""

    connection: Connection
    #: Reads lines of a log.
    lines: Callable[[LineQuery], list[StoredLine]]

    def handling(
        self,
        project_id: str,
        points: Sequence[str],
        cores: Sequence[str],
        bags: Sequence[str],
    ) -> Handling:
        """Return how points, cores and bags of one project were handled, by their ids."""
        skips: dict[str, list[SkippedPoint]] = defaultdict(list)
        for key, name in self._keys_below(project_id, "skip", points):
            point, campaign = key.split("\x1f")
            skips[point].append(SkippedPoint(name, campaign))
        steps: dict[str, dict[str, str]] = defaultdict(dict)
        for key, _ in self._keys_below(project_id, "custody_event", bags):
            bag, step, at = key.split("\x1f")
            steps[bag][step] = max(at[:10], steps[bag].get(step, ""))
        skipped = [skip.id for found in skips.values() for skip in found]
        return Handling(skips, steps, self._recorders(project_id, [*cores, *skipped]))

    def plot_boards(
        self, project_id: str, plots: Sequence[str]
    ) -> dict[str, PlotBoard]:
        """Return what boards say of plots, by plot; those that are on them."""
        values = (project_id, json_list(plots))
        groups: dict[str, list[PointGroup]] = defaultdict(list)
        for plot, campaign, stage, since, ended, *hand, codes in self._all(
            _POINTS, values
        ):
            said = (campaign, stage, since, bool(ended), Recorder(*hand))
            groups[plot].append(PointGroup._make((*said, _codes(codes))))
        return {
            plot: PlotBoard(
                code,
                None if lon is None else (lon, lat),
                verdict,
                tuple(reasons.split()),
                change,
                tuple(groups[plot]),
            )
            for plot, code, lon, lat, verdict, reasons, change in self._all(
                _PLOTS, values
            )
        }

    def put_boards(
        self, project_id: str, boards: Iterable[tuple[str, PlotBoard | None]]
    ) -> None:
        """Write what boards say of plots where it is not that already; None: nothing."""
        wanted = dict(boards)
        present = self.plot_boards(project_id, list(wanted))
        new = {p: b for p, b in wanted.items() if present.get(p) != b}
        if not new:
            return
        for sql in (_FORGET_PLOTS, _FORGET_POINTS):
            self.connection.execute(sql, (project_id, json_list(new)))
        kept = [(plot, board) for plot, board in new.items() if board is not None]
        self.connection.executemany(
            _PUT_PLOT, [_plot_row(project_id, plot, board) for plot, board in kept]
        )
        self.connection.executemany(
            _PUT_POINTS,
            [
                (project_id, plot, place, *_group_row(group))
                for plot, board in kept
                for place, group in enumerate(board.groups)
            ],
        )

    def verdict_counts(self, project_ids: Sequence[str]) -> list[VerdictCount]:
        """Count the plots of projects by verdict and reasons."""
        return [
            VerdictCount(project, verdict, tuple(reasons.split()), plots)
            for project, verdict, reasons, plots in self._all(
                _VERDICTS, (json_list(project_ids),)
            )
        ]

    def plot_verdicts(
        self, project_ids: Sequence[str], verdict: str | None, skip: int, most: int
    ) -> list[PlotVerdict]:
        """Return plots of projects by their codes, those of one verdict where it is named."""
        rows = self._all(_BY_CODE, (json_list(project_ids), verdict, most, skip))
        return [PlotVerdict(*row) for row in rows]

    def plot_places(self, project_ids: Sequence[str]) -> list[PlotPlace]:
        """Return the plots of projects whose place is known."""
        rows = self._all(_PLACES, (json_list(project_ids),))
        return [PlotPlace(*row) for row in rows]

    def waiting_counts(self, project_ids: Sequence[str]) -> dict[str, int]:
        """Return how many plots of projects wait to be derived, of those where any does."""
        return dict(self._all(_WAITING, (json_list(project_ids),)))

    def stage_counts(self, asked: CampaignQuestion) -> list[StageCount]:
        """Count the points of a campaign by stage, laptop and person."""
        return [StageCount(*row) for row in self._all(_STAGES, _values(asked))]

    def plot_progress(
        self, asked: CampaignQuestion, skip: int, most: int
    ) -> ProgressPage:
        """Return plots of a campaign: those with late points, the longest wait first."""
        rows = self._all(_PROGRESS, (*_values(asked), most, skip))
        return ProgressPage([PlotProgress(*row[:-1]) for row in rows], _total(rows))

    def points_in_stages(
        self, asked: CampaignQuestion, plots: Sequence[str]
    ) -> list[PointsInStage]:
        """Return how far the points of some plots have come in a campaign."""
        campaign = (asked.project_id, asked.campaign_id, asked.start_date)
        return [
            PointsInStage(
                plot, stage, since, bool(ended), device, person, _codes(codes)
            )
            for plot, stage, since, ended, device, person, codes in self._all(
                _IN_STAGES, (*campaign, json_list(plots))
            )
        ]

    def _keys_below(
        self, project_id: str, kind: str, above: Sequence[str]
    ) -> list[tuple[Any, ...]]:
        """Return the natural keys and ids of the records of a type below others."""
        return self._all(_BELOW, (json_list(above), project_id, kind))

    def _recorders(self, project_id: str, ids: Sequence[str]) -> dict[str, Recorder]:
        """Return who recorded each of these first, as their logs say."""
        rows = self._all(_WRITERS, (project_id, json_list(ids)))
        places = {name: _first_place(*said) for name, *said in rows}
        by_log: dict[str, set[int]] = defaultdict(set)
        for log, n in places.values():
            by_log[log].add(n)
        found = {
            (log, line.n): Recorder(log, _person(line.raw))
            for log, numbers in by_log.items()
            for line in self.lines(LineQuery(log_id=log, places=numbers))
        }
        return {name: found[place] for name, place in places.items() if place in found}

    def _all(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.connection.execute(sql, values).fetchall()
        return rows


def _first_place(writers: str, last_log: str, last_n: int) -> tuple[str, int]:
    """Return log and place of the change that said first which point a record is of."""
    said = orjson.loads(writers)
    if not isinstance(said, dict) or not said.get("point_id"):
        return last_log, last_n
    _, log, n, *_ = min(said["point_id"])
    return log, n


def _person(raw: bytes) -> str:
    # A line that cannot be read is for an audit to find.
    return (person_of(raw) or "") if raw else ""


def _codes(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _total(rows: Sequence[tuple[Any, ...]]) -> int:
    return int(rows[0][-1]) if rows else 0


def _values(asked: CampaignQuestion) -> tuple[str, ...]:
    campaign = (asked.project_id, asked.campaign_id, asked.start_date)
    return (*campaign, asked.late_before)


def _plot_row(project_id: str, plot: str, board: PlotBoard) -> tuple[Any, ...]:
    lon, lat = board.place or (None, None)
    said = (board.verdict, " ".join(board.reasons), board.change_id)
    return (project_id, plot, board.code, lon, lat, *said)


def _group_row(group: PointGroup) -> tuple[Any, ...]:
    said = (group.campaign_id, group.stage, group.since, int(group.ended))
    return (*said, *group.recorder, len(group.codes), dump(group.codes))
