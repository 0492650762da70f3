"""From a figure back to its bags: each step with the numbers in between.

Everything here is read or derived again from the stored records, so the path that is
shown is the path that was taken; the digests say whether it still leads there.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from schemas.ids import natural_id
from server.access.projects import find_plot, find_project
from server.access.records import last_authors
from server.derivation.controls import against_controls, control_codes, controls_of
from server.derivation.derive import Derived, derive_trees, rows_of
from server.derivation.explain_lab import batches_of
from server.derivation.layer_values import density_of
from server.derivation.layers import ring_layers
from server.errors import NotFoundError
from server.stocks import fine_soil
from server.stocks.density_layers import density_layers, join_density
from server.stocks.points import Layer
from server.stocks.profiles import Profiles, arrange
from server.stocks.rows import has_errors, settings_row
from server.stocks.shared_density import RingError
from server.store.custody_values import Author
from server.store.port import Store, Transaction
from server.store.values import DerivationInput, Job, PlotTree

Row = dict[str, Any]
#: Core, top, bottom -> density, and the density layers that it comes from.
_Densities = dict[tuple[str, float, float], tuple[float | None, list[list[float]]]]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The path from one change to everything it rests on.

    `controls` are the paths of the control plots, whose changes it is compared with.
    """

    project: Row
    plot: Row
    change: Row
    method: Row
    campaigns: list[Row]
    versions: list[Row]
    digest: str
    derived_again: str
    controls: list["Provenance"]

    @property
    def same(self) -> bool:
        """Return whether deriving again gives the same bytes."""
        own = self.digest == self.derived_again
        return own and all(control.same for control in self.controls)


async def explain(
    store: Store, project: str, plot: str, early: str, late: str
) -> Provenance:
    """Return the path from the change of a plot between two campaigns to its bags.

    Raises
    ------
    NotFoundError
        If the change was not derived.
    """
    found = await find_project(store, project)
    return await store.read(lambda tx: _with_controls(tx, found, plot, early, late))


def _with_controls(
    tx: Transaction, project: Row, plot: str, early: str, late: str
) -> Provenance:
    """Explain a change, and those of the control plots that it is compared with."""
    path = _explain(tx, project, plot, early, late)
    plots = {r.fields["code"]: r.fields for r in tx.records(project["id"], "plot")}
    codes = {path.plot["code"], *control_codes(plots[path.plot["code"]], plots)}
    if len(codes) == 1:
        return path
    changes = [
        row.fields["change"]
        for row in tx.records(project["id"], "change")
        if row.fields["change"]["plot"] in codes and has_errors(row.fields["change"])
    ]
    key = path.plot["code"], early, late
    controlled = against_controls(changes, plots).get(key)
    if controlled is None:
        return path
    by_plot: dict[str, list[Row]] = {}
    for row in changes:
        by_plot.setdefault(row["plot"], []).append(row)
    used = controls_of(path.change, plots[path.plot["code"]], plots, by_plot)
    change = {**path.change, "against_control": controlled}
    controls = [
        _explain(tx, project, code, row["from_campaign"], row["to_campaign"])
        for code, row in used.items()
    ]
    return replace(path, change=change, controls=controls)


def _explain(
    tx: Transaction, project: Row, plot: str, early: str, late: str
) -> Provenance:
    project_id = project["id"]
    record = find_plot(tx, project_id, plot)
    trees = tx.plot_trees(project_id, [record.id])
    (derived,) = derive_trees([Job(project_id, record.id, 0)], trees)
    ids = {name: number for number, name in derived.names.items()}
    name = natural_id(project_id, "change", [record.id, ids.get(early), ids.get(late)])
    standing = tx.figures(project_id, [record.id])
    stored = {row.id: row.fields for row in standing}.get(name)
    if stored is None:
        raise NotFoundError(
            f"no change of {plot} from {early} to {late} is stored",
            f"see: permille-server stocks show --project {project['choose']}"
            f" --plot {plot}",
        )
    anew = {row.id: row.fields["digest"] for row in rows_of(derived)}
    authors = last_authors(tx, project_id, [r.id for r in trees[0].inputs])
    return Provenance(
        project={k: project[k] for k in ("id", "code", "title")},
        plot={"id": record.id, "code": derived.plot, "revision": record.seq},
        change=stored["change"],
        method={
            "method_version": stored["method_version"],
            "settings": settings_row(derived.settings),
            "reference_masses": trees[0].frozen,
        },
        campaigns=[_campaign(derived, ids[c], authors) for c in (early, late)],
        versions=[asdict(found) for found in tx.versions(project_id, name)],
        digest=stored["digest"],
        derived_again=anew.get(name, ""),
        controls=[],
    )


def _campaign(derived: Derived, campaign: str, authors: Mapping[str, Author]) -> Row:
    tree, names = derived.tree, derived.names
    points = sorted(
        {layer.point for layer in derived.layers if layer.campaign == campaign},
        key=lambda point: (len(names[point]), names[point]),
    )
    return {
        "id": campaign,
        "name": names[campaign],
        "points": [_point(derived, tree, campaign, p, authors) for p in points],
        "rings": [
            _layer(layer, {}, tree, authors)
            for layer in ring_layers(tree).get(campaign, ())
        ],
        "lab_batches": batches_of(
            tree,
            _results_of_campaign(tree, campaign),
            lambda one: _source(one.id, one.seq, one.fields, authors),
        ),
    }


def _results_of_campaign(tree: PlotTree, campaign: str) -> list[DerivationInput]:
    cores = {core.id for core in tree.cores if core.fields["campaign_id"] == campaign}
    bags = [bag for bag in tree.samples if bag.fields["core_id"] in cores]
    return _results_of(tree, bags)


def _point(
    derived: Derived,
    tree: PlotTree,
    campaign: str,
    point: str,
    authors: Mapping[str, Author],
) -> Row:
    stock = next(
        s for s in derived.result.stocks if (s.campaign, s.point) == (campaign, point)
    )
    layers = [
        layer
        for layer in derived.layers
        if (layer.campaign, layer.point) == (campaign, point)
    ]
    densities = _densities(layers)
    return {
        "id": point,
        "code": derived.names[point],
        "soc_stock_t_ha": stock.soc_stock_t_ha,
        "esm_stock_t_ha": stock.esm_stock_t_ha,
        "fine_mass_t_ha": stock.fine_mass_t_ha,
        "reasons": [reason.value for reason in stock.reasons],
        "layers": [
            _layer(layer, densities, tree, authors)
            for layer in sorted(layers, key=lambda each: (each.core, each.top_cm))
        ],
    }


def _densities(layers: Sequence[Layer]) -> _Densities:
    """Return what each layer of a core may read off the density of its other layers."""
    found: _Densities = {}
    for core in {layer.core for layer in layers}:
        own = [layer for layer in layers if layer.core == core]
        profiles, _ = arrange(
            [0] * len(own),
            [layer.top_cm for layer in own],
            [layer.bottom_cm for layer in own],
            _column([layer.soc_g_kg for layer in own]),
            _column([layer.bd_fine_g_cm3 for layer in own]),
        )
        for (top, bottom), density in _read_off(profiles):
            found[core, top, bottom] = density
    return found


def _read_off(
    profiles: Profiles,
) -> Iterator[tuple[tuple[float, float], tuple[float, list[list[float]]]]]:
    """Yield each layer's depths with its density, and the layers that it comes from."""
    given = density_layers(profiles)
    joined, _ = join_density(profiles)
    columns = (joined.top_cm, joined.bottom_cm, joined.bd_fine_g_cm3)
    for top, bottom, bd in zip(*(c.tolist() for c in columns), strict=True):
        if not math.isnan(bd):
            from_layers = [[a, b] for a, b in given if a < bottom and b > top]
            yield (top, bottom), (bd, from_layers)


def _column(values: Sequence[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


def _layer(
    layer: Layer, densities: _Densities, tree: PlotTree, authors: Mapping[str, Author]
) -> Row:
    """Return a layer's numbers, its bag, and its laboratory results."""
    read_off: list[list[float]] = []
    if layer.bd_fine_g_cm3 is None and layer.soc_g_kg is not None:
        place = (layer.core, layer.top_cm, layer.bottom_cm)
        density, read_off = densities.get(place, (None, []))
        layer = layer._replace(bd_fine_g_cm3=density)
    samples = [sample for sample in tree.samples if _is_of_layer(sample, layer)]
    results = _results_of(tree, samples)
    mass, stock = _mass_and_stock(layer)
    core = next(core for core in tree.cores if core.id == layer.core)
    return {
        "date": layer.date.isoformat(),
        "top_cm": layer.top_cm,
        "bottom_cm": layer.bottom_cm,
        "soc_g_kg": layer.soc_g_kg,
        "soc_method": layer.soc_method,
        "bd_fine_g_cm3": layer.bd_fine_g_cm3,
        "bd_method": layer.bd_method,
        "bd_from_layers_cm": read_off,
        "bd_of_rings": _rings_row(layer.shared_density),
        "bd_routes": [density_of(s.fields, core.fields).route for s in samples],
        "fine_mass_t_ha": mass,
        "soc_stock_t_ha": stock,
        "bags": [_source(s.id, s.seq, s.fields, authors) for s in samples],
        "results": [_source(r.id, r.seq, r.fields, authors) for r in results],
    }


def _rings_row(error: RingError | None) -> Row | None:
    """Return how far the rings that gave a density are off; an assumed error has no df."""
    if error is None:
        return None
    return asdict(error) | {"df": None if error.assumed else error.df}


def _mass_and_stock(layer: Layer) -> tuple[float | None, float | None]:
    if layer.bd_fine_g_cm3 is None:
        return None, None
    thickness = layer.bottom_cm - layer.top_cm
    mass = float(fine_soil.fine_mass_t_ha(layer.bd_fine_g_cm3, thickness))
    if layer.soc_g_kg is None:
        return mass, None
    return mass, float(fine_soil.soc_stock_t_ha(mass, layer.soc_g_kg))


def _results_of(
    tree: PlotTree, samples: Sequence[DerivationInput]
) -> list[DerivationInput]:
    bags = {sample.id for sample in samples}
    return [result for result in tree.results if result.fields["sample_id"] in bags]


def _is_of_layer(sample: DerivationInput, layer: Layer) -> bool:
    place = ("core_id", "depth_top_cm", "depth_bottom_cm")
    found = tuple(sample.fields[name] for name in place)
    return found == (layer.core, layer.top_cm, layer.bottom_cm)


def _source(name: str, seq: int, fields: Row, authors: Mapping[str, Author]) -> Row:
    who = authors[name].as_data() if name in authors else {}
    return {"id": name, "revision": seq, **who, "fields": fields}


def prov_document(lineage: Provenance) -> Row:
    """Return the path as PROV-JSON (W3C member submission of 24 April 2013)."""
    change = _named("change", lineage.digest)
    activity = _named("derivation", lineage.digest)
    document: dict[str, dict[str, Any]] = {
        "prefix": {"permille": "urn:permille:"},
        "entity": {change: _attributes(lineage.change)},
        "activity": {activity: _attributes(lineage.method)},
        "agent": {},
        "wasGeneratedBy": {"_:g": {"prov:entity": change, "prov:activity": activity}},
        "used": {},
        "wasDerivedFrom": {},
        "wasAttributedTo": {},
    }
    every = [lineage.campaigns, *(control.campaigns for control in lineage.controls)]
    sources = [source for campaigns in every for source in _sources(campaigns)]
    for number, source in enumerate(sources):
        _add_source(document, number, source, change, activity)
    return document


def _sources(campaigns: Sequence[Row]) -> list[Row]:
    return [
        source
        for campaign in campaigns
        for layer in (
            *(layer for point in campaign["points"] for layer in point["layers"]),
            *campaign["rings"],
        )
        for source in (*layer["bags"], *layer["results"])
    ] + [
        source
        for campaign in campaigns
        for batch in campaign["lab_batches"]
        for source in (*batch["controls"], *batch["decisions"])
    ]


def _add_source(
    document: dict[str, dict[str, Any]],
    number: int,
    source: Row,
    change: str,
    activity: str,
) -> None:
    entity = _named("record", f"{source['id']}@{source['revision']}")
    document["entity"][entity] = _attributes(source["fields"])
    document["used"][f"_:u{number}"] = {
        "prov:activity": activity,
        "prov:entity": entity,
    }
    document["wasDerivedFrom"][f"_:d{number}"] = {
        "prov:generatedEntity": change,
        "prov:usedEntity": entity,
    }
    who = source.get("person") or source.get("device")
    if who:
        agent = _named("agent", who)
        document["agent"][agent] = {"permille:device": source.get("device")}
        document["wasAttributedTo"][f"_:a{number}"] = {
            "prov:entity": entity,
            "prov:agent": agent,
        }


def _named(kind: str, name: str) -> str:
    return f"permille:{kind}/{name}"


def _attributes(fields: Row) -> Row:
    return {f"permille:{name}": value for name, value in fields.items()}
