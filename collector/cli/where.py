"""where: where a bag or a box is, and how it came there."""

from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, print_facts, say, table
from collector.errors import Exit, NotFoundError
from collector.record import names
from schemas.printing import TableForm, prose
from schemas.told import counted, told

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop

STORY: Final = TableForm(
    "story of a bag",
    "at",
    "step",
    prose("who"),
    prose("to whom"),
    "box",
    prose("place"),
)
RESULTS: Final = TableForm(
    "results of a bag", "analyte", "value", "unit", "method", prose("lab"), "lab batch"
)
IN_BOX: Final = TableForm(
    "bags of a box", "code", prose("core"), "depths", prose("now")
)


@click.command()
@click.argument("code", metavar="CODE")
@project_option
@json_option
@pass_app
def where(app: App, code: str, project: str | None, as_json: bool) -> int:
    """Show where a bag or a box is, its whole story, and results that came.

    \b
    Example:
      permille where K7F-0421-1
      permille where BOX-12
    """
    from collector.record import custody

    with app.laptop() as laptop:
        project_id = names.project_of(laptop.store, project)
        bag = custody.bag_called(laptop, code, project_id)
        if bag is not None:
            found = custody.as_data(laptop, bag)
            _show(found, as_json=as_json)
            return Exit.DONE
        box = _box(laptop, code, project_id)
    if as_json:
        emit_json(box)
        return Exit.DONE
    _show_box(box)
    return Exit.DONE


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json(found)
        return
    say(f"{found['printed']}: {found['now']}")
    print_facts([("core", found["core"]), ("depths", found["depths"])])
    if found["story"]:
        rows = ([told(one[key]) for key in list(one)[:-1]] for one in found["story"])
        table(STORY, rows)
    if found["results"]:
        table(
            RESULTS, ([told(text) for text in one.values()] for one in found["results"])
        )


def _box(laptop: "Laptop", code: str, project_id: str | None) -> dict[str, Any]:
    from collector.record import custody

    ever = custody.in_box(laptop, code, project_id)
    if not ever:
        raise NotFoundError(
            f"no bag and no box on this laptop is called {code}",
            "see: permille sample list; a sync brings what others recorded",
        )
    every = [custody.as_data(laptop, bag) for bag in ever]
    inside = [one for one in every if one["box"] == code]
    return {
        "box": code,
        "bags": inside,
        "taken_out": [one for one in every if one["box"] != code],
    }


def _show_box(box: dict[str, Any]) -> None:
    inside, gone = box["bags"], box["taken_out"]
    say(f"box {box['box']}: {counted(len(inside), 'bag')}")
    parts = ("printed", "core", "depths", "now")
    table(IN_BOX, ([one[part] for part in parts] for one in inside))
    if gone:
        say(f"taken out since: {', '.join(one['printed'] for one in gone)}")
