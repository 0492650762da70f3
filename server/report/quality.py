"""Quality control of the laboratories: which charts there are, and what each batch came to."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from schemas.lab.drift import WARNS_FROM, drifted
from schemas.lab.quality import (
    LOW_G_KG,
    BatchKey,
    Quality,
    apart_pct,
    blank_limit_g_kg,
    is_failed,
    is_near,
    limits_of,
    pair_g_kg,
    recovery,
)
from schemas.rules import TO_G_KG
from server.report.columns import Column, Kind, Table, filled
from server.report.control_charts import (
    ControlChart,
    ControlLine,
    ControlMark,
    draw_chart,
)
from server.report.model import ReportPage, Row
from server.report.sections import Panel
from server.report.values import DASH, fixed, plain

#: More pictures of a kind say less; the table below has every batch.
MOST_CHARTS: Final = 24
_PERCENT: Final = 100.0

#: A control, with the batch that it is of.
_Control = tuple[BatchKey, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class QualityView:
    """Charts of each kind, and the batches."""

    references: Sequence[Panel]
    blanks: Sequence[Panel]
    pairs: Sequence[Panel]
    replicates: Sequence[Panel]
    batches: Table


def quality_of(report: ReportPage) -> QualityView | None:
    """Return the quality control of a project; None where no laboratory has any control."""
    if not report.lab_controls:
        return None
    quality = Quality(
        limits_of(report.lab_limits),
        [dict(one) for one in report.lab_controls],
        [dict(one) for one in report.lab_decisions],
    )
    return quality_view(quality, list(_replicate_charts(report)))


def quality_view(
    quality: Quality, replicates: Sequence[ControlChart] = ()
) -> QualityView:
    """Return the charts of controls, those of field replicates, and the batches."""
    of_references, blanks, pairs, of_the_field = (
        _panels(list(charts), f"qc{n}-")
        for n, charts in enumerate(
            (
                _reference_charts(quality),
                _blank_charts(quality),
                _pair_charts(quality),
                replicates,
            )
        )
    )
    return QualityView(
        of_references,
        blanks,
        pairs,
        of_the_field,
        filled("Batches of the laboratories", _COLUMNS, _batches(quality)),
    )


def _panels(charts: Sequence[ControlChart], key: str) -> list[Panel]:
    """Draw charts; where they are many, those with something beyond its limit first."""
    first = sorted(charts, key=lambda chart: not chart.beyond)
    some = charts if len(charts) <= MOST_CHARTS else first[:MOST_CHARTS]
    return [
        Panel(chart.title, draw_chart(chart, f"{key}{n}"), chart.note)
        for n, chart in enumerate(some)
    ]


def _of_kind(
    quality: Quality, kind: str
) -> Iterator[tuple[tuple[str, str], list[_Control]]]:
    """Yield the controls of a kind by laboratory and analyte, batches by day and name."""
    groups: dict[tuple[str, str], list[_Control]] = defaultdict(list)
    for key, own in quality.controls.items():
        for one in own:
            if one["kind"] == kind:
                groups[key.lab, key.analyte].append((key, dict(one)))
    for place in sorted(groups):
        yield place, sorted(groups[place], key=_in_time)


def _in_time(control: _Control) -> tuple[str, str, int]:
    key, said = control
    return said.get("analysed_on") or "", key.lab_batch, said["number"]


def _title(lab: str, analyte: str, what: str) -> str:
    return f"{lab}, {plain(analyte)}: {what}"


def _reference_charts(quality: Quality) -> Iterator[ControlChart]:
    limit = quality.limits.recovery_pct
    for (lab, analyte), controls in _of_kind(quality, "reference"):
        by_code: dict[str, list[tuple[BatchKey, float]]] = defaultdict(list)
        for key, one in controls:
            share = recovery(one)
            if share is not None:
                by_code[one["code"]].append((key, _PERCENT * share))
        for code, own in by_code.items():
            marks = [
                ControlMark(
                    float(place),
                    percent,
                    key.lab_batch,
                    is_beyond=abs(percent - _PERCENT) > limit + 1e-9,
                )
                for place, (key, percent) in enumerate(own)
            ]
            yield ControlChart(
                _title(lab, analyte, code),
                "%",
                _PERCENT,
                marks,
                _about(_PERCENT, limit, len(marks)),
                note=drifted([mark.value / _PERCENT for mark in marks], limit),
            )


def _about(centre: float, limit: float, count: int) -> list[ControlLine]:
    """Return limits and warning lines on both sides of a value, over a sequence."""
    ends = (-0.6, count - 0.4)
    return [
        ControlLine([(*ends, centre + side * share * limit)], is_limit=share == 1.0)
        for side in (1.0, -1.0)
        for share in (1.0, WARNS_FROM)
    ]


def _blank_charts(quality: Quality) -> Iterator[ControlChart]:
    for (lab, analyte), controls in _of_kind(quality, "blank"):
        known = [
            (key, one)
            for key, one in controls
            if one.get("value") is not None and one["unit"] in TO_G_KG
        ]
        marks, ends = [], []
        for place, (key, one) in enumerate(known):
            own = quality.controls[key]
            limit = blank_limit_g_kg(one, own, quality.limits)
            value = one["value"] * TO_G_KG[one["unit"]]
            is_beyond = abs(value) >= limit
            marks.append(ControlMark(float(place), value, key.lab_batch, is_beyond))
            ends.append((place - 0.5, place + 0.5, limit))
        if marks:
            line = ControlLine(ends, is_limit=True)
            title = _title(lab, analyte, "blanks")
            yield ControlChart(title, "g/kg", 0.0, marks, [line], digits=2)


def _pair_charts(quality: Quality) -> Iterator[ControlChart]:
    limits = quality.limits
    for (lab, analyte), controls in _of_kind(quality, "duplicate"):
        marks = []
        for key, one in controls:
            pair = pair_g_kg(one)
            if pair is not None:
                mean = sum(pair) / 2.0
                signed = apart_pct(pair) * (1.0 if pair[1] >= pair[0] else -1.0)
                label = f"{one['code']} of {key.lab_batch}"
                marks.append(
                    ControlMark(mean, signed, label, not is_near(pair, limits))
                )
        if marks:
            end = max(LOW_G_KG, 1.1 * max(mark.place for mark in marks))
            sides = (limits.duplicate_low_pct, limits.duplicate_pct)
            lines = [
                ControlLine(
                    [
                        (0.0, LOW_G_KG, side * sides[0]),
                        (LOW_G_KG, end, side * sides[1]),
                    ],
                    is_limit=True,
                )
                for side in (1.0, -1.0)
            ]
            title = _title(lab, analyte, "second readings, less the first")
            yield ControlChart(title, "%", 0.0, marks, lines, is_sequence=False)


def _replicate_charts(report: ReportPage) -> Iterator[ControlChart]:
    """Show how cores of one point differ: the field, which no limit is set for."""
    ordered = sorted(report.field_replicates, key=lambda row: str(row["campaign"]))
    for campaign, rows in groupby(ordered, key=lambda row: str(row["campaign"])):
        marks = [_replicate(row) for row in rows]
        title = f"Field replicates, {campaign}: highest less lowest core"
        yield ControlChart(title, "%", 0.0, marks, [], is_sequence=False)


def _replicate(row: Row) -> ControlMark:
    values, apart = row["soc_g_kg"], row["apart_pct"]
    assert isinstance(values, Sequence)
    assert isinstance(apart, float)
    mean = sum(float(value) for value in values) / len(values)
    return ControlMark(mean, apart, str(row["point"]), is_beyond=False)


_COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("laboratory", Kind.TEXT, lambda row: str(row["lab"])),
    Column("batch", Kind.NOWRAP, lambda row: str(row["lab_batch"])),
    Column("analyte", Kind.NOWRAP, lambda row: plain(row["analyte"])),
    Column("controls", Kind.NUMBER, lambda row: str(row["controls"])),
    Column("mean recovery", Kind.NUMBER, lambda row: str(row["recovery"])),
    Column("quality control", Kind.NOWRAP, lambda row: str(row["verdict"])),
    Column("beyond its limit", Kind.WORDS, lambda row: str(row["beyond"])),
    Column("decision", Kind.WORDS, lambda row: str(row["decision"])),
)


def _batches(quality: Quality) -> list[Row]:
    return [
        {
            **key._asdict(),
            "controls": len(quality.controls[key]),
            "recovery": _percent(quality.mean_recovery(key)),
            "verdict": "✗ failed" if is_failed(quality.findings[key]) else "✓ passed",
            "beyond": "; ".join(
                f"{one.what}: {one.found}"
                for one in quality.findings[key]
                if not one.within
            )
            or DASH,
            "decision": _decision(quality, key),
        }
        for key in sorted(quality.findings)
    ]


def _percent(share: float | None) -> str:
    return DASH if share is None else f"{fixed(_PERCENT * share, 1)} %"


def _decision(quality: Quality, key: BatchKey) -> str:
    said = quality.decisions.get(key)
    if said is None:
        return "nobody has decided" if key in quality.marks else DASH
    who = f" ({said['decided_by']})" if said.get("decided_by") else ""
    why = f": {said['reason']}" if said.get("reason") else ""
    return f"{said['decision']}{why}{who}"
