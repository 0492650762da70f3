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
from schemas.phrases import Phrase, _, listed
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
        layer = shlex.quote(name)
        hint = _("such as: permille core add PLOT/POINT {layer}", layer=layer)
        raise UsageError(
            _("{layer} is a layer: the point comes first", layer=name), hint
        )
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
            _(
                "the plot of point {point} is not here",
                point=names.label(laptop.store, point),
            ),
            _("run: permille sync"),
        )
    label = names.label(laptop.store, point)
    return FieldPoint(point.id, label, plot, point.fields)


def _only_point(laptop: Laptop, plot: RecordView, name: str) -> FieldPoint:
    points = laptop.store.records("point", plot.project_id, [plot.id])
    if len(points) == 1:
        return _known(laptop, points[0])
    if not points:
        raise NotFoundError(
            _("plot {plot} has no point yet", plot=name),
            _(
                "name one, and add --new-point: {point} --new-point",
                point=shlex.quote(f"{name}/1"),
            ),
        )
    said = sorted((names.label(laptop.store, one) for one in points), key=natural_order)
    raise RefusedError(
        _("plot {plot} has several points: {points}", plot=name, points=listed(said)),
        _("name one, such as: {point}", point=shlex.quote(said[0])),
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
            _(
                "there is no point {point} and no plot {plot} on this laptop",
                point=name,
                plot=plot_code,
            ),
            _("see: permille point list; a new plot: permille plot add --code CODE"),
        )
    plot, own = homes[-1]
    if not is_new:
        raise NotFoundError(
            _no_such_point(laptop, plot, own, name),
            _("check the name, or make it with: --new-point"),
            code="no_such_point",
        )
    fields = entry.judged("point", {"plot_id": plot.id, "code": own})
    new_id = entry.mint(laptop, project_id, "point", fields)
    label = f"{names.label(laptop.store, plot)}/{own}"
    return FieldPoint(new_id, label, plot, fields, fields)


def _no_such_point(laptop: Laptop, plot: RecordView, code: str, name: str) -> Phrase:
    """Return in words which point of a plot reads like a code, else which there are."""
    points = laptop.store.records("point", plot.project_id, [plot.id])
    codes = sorted((str(one.fields["code"]) for one in points), key=natural_order)
    same = [each for each in codes if skeleton(each) == skeleton(code)]
    own = plot.fields["code"]
    if same:
        alike = f"{own}/{same[0]}"
        return _("there is no point {point}; there is {alike}", point=name, alike=alike)
    said = {"point": name, "plot": own}
    if codes:
        has = {**said, "points": listed(codes)}
        return _("there is no point {point}; {plot} has: {points}", **has)
    return _("there is no point {point}; plot {plot} has none yet", **said)


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
            _("there is no campaign on this laptop"),
            _(
                "run: permille sync; or: permille campaign add --name 2026"
                " --start-date today --purpose baseline"
            ),
        )
    core = {"sampled_at": moment, "sampled_precision": "day"}
    open_ = [one for one in campaigns if outside_campaign(core, one.fields) is None]
    found: Sequence[RecordView] = campaigns if len(campaigns) == 1 else open_
    if len(found) == 1:
        return found[0]
    said = [str(one.fields["name"]) for one in found or campaigns]
    is_open = {"day": moment[:10], "campaigns": listed(said)}
    raise RefusedError(
        _("several campaigns are open on {day}: {campaigns}", **is_open)
        if found
        else _("no campaign is open on {day}: {campaigns}", **is_open),
        _("name it: --campaign {campaign}", campaign=shlex.quote(said[-1])),
        code="ambiguous",
    )
