"""Views of an export: names beside ids, and one flat table of layers. Pure."""

from typing import Final

_PROJECT: Final = "LEFT JOIN projects AS p ON p.id = t.project_id"
_PLOT: Final = "LEFT JOIN plots AS pl ON pl.id = t.plot_id"
#: From a core up: its point, the plot of that, its campaign.
_UP: Final = (
    "LEFT JOIN points AS po ON po.id = c.point_id LEFT JOIN plots AS pl ON pl.id = po.plot_id"
    " LEFT JOIN campaigns AS ca ON ca.id = c.campaign_id"
)
_NAMES: Final = (
    "p.code AS project, pl.code AS plot, po.code AS point, ca.name AS campaign,"
)


def _view(*parts: str) -> str:
    """Return the query of a view: tables are joined by their keys, none is held in memory."""
    return " ".join(("SELECT", *parts))


#: The query of each view, in an order in which each uses only those before it.
VIEWS: Final = {
    "plots_named": _view("p.code AS project, t.* FROM plots AS t", _PROJECT),
    "practices_named": _view(
        "p.code AS project, pl.code AS plot, t.* FROM practices AS t", _PROJECT, _PLOT
    ),
    "points_named": _view(
        "p.code AS project, pl.code AS plot, t.* FROM points AS t", _PROJECT, _PLOT
    ),
    "campaigns_named": _view("p.code AS project, t.* FROM campaigns AS t", _PROJECT),
    "cores_named": _view(
        *(_NAMES, "t.* FROM cores AS t", _PROJECT),
        *("LEFT JOIN cores AS c ON c.id = t.id", _UP),
    ),
    "samples_named": _view(
        *(_NAMES, "c.number AS core_number, t.* FROM samples AS t", _PROJECT),
        *("LEFT JOIN cores AS c ON c.id = t.core_id", _UP),
    ),
    "results_named": _view(
        *(_NAMES, "c.number AS core_number, s.sample_code, t.* FROM results AS t"),
        *(_PROJECT, "LEFT JOIN samples AS s ON s.id = t.sample_id"),
        *("LEFT JOIN cores AS c ON c.id = s.core_id", _UP),
    ),
    # One row for each reading of SOC, in g/kg; below detection counts half the limit.
    "soc_readings": _view(
        "sample_id, method, coalesce(value, detection_limit / 2) * CASE unit"
        " WHEN 'pct' THEN 10.0 WHEN 'g_g' THEN 1000.0 WHEN 'mg_kg' THEN 0.001"
        " ELSE 1.0 END AS soc_g_kg FROM results WHERE analyte = 'soc'"
    ),
    "layers": _view(
        "p.code AS project, pl.code AS plot, ca.name AS campaign, po.code AS point,",
        "c.number AS core_number, substr(c.sampled_at, 1, 10) AS date, t.sample_code,",
        "t.depth_top_cm AS top_cm, t.depth_bottom_cm AS bottom_cm,",
        "(SELECT avg(soc_g_kg) FROM soc_readings WHERE sample_id = t.id) AS soc_g_kg,",
        "(SELECT count(*) FROM soc_readings WHERE sample_id = t.id) AS soc_readings,",
        "(SELECT min(method) FROM soc_readings WHERE sample_id = t.id) AS soc_method,",
        "t.bulk_density_g_cm3, t.bulk_density_definition, t.coarse_fragments_pct,",
        "t.coarse_fragments_basis, t.fine_dry_mass_g, t.coarse_dry_mass_g, t.volume_cm3,",
        "c.inner_diameter_mm, coalesce(c.lon, po.lon) AS lon,",
        "coalesce(c.lat, po.lat) AS lat FROM samples AS t",
        *(_PROJECT, "LEFT JOIN cores AS c ON c.id = t.core_id", _UP),
    ),
}
#: What is written of each table: its view where it has one, and the order of people.
FILES: Final = {
    "organisations": ("organisations", "code"),
    "projects": ("projects", "code"),
    "plots": ("plots_named", "project, code"),
    "practices": ("practices_named", "project, plot, what"),
    "points": ("points_named", "project, plot, code"),
    "campaigns": ("campaigns_named", "project, start_date"),
    "cores": ("cores_named", "project, plot, point, campaign, number"),
    "samples": ("samples_named", "project, sample_code"),
    "results": ("results_named", "project, sample_code, analyte, replicate"),
    "stocks": ("stocks", "project_id, plot, campaign, point"),
    "changes": ("changes", "project_id, plot, from_campaign"),
    "trends": ("trends", "project_id, plot"),
    "conflicts": ("conflicts", "project_id, at, id"),
    "quarantine": ("quarantine", "project_id, at, id"),
    "layers": ("layers", "project, plot, campaign, point, core_number, top_cm"),
}
#: SQLite sorts in memory: more rows stay in the order in which they came.
MOST_SORTED: Final = 20_000


def query_of(table: str, rows: int) -> str:
    """Return the query of a table that has so many rows."""
    source, order = FILES[table]
    by = f" ORDER BY {order}" if rows <= MOST_SORTED else ""
    return f"SELECT * FROM {source}{by}"  # noqa: S608 - names are constants of this module
