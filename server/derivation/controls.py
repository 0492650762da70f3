"""Changes of plots less those of their control plots."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from server.stocks.control import against_blocks, against_control
from server.stocks.rows import change_of, controlled_row, has_errors
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict

Row = dict[str, Any]
#: Code of a plot -> its fields.
Plots = Mapping[str, Row]


def control_codes(plot: Row, plots: Plots) -> list[str]:
    """Return the codes of the control plots of a plot: those named, and a stratum's.

    >>> plots = {"C": {"code": "C", "stratum": "idle"}, "T": {"code": "T"}}
    >>> control_codes({"code": "T", "control_stratum": "idle"}, plots)
    ['C']
    """
    named = set(plot.get("control_plots") or ())
    stratum = plot.get("control_stratum")
    if stratum is not None:
        named |= {c for c, other in plots.items() if other.get("stratum") == stratum}
    return sorted(named - {plot["code"]})


def against_controls(
    changes: Sequence[Row], plots: Plots
) -> dict[tuple[str, str, str], Row]:
    """Return what each change of a plot with controls is beyond theirs.

    Keys are plot, earlier and later campaign. Changes that an older version derived have
    no errors to compare, and are passed over until they are derived again. A control plot that has no change, or is
    not there, is named among the problems.
    """
    by_plot: dict[str, list[Row]] = {}
    known = [row for row in changes if has_errors(row)]
    for row in known:
        by_plot.setdefault(row["plot"], []).append(row)
    found = {}
    for row in known:
        plot = plots.get(row["plot"], {"code": row["plot"]})
        codes = control_codes(plot, plots)
        if not codes:
            continue
        controls = controls_of(row, plot, plots, by_plot)
        others = [change_of(other) for other in controls.values()]
        said = controlled_row(against_control(change_of(row), others), list(controls))
        missing = [code for code in codes if code not in controls]
        if missing:
            left = f"no change of {', '.join(missing)} is known, so that it is left out"
            said = said | {"problems": [left, *_texts(said["problems"])]}
        found[row["plot"], row["from_campaign"], row["to_campaign"]] = said
    return found


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


def nearest_in_time(row: Row, others: Sequence[Row]) -> Row | None:
    """Return the change of another plot between the same campaigns, else the nearest.

    Nearest by the days that the earlier and the later visits are apart.
    """
    known = [other for other in others if other["change_t_ha"] is not None]
    return min(known, key=lambda other: _apart(row, other), default=None)


def _apart(row: Row, other: Row) -> tuple[bool, int]:
    names = ("from_campaign", "to_campaign")
    same = all(row[name] == other[name] for name in names)
    days = (
        abs((date.fromisoformat(row[name]) - date.fromisoformat(other[name])).days)
        for name in ("from_date", "to_date")
    )
    return not same, sum(days)


def controls_of(
    row: Row, plot: Row, plots: Plots, by_plot: Mapping[str, Sequence[Row]]
) -> dict[str, Row]:
    """Return by code the changes of the control plots that stand beside a change."""
    found = {
        code: nearest_in_time(row, by_plot.get(code, ()))
        for code in control_codes(plot, plots)
    }
    return {code: other for code, other in found.items() if other is not None}


def group_against_controls(
    blocks: Sequence[tuple[Row, Mapping[str, Row]]],
) -> Row | None:
    """Return what treated plots of a group changed beyond their controls.

    Parameters
    ----------
    blocks
        The change of each plot that has controls, with those of its control plots.

    Returns
    -------
    dict or None
        One plot against its controls, or blocks of a plot and its own controls. None
        where no plot of the group has controls; without figures where plots share one,
        since their differences are then not independent.
    """
    if not blocks:
        return None
    codes = sorted(code for _, controls in blocks for code in controls)
    pairs = [
        (change_of(row), [change_of(other) for other in controls.values()])
        for row, controls in blocks
    ]
    if len(blocks) == 1:
        return controlled_row(against_control(*pairs[0]), codes)
    found = controlled_row(against_blocks(pairs), list(dict.fromkeys(codes)))
    if len(set(codes)) == len(codes):
        return found
    kept = ("control_plots", "design", "treated", "controls", "withheld", "reasons")
    return {key: value if key in kept else None for key, value in found.items()} | {
        "verdict_zero": ZeroVerdict.NOT_ASSESSABLE.value,
        "verdict_4permille": ChangeVerdict.NOT_ASSESSABLE.value,
        "problems": ["plots share a control: look at them one by one"],
    }
