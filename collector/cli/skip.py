"""skip: a point that is not sampled in a campaign, said where one stands."""

from typing import TYPE_CHECKING

import click

from collector.cli.app import (
    App,
    example,
    json_flag,
    pass_app,
    person_flag,
    project_flag,
)
from collector.cli.options import field_options, refuse_two_points, without_them
from collector.cli.record_examples import EXAMPLES
from collector.cli.records import add_by_options, build

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop


_HELP = f"""Add a skip: a point that is not sampled in a campaign, and why.

POINT is PLOT/POINT, or PLOT where it has one point. With it the campaign is the one that is
open today and the day is today, where nobody says more.

{
    example(
        'permille skip add P1/2 --because "flooded"',
        f"permille skip add {EXAMPLES['skip']}",
    )
}"""


def _add(_record_type: str) -> click.Command:
    def add(
        app: App,
        where: str | None,
        project: str | None,
        as_json: bool,
        **given: str | None,
    ) -> None:
        refuse_two_points(where, given)
        if where is not None:
            with app.laptop() as laptop:
                given |= _filled_in(laptop, project, where, given)
        add_by_options(app, "skip", project, as_json=as_json, given=given)

    said = without_them("skip", decided_on="today, where POINT is typed")
    return click.Command(
        "add",
        callback=pass_app(add),
        help=_HELP,
        params=[
            click.Argument(["where"], required=False, metavar="[POINT]"),
            *field_options("skip", said),
            project_flag(),
            person_flag(),
            json_flag(),
        ],
    )


def _filled_in(
    laptop: "Laptop", project: str | None, where: str, given: dict[str, str | None]
) -> dict[str, str | None]:
    """Return point, campaign and day of a skip, those that were not typed filled in."""
    from collector.record import names
    from collector.record.field_place import campaign_of_day, point_named
    from collector.record.local_day import here_now

    project_id = names.the_project(laptop.store, project).id
    today = here_now(laptop.clock)
    point = point_named(laptop, project_id, where)
    campaign = campaign_of_day(laptop, project_id, given.get("campaign"), today)
    return {
        "point": point.id,
        "campaign": campaign.id,
        "decided_on": given.get("decided_on") or today[:10],
    }


skip = build("skip", {"add": _add})
