"""where: where a bag or a box is, and how it came there."""

from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, print_facts, say, table
from collector.errors import Exit, NotFoundError
from collector.record import names
from schemas.phrases import _, named, ngettext
from schemas.printing import TableForm, prose

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop

STORY: Final = TableForm(
    "story of a bag",
    _("at"),
    _("step"),
    prose(_("who")),
    prose(_("to whom")),
    _("box"),
    prose(_("place")),
)
RESULTS: Final = TableForm(
    "results of a bag",
    _("analyte"),
    _("value"),
    _("unit"),
    _("method"),
    prose(_("lab")),
    _("lab batch"),
)
IN_BOX: Final = TableForm(
    "bags of a box", _("code"), prose(_("core")), _("depths"), prose(_("now"))
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
    say(named(found["printed"], found["now"]))
    print_facts([(_("core"), found["core"]), (_("depths"), found["depths"])])
    if found["story"]:
        table(STORY, map(_step_row, found["story"]))
    if found["results"]:
        table(RESULTS, (list(one.values()) for one in found["results"]))


def _step_row(step: dict[str, Any]) -> list[object]:
    from collector.record.custody import STEPS

    said = {**step, "step": STEPS[step["step"]]}
    return [said[name] for name in list(said)[:-1]]


def _box(laptop: "Laptop", code: str, project_id: str | None) -> dict[str, Any]:
    from collector.record import custody

    ever = custody.in_box(laptop, code, project_id)
    if not ever:
        raise NotFoundError(
            _("no bag and no box on this laptop is called {code}", code=code),
            _("see: permille sample list; a sync brings what others recorded"),
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
    bags = ngettext("{num} bag", "{num} bags", len(inside))
    say(_("box {box}: {bags}", box=box["box"], bags=bags))
    parts = ("printed", "core", "depths", "now")
    table(IN_BOX, ([one[part] for part in parts] for one in inside))
    if gone:
        codes = ", ".join(one["printed"] for one in gone)
        say(_("taken out since: {codes}", codes=codes))
