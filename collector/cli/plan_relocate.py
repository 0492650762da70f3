"""plan relocate: the points of an earlier campaign, to be visited again."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import (
    App,
    json_option,
    pass_app,
    person_option,
    project_option,
    tell_operation,
)
from collector.cli.output import emit_json, say, table
from collector.errors import Exit, NotFoundError
from schemas import limits
from schemas.printing import TableForm, prose

if TYPE_CHECKING:
    from collector.plan.relocating import Relocated

AGAIN: Final = TableForm(
    "points to visit again", "point", "visit", "off m", "± m", prose("why")
)

#: Why a point is new, by whether it had a planned place.
_NEW: Final = {
    False: "it had no planned place; its cores say where they were taken",
    True: "its cores were taken elsewhere",
}
#: Why a point stays, by whether its cores say where they were taken.
_SAME: Final = {
    False: "as planned: its cores do not say where they were taken",
    True: "its cores were taken there",
}


@click.command("relocate")
@click.option(
    "--from-campaign",
    "campaign",
    metavar="NAME",
    required=True,
    help="Earlier campaign.",
)
@click.option("--plot", metavar="CODE", required=True, help="Plot.")
@click.option(
    "--same-m",
    type=click.FloatRange(0.0, limits.RADIUS_MAX_M),
    default=5.0,
    show_default=True,
    help="Nearer to its cores than that, or than their accuracy, a point is the same.",
)
@click.option("--dry-run", is_flag=True, help="Show it; record nothing.")
@project_option
@person_option
@json_option
@pass_app
def relocate(  # noqa: PLR0917 - click passes them by name
    app: App,
    campaign: str,
    plot: str,
    same_m: float,
    dry_run: bool,
    project: str | None,
    as_json: bool,
) -> int:
    """Make the points of an earlier campaign those to visit again.

    A point is visited where its cores were taken: the mean of their positions. Where that
    is the planned place, the point stays; elsewhere a new point revisits it.

    \b
    Example:
      permille plan relocate --from-campaign 2016 --plot HF
    """
    from collector.plan.relocating import keep
    from collector.plan.relocating import relocate as relocated
    from collector.record import names

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        view = names.find(laptop.store, "plot", plot, project_id)
        before = names.find(laptop.store, "campaign", campaign, project_id)
        found = relocated(laptop, view, before, same_m)
        if not found:
            raise NotFoundError(
                f"plot {plot} has no cores of campaign {campaign} on this laptop",
                f"see: permille core list --plot {plot}",
            )
        done = None if dry_run else keep(laptop, view, before, found)
    if as_json:
        data = [_as_data(one) for one in found]
        emit_json({"points": data, "operation": done.id if done else None})
    else:
        _tell(found, is_kept=not dry_run)
        tell_operation(done.id if done else None)
    unknown = any(one.outcome == "unknown" for one in found)
    return Exit.ATTENTION if unknown else Exit.DONE


def _tell(found: "Sequence[Relocated]", *, is_kept: bool) -> None:
    counts = Counter(one.outcome for one in found)
    say(
        f"{counts['same'] + counts['there']} points are visited as they are,"
        f" {counts['new']} {'got' if is_kept else 'would get'} a new point"
        f" where their cores were taken, {counts['unknown']} cannot be found again"
    )
    table(AGAIN, [_row(one) for one in found])


def _row(one: "Relocated") -> list[object]:
    accuracy_m = one.cored.accuracy_m if one.cored else None
    return [
        one.point.fields["code"],
        one.by or (one.point.fields["code"] if one.outcome == "same" else ""),
        "" if one.off_m is None else f"{one.off_m:.1f}",
        "" if accuracy_m is None else f"{accuracy_m:.1f}",
        _why(one),
    ]


def _why(one: "Relocated") -> str:
    if one.outcome == "there":
        return f"{one.by} revisits it already"
    if one.outcome == "unknown":
        return "neither the point nor its cores say where it is"
    if one.outcome == "new":
        return _NEW[one.off_m is not None]
    return _SAME[one.cored is not None]


def _as_data(one: "Relocated") -> dict[str, Any]:
    cored = one.cored
    return {
        "point": one.point.fields["code"],
        "id": one.point.id,
        "outcome": one.outcome,
        "visit": one.by
        or (one.point.fields["code"] if one.outcome == "same" else None),
        "off_m": None if one.off_m is None else round(one.off_m, 1),
        "cores": cored.cores if cored else 0,
        "lon": cored.place[0] if cored else None,
        "lat": cored.place[1] if cored else None,
        "accuracy_m": cored.accuracy_m if cored else None,
    }
