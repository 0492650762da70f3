"""plan draw, plan redraw: the points of a plot, drawn by chance and drawn again."""

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
from collector.errors import Exit, RefusedError, UsageError
from schemas import limits
from schemas.printing import TableForm

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.plan.drawing import PlannedDesign
    from collector.plan.redrawing import Redrawn
    from collector.rules.overlay import RecordView

POINTS: Final = TableForm("points that are drawn", "point", "latitude", "longitude")
OTHERS: Final = TableForm("points that are not as drawn", "point", "state", "m")

METHODS: Final = ("stratified_random", "simple_random", "systematic")
_SEED_BITS: Final = 32
_metres: Final = click.FloatRange(0.0, limits.RADIUS_MAX_M)


def _method(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    from schemas.sampling.advice import (
        CLUSTERED,
        CLUSTERED_HINT,
        CLUSTERED_IS_NO_DESIGN,
    )

    said = value.strip().lower().replace("-", "_")
    if said in CLUSTERED:
        raise RefusedError(CLUSTERED_IS_NO_DESIGN, CLUSTERED_HINT, code="clustered")
    if said not in METHODS:
        raise UsageError(
            f"--method {value} is no way to draw", f"one of: {', '.join(METHODS)}"
        )
    return said


@click.command("draw")
@click.option("--plot", metavar="CODE", required=True, help="Plot, with its boundary.")
@click.option(
    "--points",
    type=click.IntRange(1, limits.DESIGN_POINTS_MAX),
    help="How many points.",
)
@click.option(
    "--method",
    metavar=f"[{'|'.join(METHODS)}]",
    default=METHODS[0],
    callback=_method,
    show_default=True,
    help="One random point in each of as many equal parts, points anywhere, or a square"
    " grid with a random start and bearing.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, limits.SEED_MAX),
    help="What chance begins with; one is drawn and shown when not given.",
)
@click.option("--min-distance-m", type=_metres, default=0.0, help="Between two points.")
@click.option("--edge-buffer-m", type=_metres, default=0.0, help="To the boundary.")
@click.option(
    "--prefix",
    metavar="TEXT",
    help="Beginning of the codes; none for the first points of a plot, then D2- and so on.",
)
@click.option(
    "--permille-detect",
    type=click.FloatRange(0.0, 1000.0, min_open=True),
    metavar="X",
    help="Ask how many points tell X permille a year from zero, with --years.",
)
@click.option(
    "--years",
    type=click.FloatRange(0.0, 1000.0, min_open=True),
    help="Years between the campaigns.",
)
@click.option("--dry-run", is_flag=True, help="Show the points; record nothing.")
@project_option
@person_option
@json_option
@pass_app
def draw(  # noqa: PLR0917 - click passes them by name
    app: App,
    plot: str,
    points: int | None,
    method: str,
    seed: int | None,
    min_distance_m: float,
    edge_buffer_m: float,
    prefix: str | None,
    permille_detect: float | None,
    years: float | None,
    dry_run: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Draw the points of a plot, and record them with their design.

    Whoever has the boundary and the design can draw the same points again. A design that
    is there stays: a new one gets the next number.

    \b
    Example:
      permille plan draw --plot HF --points 10 --min-distance-m 10 --edge-buffer-m 5
      permille plan draw --plot HF --points 12 --method systematic --seed 42 --dry-run
    """
    from collector.plan.drawing import keep, plan_design
    from collector.record import names
    from schemas.sampling.draw import DesignWish

    if (permille_detect is None) != (years is None):
        raise UsageError("--permille-detect and --years belong together", "give both")
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        view = names.find(laptop.store, "plot", plot, project_id)
        if permille_detect is not None and years is not None:
            _ask_the_server(laptop, view, permille_detect, years)
        if points is None:
            raise UsageError("how many points?", "add: --points 10")
        if seed is None:
            seed = laptop.clock.random_bits(_SEED_BITS)
        wish = DesignWish(method, points, seed, min_distance_m, edge_buffer_m)
        planned = plan_design(laptop, view, wish, prefix)
        done = None if dry_run else keep(laptop, planned)
    if as_json:
        emit_json(_document(planned, done.id if done else None))
        return
    _tell(planned, is_kept=done is not None)
    tell_operation(done.id if done else None)


@click.command("redraw")
@click.option(
    "--check", "plot", metavar="PLOT", required=True, help="Code of the plot."
)
@click.option(
    "--design",
    type=click.IntRange(1),
    metavar="N",
    help="Number of the design; the newest when not given.",
)
@project_option
@json_option
@pass_app
def redraw(
    app: App, plot: str, design: int | None, project: str | None, as_json: bool
) -> int:
    """Draw a recorded design again, and say whether the points are those it gives.

    \b
    Example:
      permille plan redraw --check HF
    """
    from collector.plan import redrawing
    from collector.record import names

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        view = names.find(laptop.store, "plot", plot, project_id)
        found = redrawing.redraw(laptop, view, design)
    if as_json:
        emit_json(_compared(found))
    else:
        _tell_compared(found, plot)
    return Exit.DONE if found.is_same else Exit.ATTENTION


def _ask_the_server(
    laptop: "Laptop", plot: "RecordView", permille_year: float, years: float
) -> None:
    """Say how the number of points is found: it takes distributions that no laptop has.

    Raises
    ------
    RefusedError
        Always, with the command.
    """
    from collector.plan.spread import spread_of

    spread = spread_of(laptop, plot)
    if spread is None:
        text = "and no stocks of this plot are here to say how much its points differ"
        sd, change = "SD", "CHANGE"
    else:
        wanted = permille_year / 1000.0 * years * spread.mean_t_ha
        text = (
            f"with the {spread.points} stocks of campaign {spread.campaign}, which are"
            f" here: mean {spread.mean_t_ha:.1f} t/ha, standard deviation"
            f" {spread.sd_t_ha:.2f} t/ha"
        )
        sd, change = f"{spread.sd_t_ha:.2f}", f"{wanted:.3g}"
    raise RefusedError(
        f"how many points tell {permille_year:g} permille a year in {years:g} years from"
        f" zero is computed on the server, {text}",
        f"permille-server stocks design --unpaired --sd {sd} --change {change}; then:"
        " permille plan draw --points N",
        code="on_the_server",
    )


def _tell(planned: "PlannedDesign", *, is_kept: bool) -> None:
    design, code = planned.design, planned.plot.fields["code"]
    distances = [
        f", {design[name]:g} m {words}"
        for name, words in (
            ("min_distance_m", "apart"),
            ("edge_buffer_m", "from the boundary"),
        )
        if design.get(name)
    ]
    word = "recorded" if is_kept else "drawn, not recorded"
    say(
        f"{word}: design {code}/{design['number']}, {design['method']},"
        f" {len(planned.points)} points, seed {design['seed']}{''.join(distances)}"
    )
    rows = [
        [f"{code}/{at['code']}", f"{at['lat']:.7f}", f"{at['lon']:.7f}"]
        for at in planned.points
    ]
    table(POINTS, rows)
    for line in planned.advice:
        say(f"note: {line}", "  ", err=True)


def _document(planned: "PlannedDesign", operation: str | None) -> dict[str, Any]:
    return {
        "plot": planned.plot.fields["code"],
        "recorded": operation is not None,
        "design": dict(planned.design),
        "points": [
            {name: point[name] for name in ("code", "lon", "lat")}
            for point in planned.points
        ],
        "advice": list(planned.advice),
        "operation": operation,
    }


def _compared(found: "Redrawn") -> dict[str, Any]:
    return {
        "design": found.number,
        "same": found.is_same,
        "as_drawn": found.same,
        "moved": [{"code": code, "m": round(m, 2)} for code, m in found.moved],
        "gone": [list(place) for place in found.gone],
        "added": list(found.added),
    }


def _tell_compared(found: "Redrawn", plot: str) -> None:
    if found.is_same:
        say(
            f"design {plot}/{found.number} gives the {found.same} points that are recorded"
        )
        return
    say(
        f"design {plot}/{found.number}: {found.same} points as drawn,"
        f" {len(found.moved)} moved, {len(found.gone)} gone, {len(found.added)} added"
    )
    rows: Sequence[Sequence[object]] = [
        *([f"{plot}/{code}", "moved", f"{m:.2f}"] for code, m in found.moved),
        *([f"{lat:.7f}, {lon:.7f}", "gone", ""] for lon, lat in found.gone),
        *([f"{plot}/{code}", "added", ""] for code in found.added),
    ]
    table(OTHERS, rows)
