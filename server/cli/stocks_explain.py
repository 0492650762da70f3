"""Command `stocks explain`: from a figure to its bags."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from schemas.stock_words import compared_text, notes
from schemas.told import counted
from server.cli.common import json_option, print_json, say, with_store


@click.command()
@click.argument("plot")
@click.argument("early", metavar="CAMPAIGN")
@click.argument("late", metavar="CAMPAIGN")
@click.option("--project", required=True, help="Project, by code or start of its id.")
@click.option(
    "--prov",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the path as PROV-JSON to this file.",
)
@json_option
@click.pass_context
def explain(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    plot: str,
    early: str,
    late: str,
    project: str,
    prov: Path | None,
    as_json: bool,
) -> None:
    """Print the path from a change to layers, bags, results, people and revisions.

    Exit code 1 says that deriving again gives other bytes than what is stored.

    \b
    Example:
      permille-server stocks explain HF 2000 2014 --project HF
      permille-server stocks explain HF 2000 2014 --project HF --prov hf.json
    """
    from server.derivation.explain import explain as explain_change
    from server.derivation.explain import prov_document

    lineage = with_store(
        context,
        lambda store: explain_change(store, project, plot, early, late),
        hands_out=prov is not None,
    )
    if prov is not None:
        text = json.dumps(prov_document(lineage), indent=2, ensure_ascii=False)
        prov.write_text(text + "\n", encoding="utf-8")
    if as_json:
        print_json({**asdict(lineage), "same_bytes": lineage.same})
    else:
        for line in _lines(lineage):
            say(line, "  ")
    if not lineage.same:
        context.exit(1)


def _lines(lineage: Any) -> Iterator[str]:  # noqa: ANN401 - imported inside the command
    change = lineage.change
    yield (
        f"{lineage.plot['code']}, {change['from_campaign']} to {change['to_campaign']}:"
        f" {_number(change['change_t_ha'])} t C/ha"
        f" ({_ends(change['change_ci95_t_ha'])}), {change['verdict_4permille']}"
    )
    yield (
        f"  {change['design']}, n {compared_text(change)} sampled,"
        f" mean {_number(change['stock0_t_ha'])} then"
        f" {_number(change['stock1_t_ha'])} t C/ha,"
        f" {_number(change['years'])} years; {' '.join(change['reasons']) or 'no reasons'}"
    )
    for note in notes(change):
        yield f"  {note}"
    settings = ", ".join(f"{k} {v}" for k, v in lineage.method["settings"].items())
    yield f"  method {lineage.method['method_version']}: {settings}"
    for campaign in lineage.campaigns:
        yield from _campaign(campaign)
    for control in lineage.controls:
        yield f"control {control.plot['code']}"
        yield from (f"  {line}" for line in _lines(control))
    yield f"digest {lineage.digest}"
    yield (
        "deriving again from the stored records gives the same bytes"
        if lineage.same
        else "DERIVING AGAIN GIVES OTHER BYTES: run permille-server stocks derive"
    )
    for version in lineage.versions[:-1]:
        old = version["fields"]["change"]
        yield (
            f"until {version['at'][:19]} it was {_number(old['change_t_ha'])} t C/ha"
            f" ({version['fields']['method_version']},"
            f" {version['fields']['settings']})"
        )


def _campaign(campaign: dict[str, Any]) -> Iterator[str]:
    yield f"campaign {campaign['name']}"
    for point in campaign["points"]:
        yield from _point(point)
    if campaign["rings"]:
        yield "  rings whose density stands for every point without one"
    for layer in campaign["rings"]:
        yield f"    {_span(layer)}: {_density(layer)}"
        yield from _sources(layer)
    for batch in campaign["lab_batches"]:
        yield from _lab_batch(batch)


def _point(point: dict[str, Any]) -> Iterator[str]:
    equal = point["esm_stock_t_ha"]
    beside = "" if equal is None else f", in an equal mass {_number(equal)}"
    yield (
        f"  point {point['code']}: {_number(point['soc_stock_t_ha'])} t C/ha{beside}"
        f" {' '.join(point['reasons'])}".rstrip()
    )
    for layer in point["layers"]:
        yield (
            f"    {_span(layer)}: {_number(layer['soc_g_kg'])} g/kg ({layer['soc_method']})"
            f" x {_number(layer['fine_mass_t_ha'])} t/ha fine soil"
            f" ({_density(layer)})"
            f" = {_number(layer['soc_stock_t_ha'])} t C/ha"
        )
        yield from _sources(layer)


def _span(layer: dict[str, Any]) -> str:
    return f"{layer['top_cm']:g}-{layer['bottom_cm']:g} cm, {layer['date']}"


def _sources(layer: dict[str, Any]) -> Iterator[str]:
    """Return a line for each bag of a layer and each result of it."""
    for source in layer["bags"]:
        yield f"      bag {source['fields']['sample_code']}, {_who(source)}"
    for source in layer["results"]:
        fields = source["fields"]
        value = fields.get("value", f"< {fields.get('detection_limit')}")
        yield (
            f"      {fields['analyte']} {value} {fields['unit']} by"
            f" {fields['method']}, {_who(source)}"
        )


def _lab_batch(batch: dict[str, Any]) -> Iterator[str]:
    """Return what the controls of a laboratory's batch say, and what was decided."""
    place = f"batch {batch['lab_batch']} of {batch['lab']}, {batch['analyte']}"
    controls = counted(len(batch["controls"]), "control")
    yield f"  {place}: {controls}, quality control {batch['mark'] or 'passed'}"
    for one in batch["findings"]:
        if one["level"] != "within":
            yield f"    {one['level']}: {one['what']}: {one['found']}"
    for source in batch["decisions"]:
        said = source["fields"]
        yield f"    {said['decision']}: {said['reason']}, {_who(source)}"


def _density(layer: dict[str, Any]) -> str:
    """Return a density in words, and where it came from."""
    value = f"{_number(layer['bd_fine_g_cm3'])} g/cm3"
    if layer["bd_from_layers_cm"]:
        spans = (f"{top:g}-{bottom:g}" for top, bottom in layer["bd_from_layers_cm"])
        return f"{value}, read off the density layers {', '.join(spans)} cm"
    rings = layer["bd_of_rings"]
    if rings is not None:
        off = f"one ring is off by {rings['cv']:.1%}"
        assumed = ", assumed" if rings["assumed"] else ""
        return (
            f"{value}, of {counted(rings['rings'], 'ring')} of the plot, {off}{assumed}"
        )
    return f"{value}, {layer['bd_method']}, {', '.join(layer['bd_routes'])}"


def _who(source: dict[str, Any]) -> str:
    who = source.get("person") or source.get("device") or "unknown"
    at = (source.get("at") or "")[:10]
    return f"{who} {at}, record {source['id']} revision {source['revision']}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _ends(ends: list[float | None] | None) -> str:
    if ends is None:
        return "no interval"
    low, high = ("unbounded" if end is None else f"{end:.6g}" for end in ends)
    return f"{low} to {high}"
