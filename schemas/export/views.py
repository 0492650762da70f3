"""Views of an export: names beside ids, and one flat table of layers. Pure."""

from typing import Final

#: The query of each view, in an order in which each uses only those before it.
VIEWS: Final = {
    "plots_named": """
        SELECT p.code AS project, t.* FROM plots AS t
        LEFT JOIN projects AS p ON p.id = t.project_id""",
    "practices_named": """
        SELECT pl.project, pl.code AS plot, t.* FROM practices AS t
        LEFT JOIN plots_named AS pl ON pl.id = t.plot_id""",
    "points_named": """
        SELECT pl.project, pl.code AS plot, t.* FROM points AS t
        LEFT JOIN plots_named AS pl ON pl.id = t.plot_id""",
    "campaigns_named": """
        SELECT p.code AS project, t.* FROM campaigns AS t
        LEFT JOIN projects AS p ON p.id = t.project_id""",
    "cores_named": """
        SELECT po.project, po.plot, po.code AS point, ca.name AS campaign, t.*
        FROM cores AS t
        LEFT JOIN points_named AS po ON po.id = t.point_id
        LEFT JOIN campaigns AS ca ON ca.id = t.campaign_id""",
    "samples_named": """
        SELECT c.project, c.plot, c.point, c.campaign, c.number AS core_number, t.*
        FROM samples AS t LEFT JOIN cores_named AS c ON c.id = t.core_id""",
    "results_named": """
        SELECT s.project, s.plot, s.point, s.campaign, s.core_number, s.sample_code, t.*
        FROM results AS t LEFT JOIN samples_named AS s ON s.id = t.sample_id""",
    # One row for each reading of SOC, in g/kg; below detection counts half the limit.
    "soc_readings": """
        SELECT sample_id, method, coalesce(value, detection_limit / 2) * CASE unit
            WHEN 'pct' THEN 10.0 WHEN 'g_g' THEN 1000.0 WHEN 'mg_kg' THEN 0.001
            ELSE 1.0 END AS soc_g_kg
        FROM results WHERE analyte = 'soc'""",
    # Asked for each bag by the index of results: a join would hold all bags in memory.
    "layers": """
        SELECT s.project, s.plot, s.campaign, s.point, s.core_number,
        substr(c.sampled_at, 1, 10) AS date, s.sample_code,
        s.depth_top_cm AS top_cm, s.depth_bottom_cm AS bottom_cm,
        (SELECT avg(soc_g_kg) FROM soc_readings WHERE sample_id = s.id) AS soc_g_kg,
        (SELECT count(*) FROM soc_readings WHERE sample_id = s.id) AS soc_readings,
        (SELECT min(method) FROM soc_readings WHERE sample_id = s.id) AS soc_method,
        s.bulk_density_g_cm3, s.bulk_density_definition, s.coarse_fragments_pct,
        s.coarse_fragments_basis, s.fine_dry_mass_g, s.coarse_dry_mass_g, s.volume_cm3,
        c.inner_diameter_mm, coalesce(c.lon, po.lon) AS lon, coalesce(c.lat, po.lat) AS lat
        FROM samples_named AS s
        LEFT JOIN cores AS c ON c.id = s.core_id
        LEFT JOIN points AS po ON po.id = c.point_id""",
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
    "layers": ("layers", "project, plot, campaign, point, core_number, top_cm"),
}
#: SQLite sorts in memory: more rows stay in the order in which they came.
MOST_SORTED: Final = 20_000


def query_of(table: str, rows: int) -> str:
    """Return the query of a table that has so many rows."""
    source, order = FILES[table]
    by = f" ORDER BY {order}" if rows <= MOST_SORTED else ""
    return f"SELECT * FROM {source}{by}"  # noqa: S608 - names are constants of this module
