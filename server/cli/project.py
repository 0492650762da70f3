"""Command `project`: open, change and look at projects."""

import shlex
from typing import Any, Final

import click

from schemas import limits, vocabulary
from schemas.printing import TableForm, prose
from schemas.told import option_name
from server.cli.common import (
    json_option,
    print_facts,
    print_json,
    print_table,
    say,
    with_store,
)
from server.cli.project_bridge import bridge

#: What of a project is shown under another name, or under none.
_SPOKEN: Final = {
    "devices": "laptops",
    "created_at": "begun",
    "name": "called",
    **dict.fromkeys(("organisation_id", "seq", "head", "choose"), ""),
}
PROJECTS: Final = TableForm(
    "projects",
    "code",
    prose("title"),
    "organisation",
    "id",
    "depth cm",
    "plots",
    "samples",
    "laptops",
)


@click.group()
def project() -> None:
    """Open, change and look at projects.

    \b
    Example:
      permille-server project list
    """


_METHOD: Final = click.option(
    "--stock-method",
    type=click.Choice(vocabulary.STOCK_METHOD_PROFILE.codes),
    help="Method of the stocks.  [default for a new project: permille]",
)
_BASIS: Final = click.option(
    "--mass-basis",
    type=click.Choice(vocabulary.STOCK_MASS_BASIS.codes),
    help="Soil mass that is held equal; the method's own when not given.",
)
_REFERENCE: Final = click.option(
    "--stock-reference",
    metavar="mean|point|lightest|MASS",
    help="Baseline mass stocks are read at, or a mass in t/ha.",
)
_DEPTH: Final = click.option(
    "--reference-depth-cm",
    type=click.FloatRange(0, limits.DEPTH_MAX_CM, min_open=True),
    help="Depth of the stock, cm; never scaled up beyond what was sampled."
    "  [default for a new project: 30]",
)


_SELECTION: Final = click.option(
    "--plot-selection",
    type=click.Choice(vocabulary.PLOT_SELECTION.codes),
    help="How the plots were chosen; random_sample = drawn out of many.",
)
_AREA: Final = click.option(
    "--sampled-area-ha",
    type=click.FloatRange(0, limits.AREA_MAX_HA, min_open=True),
    help="All land the plots were drawn from, ha.",
)
_STRATA: Final = click.option(
    "--sampled-strata-ha",
    metavar="NAME=HA",
    multiple=True,
    help="All land of a stratum whose plots were drawn, ha; may be repeated.",
)


@project.command("add")
@click.option("--code", required=True, help="Short name people type.")
@click.option("--title", required=True, help="Full title.")
@_DEPTH
@_METHOD
@_BASIS
@_REFERENCE
@_SELECTION
@_AREA
@_STRATA
@click.option("--country", help="ISO 3166-1 alpha-2, such as GB.")
@click.option("--organisation", help="Short name of the organisation that runs it.")
@click.option("--organisation-name", help="Its full name.")
@click.option(
    "--organisation-kind",
    type=click.Choice(vocabulary.ORGANISATION_KIND.codes),
    default="partner",
    show_default=True,
    help="How it stands to the Initiative.",
)
@click.option(
    "--college",
    type=click.Choice(vocabulary.COLLEGE.codes),
    help="Its college of the Initiative.",
)
@click.option(
    "--target-permille-year", type=float, help="Its own target, permille a year."
)
@json_option
@click.pass_context
def add(context: click.Context, /, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    """Open a project.

    \b
    Example:
      permille-server project add --code HF --title "Highfield" --reference-depth-cm 30
    """
    from server.clock import Clock
    from server.custody.own_log import add_project
    from server.custody.warnings import called_alike

    defaults = {"reference_depth_cm": 30.0, "stock_method_profile": "permille"}
    named = {name: given[name] for name in ("code", "title", "country")}
    fields = defaults | _given(named) | _settings(given)
    fields |= _given(_selection(given))
    organisation: dict[str, Any] = {}
    if given["organisation"]:
        organisation = {
            "code": given["organisation"],
            "name": given["organisation_name"] or given["organisation"],
            "kind": given["organisation_kind"],
            "college": given["college"],
            "target_permille_year": given["target_permille_year"],
        }

    async def job(store: Any) -> tuple[str, list[str]]:  # noqa: ANN401
        project_id = await add_project(store, Clock(), fields, _given(organisation))
        return project_id, await store.read(lambda tx: called_alike(tx, project_id))

    project_id, alike = with_store(context, job)
    if as_json:
        print_json({"id": project_id, "code": given["code"], "looks_like": alike})
        return
    for other in alike:
        say(f"warning: there is a project {other}, which reads the same", err=True)
    click.echo(f"Opened project {given['code']} ({project_id}).")
    click.echo(
        f"Next: permille-server device code --project {shlex.quote(given['code'])}"
    )


@project.command("edit")
@click.argument("name", metavar="PROJECT")
@click.option("--title", help="Full title.")
@_DEPTH
@_METHOD
@_BASIS
@_REFERENCE
@_SELECTION
@_AREA
@_STRATA
@json_option
@click.pass_context
def edit(context: click.Context, /, name: str, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    """Change a project. Another method or depth derives all its plots again.

    The old numbers are kept: permille-server stocks explain shows them. Plots that were
    drawn out of many stand for all land that they were drawn from; --plot-selection all
    takes that back.

    \b
    Example:
      permille-server project edit HF --stock-method vm0042
      permille-server project edit HF --plot-selection random_sample \\
        --sampled-area-ha 5200
    """
    from server.clock import Clock
    from server.custody.own_log import edit_project

    fields = _given({"title": given["title"]}) | _settings(given) | _selection(given)
    if not fields:
        raise click.UsageError("say what to change")

    async def job(store: Any) -> dict[str, Any]:  # noqa: ANN401
        return await edit_project(store, Clock(), name, fields)

    found = with_store(context, job)
    if as_json:
        print_json(found)
        return
    click.echo(f"Changed project {found['name']}. A running server derives it again;")
    click.echo("or run: permille-server stocks derive --project " + found["choose"])


def _selection(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the plots stand for; each way of saying it replaces the others."""
    from schemas.typed import read_areas

    selection, area = given["plot_selection"], given["sampled_area_ha"]
    strata = read_areas(given["sampled_strata_ha"])
    if selection is None and area is None and not strata:
        return {}
    fields = _given({"plot_selection": selection})
    if selection == "all" or area is not None or strata:
        fields |= {"sampled_area_ha": area, "sampled_strata_ha": strata or None}
    return fields


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the stocks as fields of the project."""
    reference = given["stock_reference"]
    mass: float | None = None
    if reference is not None and reference not in vocabulary.STOCK_REFERENCE:
        try:
            mass = float(reference)
        except ValueError:
            raise click.BadParameter(
                f"{reference!r} is neither mean, point, lightest nor a mass in t/ha"
            ) from None
    return _given(
        {
            "reference_depth_cm": given["reference_depth_cm"],
            "stock_method_profile": given["stock_method"],
            "stock_mass_basis": given["mass_basis"],
            "stock_reference": reference if mass is None else None,
            "stock_reference_mass_t_ha": mass,
        }
    )


@project.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """List every project. The start of its id chooses one of two that share a code.

    \b
    Example:
      permille-server project list --json
    """
    from schemas.ids import starts
    from server.access.projects import projects as every

    found = with_store(context, every)
    if as_json:
        print_json(found)
        return
    short = starts(each["id"] for each in found)
    names = ("code", "title", "organisation")
    more = ("reference_depth_cm", "plots", "samples", "devices")
    rows = [
        [*(p[name] for name in names), short[p["id"]], *(p[name] for name in more)]
        for p in found
    ]
    print_table(PROJECTS, rows)


@project.command("show")
@click.argument("name", metavar="PROJECT")
@json_option
@click.pass_context
def show(context: click.Context, name: str, as_json: bool) -> None:
    """Show one project, by code, id or start of an id.

    \b
    Example:
      permille-server project show HF
    """
    from server.access.projects import find_project

    found = with_store(context, lambda store: find_project(store, name))
    if as_json:
        print_json(found)
        return
    print_facts((_SPOKEN.get(k, option_name(k)), v) for k, v in found.items())


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


project.add_command(bridge)
