"""plan: what is left of a campaign, in walking order; and how its points are drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import App, json_option, project_option
from collector.cli.output import emit_json, say, table
from collector.cli.plan_draw import draw, redraw
from collector.cli.plan_relocate import relocate
from schemas.phrases import _, figure
from schemas.printing import TableForm, prose

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.plan.visits import CampaignPlan, Visit
    from schemas.places.writing import Waypoint
    from schemas.sampling.plane import Place

LEFT: Final = TableForm(
    "points to visit",
    _("point"),
    "m",
    _("towards"),
    _("degrees"),
    _("latitude"),
    _("longitude"),
)
SEEN: Final = TableForm(
    "points visited", _("point"), _("state"), _("off m"), prose(_("because"))
)

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.group("plan", invoke_without_command=True)
@click.option("--campaign", metavar="NAME", help="The last to begin when not given.")
@click.option("--plot", metavar="CODE", help="Only this plot.")
@click.option(
    "--design",
    type=click.IntRange(1),
    metavar="N",
    help="Points of this design; of the newest of each plot when not given.",
)
@click.option(
    "--near",
    metavar="LAT,LON",
    help="Where you are: the walk begins there, else at the last core.",
)
@click.option(
    "--gps",
    metavar="ADDRESS",
    help="Ask a receiver where you are: an address or a name of permille position.",
)
@click.option("--gpx", type=_FILE, help="Write what is left for a phone or receiver.")
@click.option("--geojson", type=_FILE, help="Write what is left as GeoJSON.")
@project_option
@json_option
@click.pass_context
def plan(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    campaign: str | None,
    plot: str | None,
    design: int | None,
    near: str | None,
    gps: str | None,
    gpx: Path | None,
    geojson: Path | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Show what is left of a campaign, in walking order.

    Distance and bearing (from true north) lead from point to point. A point whose cores
    were taken more than 10 m away from it is told, with why.

    \b
    Example:
      permille plan --plot HF --near 48.8512,2.3503
      permille plan --campaign 2026 --gpx walk.gpx
      permille plan draw --plot HF --points 10
    """
    if context.invoked_subcommand is not None:
        return
    from collector.plan.visits import PlanQuestion, plan_of
    from collector.record import names

    app = context.find_object(App) or App()
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        found_plot = (
            names.find(laptop.store, "plot", plot, project_id) if plot else None
        )
        here = _here(laptop, near, gps)
        found = plan_of(
            laptop, project_id, PlanQuestion(campaign, found_plot, design, here)
        )
    files = _write(found, gpx, geojson)
    if as_json:
        emit_json(_document(found, here, files))
        return
    _tell(found)
    for path in files:
        say(_("written: {path}", path=str(path)))


def _here(laptop: "Laptop", near: str | None, gps: str | None) -> "Place | None":
    if near is not None and gps is not None:
        raise click.UsageError(_("--near and --gps exclude each other"))
    if near is not None:
        return _typed_place(near)
    if gps is None:
        return None
    from collector.position.here import Wanted, take
    from collector.position.receivers import receiver

    found = take(receiver(laptop, gps), laptop.clock, Wanted())
    for said in found.doubts:
        say(_("warning: {text}", text=said), "  ", err=True)
    return found.fix.place


def _typed_place(text: str) -> "Place":
    lat, comma, lon = text.partition(",")
    try:
        place = float(lon), float(lat)
    except ValueError:
        comma = ""
        place = 0.0, 0.0
    if not comma or not (abs(place[0]) <= 180.0 and abs(place[1]) <= 90.0):
        raise click.UsageError(
            _(
                "--near {text} is no place; give latitude,longitude: --near 48.8512,2.3503",
                text=text,
            )
        )
    return place


def _write(found: "CampaignPlan", gpx: Path | None, geojson: Path | None) -> list[Path]:
    if gpx is None and geojson is None:
        return []
    from schemas.durable_files import write_durably
    from schemas.places.writing import geojson_of, gpx_of

    waypoints = [each for visit in found.left for each in _waypoints(visit)]
    if gpx is not None:
        write_durably(gpx, gpx_of(f"Permille {found.campaign}", waypoints))
    if geojson is not None:
        write_durably(geojson, geojson_of(waypoints))
    return [path for path in (gpx, geojson) if path is not None]


def _waypoints(visit: "Visit") -> list["Waypoint"]:
    from schemas.places.writing import Waypoint

    if visit.place is None:
        return []
    about = str(visit.point.fields.get("note") or "")
    return [Waypoint(visit.name, *visit.place, about, {"id": visit.point.id})]


def _tell(found: "CampaignPlan") -> None:
    total = len(found.left) + len(found.done) + len(found.skipped)
    say(
        _(
            "campaign {campaign}: {left} of {total} points left, {done} done,"
            " {skipped} skipped",
            campaign=found.campaign,
            left=len(found.left),
            total=total,
            done=len(found.done),
            skipped=len(found.skipped),
        )
    )
    if found.left:
        say(_next(found.left[0]))
        table(LEFT, [_left_row(visit) for visit in found.left])
    told = [*_told(found.done), *_told(found.skipped, is_skipped=True)]
    if told:
        table(SEEN, told)
    for line in found.advice:
        say(_("note: {text}", text=line), "  ", err=True)


#: The winds as they are told, from north round by east.
_WINDS: Final = {
    str(wind): wind
    for wind in (*(_("N"), _("NE"), _("E"), _("SE"), _("S"), _("SW"), _("W"), _("NW")),)
}


def _next(visit: "Visit") -> str:
    way = visit.way
    if way is None:
        return _("next: {point}", point=visit.name)
    return _(
        "next: {point}, {distance} m {wind} ({bearing}°)",
        point=visit.name,
        distance=figure(way.distance_m),
        wind=_WINDS[way.wind],
        bearing=figure(way.bearing_deg),
    )


def _left_row(visit: "Visit") -> list[object]:
    way, place = visit.way, visit.place
    return [
        visit.name,
        f"{way.distance_m:.0f}" if way else "",
        _WINDS[way.wind] if way else "",
        f"{way.bearing_deg:.0f}" if way else "",
        f"{place[1]:.7f}" if place else _("not known"),
        f"{place[0]:.7f}" if place else "",
    ]


def _told(visits: "Sequence[Visit]", *, is_skipped: bool = False) -> list[list[object]]:
    """Return what is worth telling: points that were skipped, or moved."""
    from collector.plan.visits import MOVED_M

    return [
        [
            visit.name,
            _("skipped") if is_skipped else _("done"),
            "" if visit.off_m is None else f"{visit.off_m:.0f}",
            visit.because or ("" if is_skipped else _("nobody says why it moved")),
        ]
        for visit in visits
        if is_skipped or visit.because or (visit.off_m or 0.0) > MOVED_M
    ]


def _document(
    found: "CampaignPlan", here: "Place | None", files: Sequence[Path]
) -> dict[str, Any]:
    return {
        "campaign": found.campaign,
        "from": list(here) if here else None,
        "left": [_as_data(visit) for visit in found.left],
        "done": [_as_data(visit) for visit in found.done],
        "skipped": [_as_data(visit) for visit in found.skipped],
        "advice": list(found.advice),
        "files": [str(path) for path in files],
    }


def _as_data(visit: "Visit") -> dict[str, Any]:
    way, place = visit.way, visit.place
    return {
        "id": visit.point.id,
        "point": visit.name,
        "lon": place[0] if place else None,
        "lat": place[1] if place else None,
        "distance_m": round(way.distance_m, 1) if way else None,
        "bearing_deg": round(way.bearing_deg, 1) if way else None,
        "off_m": None if visit.off_m is None else round(visit.off_m, 1),
        "because": visit.because,
    }


plan.add_command(draw)
plan.add_command(redraw)
plan.add_command(relocate)
