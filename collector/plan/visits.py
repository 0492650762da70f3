"""What is left of a campaign, in walking order; what is done, skipped, and was moved."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from collector.errors import NotFoundError
from collector.laptop.laptop import Laptop
from collector.plan.relocating import cored_place, place_of
from collector.record import names
from collector.rules.keys import natural_order
from collector.rules.overlay import RecordView
from schemas.phrases import _, named
from schemas.plausibility.planar import area_ha
from schemas.sampling.advice import advice_on
from schemas.sampling.meant import points_meant
from schemas.sampling.plane import Place
from schemas.sampling.walk import Leg, leg, walking_order

#: A core that is farther from its point is told: more than a receiver errs.
MOVED_M: Final = 10.0


class Visit(NamedTuple):
    """One point in a campaign.

    `way` leads to it from the one before, or from where the person is; `off_m` is how far
    its cores are from it, `because` why it was skipped or moved.
    """

    point: RecordView
    name: str
    place: Place | None
    way: Leg | None = None
    off_m: float | None = None
    because: str | None = None


class CampaignPlan(NamedTuple):
    """The points of a campaign; those that are left in walking order."""

    campaign: str
    left: Sequence[Visit]
    done: Sequence[Visit]
    skipped: Sequence[Visit]
    advice: Sequence[str]


class PlanQuestion(NamedTuple):
    """What of the plan is asked for; `here` is where the person is."""

    campaign: str | None = None
    plot: RecordView | None = None
    design: int | None = None
    here: Place | None = None


def plan_of(laptop: Laptop, project_id: str, asked: PlanQuestion) -> CampaignPlan:
    """Return the plan of a campaign: the named one, or the last to begin.

    Raises
    ------
    NotFoundError
        If the project has no campaign, or none of this name.
    """
    campaign = campaign_of_plan(laptop, project_id, asked.campaign)
    store = laptop.store
    cores = _by_point(_visiting(laptop, "core", campaign, asked.plot))
    skips = _by_point(_visiting(laptop, "skip", campaign, asked.plot))
    under = [asked.plot.id] if asked.plot else []
    points = store.records("point", project_id, under)
    meant = points_meant(points, {*cores, *skips}, asked.design)
    named = sorted(
        ((names.label(store, point), point) for point in meant),
        key=lambda pair: natural_order(pair[0]),
    )
    done = [_done(name, at, cores[at.id]) for name, at in named if at.id in cores]
    skipped = [
        Visit(at, name, place_of(at), because=skips[at.id][0].fields.get("because"))
        for name, at in named
        if at.id in skips and at.id not in cores
    ]
    left = [
        Visit(at, name, place_of(at))
        for name, at in named
        if at.id not in cores and at.id not in skips
    ]
    here = asked.here or _last_core(cores.values())
    return CampaignPlan(
        str(campaign.fields["name"]),
        _walked(left, here),
        done,
        skipped,
        _advice(laptop, meant),
    )


def _visiting(
    laptop: Laptop, kind: str, campaign: RecordView, plot: RecordView | None
) -> list[RecordView]:
    """Return what was taken or skipped in a campaign; of one plot only that plot is read."""
    above = campaign if plot is None else plot
    found = laptop.store.records(kind, campaign.project_id, [above.id])
    return [one for one in found if one.fields.get("campaign_id") == campaign.id]


def campaign_of_plan(laptop: Laptop, project_id: str, name: str | None) -> RecordView:
    """Return the campaign that a plan is of: the named one, or the last to begin.

    Raises
    ------
    NotFoundError
        If the project has none, or none of this name.
    """
    if name is not None:
        return names.find(laptop.store, "campaign", name, project_id)
    every = laptop.store.records("campaign", project_id)
    if not every:
        raise NotFoundError(
            _("the project has no campaign yet"),
            "permille campaign add --name 2026 --start-date 2026-05-01"
            " --purpose baseline",
        )
    return max(every, key=lambda view: (str(view.fields["start_date"]), view.id))


def _by_point(views: Iterable[RecordView]) -> dict[str, list[RecordView]]:
    found: dict[str, list[RecordView]] = {}
    for view in views:
        found.setdefault(str(view.fields["point_id"]), []).append(view)
    return found


def _done(name: str, point: RecordView, cores: Sequence[RecordView]) -> Visit:
    planned, cored = place_of(point), cored_place(cores)
    off_m = None
    if planned is not None and cored is not None:
        off_m = leg(planned, cored.place).distance_m
    said = (core.fields.get("moved_because") for core in cores)
    because = next((why for why in said if why), None)
    return Visit(point, name, planned, off_m=off_m, because=because)


def _last_core(cores: Iterable[Sequence[RecordView]]) -> Place | None:
    """Return where the last core was taken, so that the rest begins there."""
    placed = [core for some in cores for core in some if place_of(core) is not None]
    last = max(placed, key=lambda core: str(core.fields["sampled_at"]), default=None)
    return None if last is None else place_of(last)


def _walked(left: Sequence[Visit], here: Place | None) -> list[Visit]:
    """Return visits in walking order, with the way to each; last those of unknown place."""
    placed = [(visit, visit.place) for visit in left if visit.place is not None]
    order = walking_order([place for _, place in placed], here)
    found, before = list[Visit](), here
    for number in order:
        visit, place = placed[number]
        found.append(visit._replace(way=leg(before, place) if before else None))
        before = place
    return [*found, *(visit for visit in left if visit.place is None)]


def _advice(laptop: Laptop, points: Iterable[RecordView]) -> list[str]:
    by_plot: dict[str, list[Place]] = {}
    for point in points:
        place = place_of(point)
        if place is not None:
            by_plot.setdefault(str(point.fields["plot_id"]), []).append(place)
    plots: Mapping[str, RecordView] = laptop.store.views(by_plot)
    return [
        named(_("plot {plot}", plot=plot.fields["code"]), said)
        for plot_id, places in by_plot.items()
        if (plot := plots.get(plot_id)) is not None and plot.fields.get("geometry")
        for said in advice_on(places, len(places), area_ha(plot.fields["geometry"]))
    ]
