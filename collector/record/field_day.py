"""One day in the field: what was done, what is missing, what is odd, what waits."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record.field_place import campaign_of_day
from collector.record.local_day import LocalDay
from collector.record.neighbours import warnings_of
from collector.rules.keys import natural_order
from collector.rules.overlay import RecordView
from collector.store.port import KeptDraft, MadeRecord
from schemas.plausibility.records import Warned
from schemas.records import references_of

#: A crew walks fewer plots in a day.
_PLOTS_MOST: Final = 40


class PlotDone(NamedTuple):
    """How many cores and bags one person recorded on a plot."""

    plot: str
    cores: int
    bags: int
    person: str | None


class ShortCore(NamedTuple):
    """A core with fewer bags than the project usually has."""

    core: str
    bags: int
    usual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDay:
    """A day of this laptop in one project.

    `left` are the points of the open campaign without a core and without a skip; `odd` is
    None where there is too much to look at.
    """

    day: str
    campaign: str | None
    done: Sequence[PlotDone]
    left: Sequence[str]
    short: Sequence[ShortCore]
    unweighed: Sequence[str]
    odd: Sequence[Warned] | None
    called: Mapping[str, str]
    drafts: Sequence[KeptDraft]
    to_send: int

    @property
    def cores(self) -> int:
        """Return how many cores were recorded."""
        return sum(one.cores for one in self.done)

    @property
    def bags(self) -> int:
        """Return how many bags were recorded."""
        return sum(one.bags for one in self.done)

    @property
    def needs_a_person(self) -> bool:
        """Return whether something of the day itself is to be looked at."""
        return bool(self.short or self.unweighed or self.odd or self.drafts)

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "day": self.day,
            "campaign": self.campaign,
            "cores": self.cores,
            "bags": self.bags,
            "done": [one._asdict() for one in self.done],
            "missing": {
                "points": list(self.left),
                "short_cores": [one._asdict() for one in self.short],
                "bags_without_mass": list(self.unweighed),
            },
            "odd": [
                {"type": one.record_type, "name": self.called.get(one.record_id, "")}
                | one.warning.as_data()
                for one in self.odd
            ]
            if self.odd is not None
            else None,
            "drafts": [
                {"number": one.number, "kind": one.kind, "about": one.about}
                for one in self.drafts
            ],
            "to_send": self.to_send,
        }


def odd_among(laptop: Laptop, views: Sequence[RecordView]) -> Sequence[Warned] | None:
    """Return what is odd about records of one project, and nobody has explained.

    None where they lie on so many plots that looking takes long.
    """
    known = {"plot", "point", "core", "sample", "campaign"}
    asked = [view for view in views if view.type in known and not view.deleted]
    return _odd(laptop, asked, _Land(laptop, asked))


class _Land:
    """Plots, points, cores and campaigns that a day is about, each read once."""

    def __init__(self, laptop: Laptop, records: Iterable[RecordView]) -> None:
        self._views = {view.id: view for view in records}
        # A bag lies on a core, that on a point and in a campaign, a point on a plot.
        for _ in range(3):
            above = {
                target
                for view in self._views.values()
                for target in references_of(view.type, view.fields).values()
            }
            self._views |= laptop.store.views(above - self._views.keys())

    def of_type(self, record_type: str) -> list[RecordView]:
        """Return what is known of a type."""
        return [view for view in self._views.values() if view.type == record_type]

    def plot_of(self, view: RecordView) -> RecordView | None:
        """Return the plot that a record lies on."""
        if view.type == "plot":
            return view
        above = {"sample": "core_id", "core": "point_id", "point": "plot_id"}
        found = self._views.get(str(view.fields.get(above[view.type])))
        return self.plot_of(found) if found else None

    def name(self, view: RecordView) -> str:
        """Return what a record is called, without reading another one."""
        match view.type:
            case "sample":
                return str(view.fields["sample_code"])
            case "core":
                point = self._named(view, "point_id")
                campaign = self._named(view, "campaign_id")
                return f"{point}/{campaign}/{view.fields['number']}"
            case "point":
                return f"{self._named(view, 'plot_id')}/{view.fields['code']}"
            case "campaign":
                return str(view.fields["name"])
            case _:
                return str(view.fields["code"])

    def _named(self, view: RecordView, field: str) -> str:
        found = self._views.get(str(view.fields.get(field)))
        return self.name(found) if found else "?"


class _Work(NamedTuple):
    """What was made on a day, in order, and what of it is still there."""

    made: Sequence[MadeRecord]
    live: Mapping[str, RecordView]

    def of_type(self, record_type: str) -> list[RecordView]:
        """Return what is there of a type."""
        return [view for view in self.live.values() if view.type == record_type]


def field_day(laptop: Laptop, project_id: str, day: LocalDay) -> FieldDay:
    """Return what was done on a day, what is missing and odd, and what waits."""
    store = laptop.store
    work = _work(laptop, project_id, day)
    campaign = _campaign(laptop, project_id, day)
    left = store.unvisited(project_id, campaign.id) if campaign else []
    land = _Land(laptop, [*work.live.values(), *left])
    return FieldDay(
        day=day.text,
        campaign=str(campaign.fields["name"]) if campaign else None,
        done=_done(work, land),
        left=sorted(map(land.name, left), key=natural_order),
        short=_short(laptop, work.of_type("core"), _usual_cm(laptop, project_id), land),
        unweighed=sorted(_unweighed(work.of_type("sample")), key=natural_order),
        odd=_odd(laptop, list(work.live.values()), land),
        called={view.id: land.name(view) for view in work.live.values()},
        drafts=store.drafts(),
        to_send=store.count_unacknowledged(),
    )


def _work(laptop: Laptop, project_id: str, day: LocalDay) -> _Work:
    made = laptop.store.made_between(*day.bounds_ms, ["core", "sample"])
    views = laptop.store.views([one.id for one in made])
    live = {
        view.id: view
        for view in views.values()
        if not view.deleted and view.project_id == project_id
    }
    return _Work(made, live)


def _odd(
    laptop: Laptop, asked: Sequence[RecordView], land: _Land
) -> list[Warned] | None:
    """Return what is odd about some records, and nobody has explained.

    None where an import made so much that looking takes long.
    """
    lying = [view for view in asked if view.type != "campaign"]
    plots = {plot.id: plot for view in lying if (plot := land.plot_of(view))}
    if len(plots) > _PLOTS_MOST:
        return None
    campaigns = land.of_type("campaign")
    found = warnings_of(laptop, list(plots.values()), asked, campaigns)
    return [one for one in found if one.explained is None]


def _usual_cm(laptop: Laptop, project_id: str) -> Sequence[float]:
    project = laptop.store.record(project_id)
    return (project.fields.get("layer_depths_cm") if project else None) or ()


def _campaign(laptop: Laptop, project_id: str, day: LocalDay) -> RecordView | None:
    try:
        return campaign_of_day(laptop, project_id, None, day.begins.isoformat())
    except RefusedError:
        return None  # none, or several: which one is not guessed


def _done(work: _Work, land: _Land) -> list[PlotDone]:
    counts: Counter[tuple[str, str | None, str]] = Counter()
    for one in work.made:
        view = work.live.get(one.id)
        plot = land.plot_of(view) if view else None
        if plot is not None:
            counts[land.name(plot), one.person, one.type] += 1
    whose = sorted(
        {(plot, person) for plot, person, _ in counts},
        key=lambda each: (natural_order(each[0]), each[1] or ""),
    )
    return [
        PlotDone(plot, counts[plot, who, "core"], counts[plot, who, "sample"], who)
        for plot, who in whose
    ]


def _short(
    laptop: Laptop,
    cores: Sequence[RecordView],
    usual_cm: Sequence[float],
    land: _Land,
) -> list[ShortCore]:
    if not cores or not usual_cm:
        return []
    bags = laptop.store.referring("core_id", [core.id for core in cores])
    counts = Counter(bag.fields["core_id"] for bag in bags if bag.type == "sample")
    found = []
    for core in cores:
        wanted = _usual_bags(core, usual_cm)
        if counts[core.id] < wanted:
            found.append(ShortCore(land.name(core), counts[core.id], wanted))
    return sorted(found, key=lambda one: natural_order(one.core))


def _usual_bags(core: RecordView, usual_cm: Sequence[float]) -> int:
    """Return how many usual layers begin above the depth that a core reached."""
    reached_cm = core.fields.get("depth_reached_cm")
    tops_cm = [0.0, *usual_cm[:-1]]
    return sum(reached_cm is None or top_cm < reached_cm for top_cm in tops_cm)


def _unweighed(views: Iterable[RecordView]) -> list[str]:
    weighed = ("field_mass_g", "fine_dry_mass_g")
    return [
        str(view.fields["sample_code"])
        for view in views
        if all(view.fields.get(name) is None for name in weighed)
    ]
