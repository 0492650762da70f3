"""Where and when somebody in the field is: which point, which campaign is open."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.errors import NotFoundError, RefusedError, UsageError
from collector.laptop.laptop import Laptop
from collector.record import entry, names
from collector.rules.keys import natural_order, splits
from collector.rules.overlay import RecordView
from schemas.names import listed
from schemas.plausibility.cores import outside_campaign
from schemas.plausibility.skeletons import skeleton


@dataclass(frozen=True, slots=True)
class FieldPoint:
    """A point of a plot; `new_fields` are those of one that is to be made."""

    id: str
    label: str
    plot: RecordView
    fields: Mapping[str, Any]
    new_fields: Mapping[str, Any] = field(default_factory=dict)


def point_named(
    laptop: Laptop, project_id: str, name: str, *, is_new: bool = False
) -> FieldPoint:
    """Return the point PLOT/POINT, or the only one of PLOT.

    Raises
    ------
    NotFoundError
        If there is none; `is_new` makes it, where its plot is here.
    RefusedError
        If several are meant.
    """
    if "=" in name and "/" not in name:
        hint = f"such as: permille core add PLOT/POINT {shlex.quote(name)}"
        raise UsageError(f"{name} is a layer: the point comes first", hint)
    store = laptop.store
    found = names.candidates(store, "point", name, project_id)
    if found:
        return _known(laptop, names.one("point", name, found, store))
    plots = names.candidates(store, "plot", name, project_id)
    if plots and not is_new:
        return _only_point(laptop, names.one("plot", name, plots, store), name)
    return _new_point(laptop, project_id, name, is_new=is_new)


def _known(laptop: Laptop, point: RecordView) -> FieldPoint:
    plot = laptop.store.record(str(point.fields.get("plot_id")))
    if plot is None or plot.deleted:
        raise NotFoundError(
            f"the plot of point {names.label(laptop.store, point)} is not here",
            "run: permille sync",
        )
    label = names.label(laptop.store, point)
    return FieldPoint(point.id, label, plot, point.fields)


def _only_point(laptop: Laptop, plot: RecordView, name: str) -> FieldPoint:
    points = laptop.store.records("point", plot.project_id, [plot.id])
    if len(points) == 1:
        return _known(laptop, points[0])
    if not points:
        raise NotFoundError(
            f"plot {name} has no point yet",
            f"name one, and add --new-point: {shlex.quote(f'{name}/1')} --new-point",
        )
    said = sorted((names.label(laptop.store, one) for one in points), key=natural_order)
    raise RefusedError(
        f"plot {name} has several points: {listed(said)}",
        f"name one, such as: {shlex.quote(said[0])}",
        code="ambiguous",
    )


def _new_point(
    laptop: Laptop, project_id: str, name: str, *, is_new: bool
) -> FieldPoint:
    """Return a point that is to be made, in the plot that its name begins with."""
    homes = [
        (plot, own)
        for plot_code, own in splits(name, 2)
        for plot in laptop.store.find("plot", project_id, plot_code)
    ]
    if not homes:
        plot_code = name.split("/", maxsplit=1)[0]
        raise NotFoundError(
            f"there is no point {name} and no plot {plot_code} on this laptop",
            "see: permille point list; a new plot: permille plot add --code CODE",
        )
    plot, own = homes[-1]
    if not is_new:
        raise NotFoundError(
            f"there is no point {name}{_alike(laptop, plot, own)}",
            "check the name, or make it with: --new-point",
            code="no_such_point",
        )
    fields = entry.judged("point", {"plot_id": plot.id, "code": own})
    new_id = entry.mint(laptop, project_id, "point", fields)
    label = f"{names.label(laptop.store, plot)}/{own}"
    return FieldPoint(new_id, label, plot, fields, fields)


def _alike(laptop: Laptop, plot: RecordView, code: str) -> str:
    """Return in words which point of a plot reads like a code, else which there are."""
    points = laptop.store.records("point", plot.project_id, [plot.id])
    codes = sorted((str(one.fields["code"]) for one in points), key=natural_order)
    same = [each for each in codes if skeleton(each) == skeleton(code)]
    own = plot.fields["code"]
    if same:
        return f"; there is {own}/{same[0]}"
    return f"; {own} has: {listed(codes)}" if codes else f"; plot {own} has none yet"


def campaign_of_day(
    laptop: Laptop, project_id: str, name: str | None, moment: str
) -> RecordView:
    """Return the campaign with a name; else the one that is open then, or the only one.

    Raises
    ------
    NotFoundError
        If there is none.
    RefusedError
        If it may be one of several.
    """
    if name:
        return names.find(laptop.store, "campaign", name, project_id)
    campaigns = laptop.store.records("campaign", project_id)
    if not campaigns:
        raise NotFoundError(
            "there is no campaign on this laptop",
            "run: permille sync; or: permille campaign add --name 2026"
            " --start-date today --purpose baseline",
        )
    core = {"sampled_at": moment, "sampled_precision": "day"}
    open_ = [one for one in campaigns if outside_campaign(core, one.fields) is None]
    found: Sequence[RecordView] = campaigns if len(campaigns) == 1 else open_
    if len(found) == 1:
        return found[0]
    said = [str(one.fields["name"]) for one in found or campaigns]
    how = "several campaigns are" if found else "no campaign is"
    raise RefusedError(
        f"{how} open on {moment[:10]}: {listed(said)}",
        f"name it: --campaign {shlex.quote(said[-1])}",
        code="ambiguous",
    )
