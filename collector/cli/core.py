"""core: one core with its bags at once, holes of a composite, and undo for the day."""

from typing import TYPE_CHECKING, Any

import click

from collector.cli.app import (
    App,
    confirmed,
    example,
    json_flag,
    json_option,
    one_line,
    pass_app,
    person_flag,
    person_option,
    project_flag,
    project_option,
)
from collector.cli.core_told import tell_core, tell_holes
from collector.cli.options import (
    field_options,
    position_here,
    refuse_two_points,
    without_them,
)
from collector.cli.output import emit_json, say, table_of_first
from collector.cli.questions_asked import typed_answers
from collector.cli.record_examples import EXAMPLES
from collector.cli.records import add_by_options, build, typed_as_options
from collector.errors import Exit, RefusedError, UsageError
from schemas import limits
from schemas.phrases import _
from schemas.records import TYPES
from schemas.undo.lists import KEPT

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.record.core_entry import TypedCore
    from collector.record.core_undo import CoreToUndo

_HELP = f"""Add a core with its bags.

POINT is PLOT/POINT, or PLOT where it has one point. Each LAYER is BOTTOM=LABEL:MASS, from
the surface down: its lower end in cm, the label of its bag, the mass of the soil as taken
in g (field-mass-g, field moist). 10-20=LABEL says where it begins, too. LABEL:MASS takes the
next of the project's layer-depths-cm, and a mass may be left out.

What is not typed is filled in and told: time now, the campaign of today, tool, diameter and
number of cores as in your last core, or as usual in the project. A bag that cannot stand
does not hold up the others; it is kept as a draft, with what to type next.

Without anything it asks, on a terminal. With --plot and --point it adds a core alone.

{
    example(
        "permille core add P1/2 10=A12:261 20=A13:262 30=A14:270",
        "permille core add P1/2 A12:261 A13:262 A14:270",
        'permille core add P1/3 A15:40 --because "mostly stones"',
        f"permille core add {EXAMPLES['core']}",
    )
}"""


def _placed_here(laptop: "Laptop", typed: "TypedCore") -> "TypedCore":
    """Return a core with the position of the receiver."""
    from dataclasses import replace

    found = position_here(laptop, typed.texts)
    said = {name: str(value) for name, value in found.items() if value is not None}
    return replace(typed, texts={**typed.texts, **said})


def _add(_record_type: str) -> click.Command:
    def add(  # noqa: PLR0917 - click passes them by name
        app: App,
        where: str | None,
        layers: tuple[str, ...],
        project: str | None,
        as_json: bool,
        keep: bool,
        another: bool,
        new_point: bool,
        because: str | None,
        answers: tuple[str, ...],
        **given: Any,  # noqa: ANN401 - an option of each field
    ) -> int:
        here = given.pop("here", None)
        said = {name: text for name, text in given.items() if text is not None}
        if where is None and (said or here):
            _refuse_beside_options(keep, another, new_point, because or answers)
            add_by_options(
                app, "core", project, as_json=as_json, given={**given, "here": here}
            )
            return Exit.DONE
        from collector.record.core_entry import TypedCore
        from collector.record.typed_layers import read_layer

        refuse_two_points(where, said)
        typed = TypedCore(
            point=where or "",
            campaign=said.get("campaign", ""),
            texts={name: said[name] for name in TYPES["core"].fields if name in said},
            layers=tuple(map(read_layer, layers)),
            is_new_point=new_point,
            is_another=another,
            because=because or "",
            answers=typed_answers(answers),
        )
        with app.laptop() as laptop:
            if here:
                typed = _placed_here(laptop, typed)
            return _record(laptop, project, typed, keep=keep, as_json=as_json)

    carried = "as in your last core or as usual, where POINT is typed"
    said = without_them(
        "core",
        number="the next one where POINT is typed, else 1",
        sampled_at="now where POINT is typed, else required",
        **dict.fromkeys(("tool", "inner_diameter_mm", "cores_composited"), carried),
    )
    return click.Command(
        "add",
        callback=pass_app(add),
        help=_HELP,
        params=[
            click.Argument(["where"], required=False, metavar="[POINT]"),
            click.Argument(["layers"], nargs=-1, metavar="[LAYER]..."),
            click.Option(
                ["--another"],
                is_flag=True,
                help="One more core at this point in this campaign.",
            ),
            click.Option(
                ["--new-point"], is_flag=True, help="Make the point if it is not there."
            ),
            click.Option(
                ["--because"],
                metavar="TEXT",
                callback=one_line(limits.WHY_CHARS),
                help="Why what is odd about this core and its bags is right.",
            ),
            click.Option(
                ["--answer", "answers"],
                multiple=True,
                metavar="QUESTION=ANSWER",
                help="Answer to a question of the project: permille questions show.",
            ),
            click.Option(
                ["--draft", "keep"],
                is_flag=True,
                help="Keep it as typed for later, on this laptop alone.",
            ),
            *field_options("core", said),
            project_flag(),
            person_flag(),
            json_flag(),
        ],
    )


def _refuse_beside_options(
    keep: bool, another: bool, new_point: bool, more: str | tuple[str, ...]
) -> None:
    if keep or another or new_point or more:
        raise UsageError(
            _("--draft, --another, --new-point, --because and --answer go with POINT"),
            _("type the point first, such as: permille core add P1/2 10=A12:261"),
        )


def _record(
    laptop: "Laptop",
    project: str | None,
    typed: "TypedCore",
    *,
    keep: bool,
    as_json: bool,
) -> int:
    from collector.record import names
    from collector.record.core_entry import record_core
    from collector.record.field_drafts import keep_core

    project_id = names.the_project(laptop.store, project).id
    if keep:
        number = keep_core(laptop, project_id, typed)
        if as_json:
            emit_json({"draft": number})
        else:
            say(
                _(
                    "kept as draft {number}; to save it: permille draft finish {number}",
                    number=number,
                )
            )
        return Exit.DONE
    if not typed.point:
        from collector.cli.core_asking import asked_core

        outcome = asked_core(laptop, project_id, typed)
    else:
        with typed_as_options():
            outcome = record_core(laptop, project_id, typed)
    if typed.because and not outcome.explained:
        say(_("nothing is odd about it, so that --because explains nothing"), err=True)
    return tell_core(outcome, as_json=as_json)


@click.command("hole")
@click.argument("where", metavar="POINT")
@click.option("--campaign", metavar="NAME", help="Campaign, where several are open.")
@click.option("--lon", metavar="NUMBER", help="longitude WGS84, degrees")
@click.option("--lat", metavar="NUMBER", help="latitude WGS84, degrees")
@click.option("--accuracy-m", metavar="NUMBER", help="GPS accuracy, m")
@click.option("--undo", "takes_back", is_flag=True, help="Take the last hole back.")
@project_option
@person_option
@json_option
@pass_app
def hole(  # noqa: PLR0917 - click passes them by name
    app: App,
    where: str,
    campaign: str | None,
    lon: str | None,
    lat: str | None,
    accuracy_m: str | None,
    takes_back: bool,
    project: str | None,
    as_json: bool,
) -> int:
    """Count one more hole of the composite of a point.

    The count is kept as a draft with the time, and the position if it is typed.
    `permille core add` at that point takes it over as cores-composited.

    \b
    Example:
      permille core hole P1/2
      permille core hole P1/2 --lon 2.35012 --lat 48.85031
      permille core hole P1/2 --undo
      permille core add P1/2 10=A12:261 20=A13:262
    """
    from collector.record import names
    from collector.record.field_place import campaign_of_day, point_named
    from collector.record.holes import count_hole, uncount_hole
    from collector.record.local_day import here_now

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        today = here_now(laptop.clock)
        point = point_named(laptop, project_id, where)
        found = campaign_of_day(laptop, project_id, campaign, today)
        if takes_back:
            counted = uncount_hole(laptop, point, found)
        else:
            place = {"lon": lon, "lat": lat, "accuracy_m": accuracy_m}
            given = {name: text for name, text in place.items() if text is not None}
            with typed_as_options():
                counted = count_hole(laptop, point, found, given)
        tell_holes(point.label, str(found.fields["name"]), counted, as_json=as_json)
    return Exit.DONE


@click.command("undo")
@click.argument("where", required=False, metavar="[POINT]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@project_option
@person_option
@json_option
@pass_app
def undo(
    app: App, where: str | None, yes: bool, project: str | None, as_json: bool
) -> int:
    """Take back the core that was recorded last today, with its bags.

    It shows what goes and asks. What others have built on stays, and is named. It is
    written as new changes: the answer says how to have it again.

    \b
    Example:
      permille core undo
      permille core undo P1/2
    """
    from collector.record import names
    from collector.record.core_undo import last_core
    from collector.record.field_place import point_named

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        point = point_named(laptop, project_id, where) if where else None
        return _take_back(
            laptop, last_core(laptop, project_id, point), yes=yes, as_json=as_json
        )


def _take_back(
    laptop: "Laptop", found: "CoreToUndo", *, yes: bool, as_json: bool
) -> int:
    from collector.record.core_undo import take_back
    from schemas.undo.told import document, kept_rows, sentences

    others = {"conflicts": 0, "waiting": len(found.undoing.waiting)}
    looked = document(found.undoing.changes, found.undoing.plan, others, None)
    kept = kept_rows(looked)
    if found.undoing.is_empty:
        said = "; ".join(f"{name}: {why}" for name, why in kept)
        why = said or _("it is gone already")
        raise RefusedError(
            _("core {core} cannot be taken back: {why}", core=found.name, why=why),
            _("to look: permille core show {core}", core=found.name),
        )
    bags = [str(bag.fields["sample_code"]) for bag in found.bags]
    listed = ", ".join(bags) or _("no bags")
    say(_("core {core} with {bags}", core=found.name, bags=listed), "  ", err=True)
    for line in sentences(looked):
        say(line, "  ", err=True)
    confirmed(_("Take it back?"), yes=yes)
    done = take_back(laptop, found)
    said_now = document(found.undoing.changes, found.undoing.plan, others, done)
    if as_json:
        emit_json(said_now | {"core": found.name})
    else:
        table_of_first(KEPT, kept)
        say(
            _(
                "taken back; to have it again: permille undo {operation}",
                operation=done.id,
            )
        )
    return Exit.ATTENTION if kept else Exit.DONE


def _verb(command: click.Command) -> Any:  # noqa: ANN401 - as build takes verbs
    return lambda _record_type: command


core = build("core", {"add": _add, "hole": _verb(hole), "undo": _verb(undo)})
