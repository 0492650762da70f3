"""The mean stock of farms and strata in each campaign, weighted by area."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from server.merge.model import Record
from server.stocks.aggregate import mean_stock

Row = dict[str, Any]

_LEVELS: Final = ("farm", "stratum")


def group_stocks(
    plots: Sequence[Record],
    campaigns: Sequence[Record],
    rows: Mapping[str, Sequence[Row]],
    drawn: Mapping[str, float],
) -> list[Row]:
    """Return the mean stock of each farm, stratum and campaign, and its `plots`.

    Only groups whose plots all have an area and a standard error. Of `drawn` are the
    strata whose plots stand for more land than themselves.
    """
    dates = {c.fields["name"]: c.fields["start_date"] for c in campaigns}
    key = _stock_key(rows["changes"])
    of_plot: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows["stocks"]:
        if row[key] is not None:
            of_plot[row["plot"], row["campaign"]].append(row[key])
    return [
        {
            "level": level,
            "name": name,
            "campaign": campaign,
            "date": dates[campaign],
            "plots": len(own),
        }
        | figures
        for level, name, own in _groups(plots)
        for campaign in sorted(dates, key=lambda each: (dates[each], each))
        if (
            figures := _weighted(
                own,
                campaign,
                of_plot,
                is_drawn=level == "stratum" and name in drawn,
            )
        )
        is not None
    ]


def _groups(plots: Sequence[Record]) -> Iterator[tuple[str, str, list[Record]]]:
    for level in _LEVELS:
        members: dict[str, list[Record]] = defaultdict(list)
        for plot in plots:
            if plot.fields.get(level):
                members[plot.fields[level]].append(plot)
        for name, own in sorted(members.items()):
            yield level, name, own


def _stock_key(changes: Sequence[Row]) -> str:
    """Name the stocks that are drawn: those that every change is judged on."""
    judged = {row.get("judged_on", "fixed_depth") for row in changes}
    return "esm_stock_t_ha" if judged == {"equivalent_mass"} else "soc_stock_t_ha"


def _weighted(
    plots: Sequence[Record],
    campaign: str,
    of_plot: Mapping[tuple[str, str], list[float]],
    *,
    is_drawn: bool,
) -> Row | None:
    parts: list[tuple[float, list[float]]] = [
        (
            plot.fields.get("area_ha") or 0.0,
            of_plot.get((plot.fields["code"], campaign), []),
        )
        for plot in plots
    ]
    least = 1 if is_drawn else 2
    if not all(area > 0.0 and len(values) >= least for area, values in parts):
        return None
    found = mean_stock(parts, is_drawn=is_drawn)
    ends = None if found.ci95 is None else [*found.ci95]
    return {"stock_t_ha": found.value, "stock_ci95_t_ha": ends}
