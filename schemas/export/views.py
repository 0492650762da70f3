"""Views of an export: names beside ids, and flat tables. Pure."""

from collections.abc import Sequence
from typing import Final

from schemas.export import layer_views, report_views
from schemas.export.layer_views import UP
from schemas.export.select import select

_PROJECT: Final = (
    "LEFT JOIN projects AS p ON p.id = t.project_id AND p.project_id = t.project_id"
)
# An id means a record of one project: another one may have it, whoever made it so.
_PLOT: Final = (
    "LEFT JOIN plots AS pl ON pl.id = t.plot_id AND pl.project_id = t.project_id"
)
_CORE: Final = (
    "LEFT JOIN cores AS c ON c.id = t.core_id AND c.project_id = t.project_id"
)
_NAMES: Final = (
    "p.code AS project, pl.code AS plot, po.code AS point, ca.name AS campaign,"
)


#: The plot of a derived row, which names it by its code.
_OF_PLOT: Final = (
    "(SELECT pl.id FROM plots AS pl WHERE pl.project_id = t.project_id"
    " AND pl.code = t.plot)"
)
_POINT_ID: Final = select(
    f"po.id FROM points AS po WHERE po.plot_id = {_OF_PLOT} AND po.code = t.point"
)
#: What a record of any type is called by itself.
_RECORD: Final = (
    "CASE t.type"
    " WHEN 'organisation' THEN (SELECT code FROM organisations WHERE id = t.record_id)"
    " WHEN 'project' THEN (SELECT code FROM projects WHERE id = t.record_id)"
    " WHEN 'plot' THEN (SELECT code FROM plots WHERE id = t.record_id)"
    " WHEN 'practice' THEN (SELECT what FROM practices WHERE id = t.record_id)"
    " WHEN 'point' THEN (SELECT code FROM points WHERE id = t.record_id)"
    " WHEN 'campaign' THEN (SELECT name FROM campaigns WHERE id = t.record_id)"
    " WHEN 'core' THEN (SELECT number FROM cores WHERE id = t.record_id)"
    " WHEN 'sample' THEN (SELECT sample_code FROM samples WHERE id = t.record_id)"
    " WHEN 'result' THEN (SELECT s.sample_code || '/' || r.analyte || '/' || r.replicate"
    " FROM results AS r LEFT JOIN samples AS s ON s.id = r.sample_id"
    " WHERE r.id = t.record_id) END"
)
#: The query of each view: tables are joined by their keys, none is held in memory. In an order in which each uses only those before it.
VIEWS: Final = {
    "plots_named": select("p.code AS project, t.* FROM plots AS t", _PROJECT),
    "practices_named": select(
        "p.code AS project, pl.code AS plot, t.* FROM practices AS t", _PROJECT, _PLOT
    ),
    "points_named": select(
        "p.code AS project, pl.code AS plot, t.*, old.code AS revisits_point",
        "FROM points AS t",
        *(
            _PROJECT,
            _PLOT,
            "LEFT JOIN points AS old",
            "ON old.id = t.revisits_point_id AND old.project_id = t.project_id",
        ),
    ),
    "designs_named": select(
        "p.code AS project, pl.code AS plot, t.* FROM designs AS t", _PROJECT, _PLOT
    ),
    "campaigns_named": select("p.code AS project, t.* FROM campaigns AS t", _PROJECT),
    "cores_named": select(
        *(_NAMES, "t.* FROM cores AS t", _PROJECT),
        *("LEFT JOIN cores AS c ON c.id = t.id AND c.project_id = t.project_id", UP),
    ),
    "samples_named": select(
        *(_NAMES, "c.number AS core_number, t.* FROM samples AS t", _PROJECT),
        *(_CORE, UP),
    ),
    "results_named": select(
        *(_NAMES, "c.number AS core_number, s.sample_code, t.* FROM results AS t"),
        *(_PROJECT, "LEFT JOIN samples AS s"),
        "ON s.id = t.sample_id AND s.project_id = t.project_id",
        *(_CORE.replace("t.", "s."), UP),
    ),
    "question_forms_named": select(
        "p.code AS project, t.* FROM question_forms AS t", _PROJECT
    ),
    "answers_named": select(
        *(_NAMES, "c.number AS core_number, s.sample_code, t.*,"),
        *("f.number AS form_number FROM answers AS t", _PROJECT),
        "LEFT JOIN samples AS s ON s.id = t.sample_id AND s.project_id = t.project_id",
        "LEFT JOIN cores AS c ON c.id = coalesce(s.core_id, t.core_id)",
        "AND c.project_id = t.project_id",
        "LEFT JOIN points AS po ON po.id = coalesce(c.point_id, t.point_id)",
        "AND po.project_id = t.project_id",
        "LEFT JOIN plots AS pl ON pl.id = coalesce(po.plot_id, t.plot_id)",
        "AND pl.project_id = t.project_id",
        "LEFT JOIN campaigns AS ca ON ca.id = c.campaign_id",
        "AND ca.project_id = t.project_id",
        "LEFT JOIN question_forms AS f ON f.id = t.form_id",
        "AND f.project_id = t.project_id",
    ),
    "skips_named": select(
        "p.code AS project, pl.code AS plot, po.code AS point, ca.name AS campaign,",
        "t.* FROM skips AS t",
        _PROJECT,
        "LEFT JOIN points AS po ON po.id = t.point_id AND po.project_id = t.project_id",
        "LEFT JOIN plots AS pl ON pl.id = po.plot_id AND pl.project_id = po.project_id",
        "LEFT JOIN campaigns AS ca",
        "ON ca.id = t.campaign_id AND ca.project_id = t.project_id",
    ),
    "custody_events_named": select(
        "p.code AS project, s.sample_code, t.* FROM custody_events AS t",
        *(_PROJECT, "LEFT JOIN samples AS s"),
        "ON s.id = t.sample_id AND s.project_id = t.project_id",
    ),
    "carbon_readings": layer_views.CARBON_READINGS,
    "soc_readings": layer_views.SOC_READINGS,
    "layers": layer_views.LAYERS,
    "layer_faults": layer_views.LAYER_FAULTS,
    "layers_left_out": layer_views.LAYERS_LEFT_OUT,
    "layers_vonhaden": layer_views.LAYERS_VONHADEN,
    "layers_simpleesm": layer_views.LAYERS_SIMPLEESM,
    "organisations_named": select(
        "t.*, p.code AS project FROM organisations AS t", _PROJECT
    ),
    "deleted_named": select("t.*, p.code AS project FROM deleted AS t", _PROJECT),
    "projects_named": select(
        "t.*, o.code AS organisation FROM projects AS t",
        "LEFT JOIN organisations AS o ON o.id = t.organisation_id",
        "AND o.project_id = t.project_id",
    ),
    "lab_controls_named": select(
        "p.code AS project, t.* FROM lab_controls AS t", _PROJECT
    ),
    "lab_batches_named": select(
        "p.code AS project, t.* FROM lab_batches AS t", _PROJECT
    ),
    "stocks_named": select(
        "t.*, p.code AS project,",
        f"{_OF_PLOT} AS plot_id, ({_POINT_ID}) AS point_id FROM stocks AS t",
        _PROJECT,
    ),
    "changes_named": select(
        f"t.*, p.code AS project, {_OF_PLOT} AS plot_id FROM changes AS t", _PROJECT
    ),
    "trends_named": select(
        f"t.*, p.code AS project, {_OF_PLOT} AS plot_id FROM trends AS t", _PROJECT
    ),
    "conflicts_named": select(
        f"t.*, p.code AS project, {_RECORD} AS record FROM conflicts AS t", _PROJECT
    ),
    "quarantine_named": select(
        f"t.*, p.code AS project, {_RECORD} AS record FROM quarantine AS t", _PROJECT
    ),
    "attachments_named": select(
        "p.code AS project, pl.code AS plot, po.code AS point, ca.name AS campaign,",
        "t.* FROM attachments AS t",
        _PROJECT,
        "LEFT JOIN samples AS s ON s.id = t.record_id",
        "LEFT JOIN cores AS c ON c.id = coalesce(s.core_id, t.record_id)",
        "LEFT JOIN points AS po ON po.id = coalesce(c.point_id, t.record_id)",
        "LEFT JOIN plots AS pl ON pl.id = coalesce(po.plot_id, t.record_id)",
        "LEFT JOIN campaigns AS ca ON ca.id = coalesce(c.campaign_id, t.record_id)",
    ),
    "reference_masses_named": select(
        "p.code AS project, pl.code AS plot, t.* FROM reference_masses AS t",
        *(_PROJECT, _PLOT),
    ),
    "glosis": report_views.GLOSIS,
    "annex_vm0042": report_views.ANNEX_VM0042,
    "annex_gold_standard": report_views.ANNEX_GOLD_STANDARD,
    "annex_gsoc_mrv": report_views.ANNEX_GSOC_MRV,
}
#: What is written of each table: its view where it has one, and the order of people.
FILES: Final = {
    "organisations": ("organisations_named", "code"),
    "projects": ("projects_named", "code"),
    "plots": ("plots_named", "project, code"),
    "practices": ("practices_named", "project, plot, what"),
    "designs": ("designs_named", "project, plot, number"),
    "points": ("points_named", "project, plot, code"),
    "campaigns": ("campaigns_named", "project, start_date"),
    "cores": ("cores_named", "project, plot, point, campaign, number"),
    "samples": ("samples_named", "project, sample_code"),
    "question_forms": ("question_forms_named", "project, asked_of, number"),
    "answers": (
        "answers_named",
        "project, plot, point, campaign, core_number, sample_code, question",
    ),
    "skips": ("skips_named", "project, plot, point, campaign"),
    "custody_events": ("custody_events_named", "project, sample_code, at"),
    "results": ("results_named", "project, sample_code, analyte, replicate"),
    "lab_controls": ("lab_controls_named", "project, lab, lab_batch, analyte, number"),
    "lab_batches": ("lab_batches_named", "project, lab, lab_batch, analyte"),
    "stocks": ("stocks_named", "project_id, plot, campaign, point"),
    "changes": ("changes_named", "project_id, plot, from_campaign"),
    "trends": ("trends_named", "project_id, plot"),
    "conflicts": ("conflicts_named", "project_id, at, id"),
    "quarantine": ("quarantine_named", "project_id, at, id"),
    "attachments": ("attachments_named", "project, type, record, name"),
    "deleted": ("deleted_named", "type, id"),
    "reference_masses": ("reference_masses_named", "project, plot, setting"),
    "codes": ("codes", "rowid"),
    "layers": ("layers", "project, plot, campaign, point, core_number, top_cm"),
    "layers_vonhaden": ("layers_vonhaden", "ID, Rep, Upper_cm"),
    "layers_simpleesm": ("layers_simpleesm", "Plot, Campaign, Point, Upper_cm DESC"),
    "layers_left_out": ("layers_left_out", "project, sample_code"),
    "glosis": ("glosis", "profile_code, upper_depth, property, replicate"),
    "annex_vm0042": ("annex_vm0042", "project, sample_code"),
    "annex_gold_standard": (
        "annex_gold_standard",
        "project, modelling_unit, from_date",
    ),
    "annex_gsoc_mrv": ("annex_gsoc_mrv", "project, intervention_area, campaign, point"),
}
#: By which column a row of a flat table is found again; of the others it is `id`.
OF_SAMPLES: Final = frozenset(
    {
        *("layers", "layers_vonhaden", "layers_simpleesm", "layers_left_out"),
        *("glosis", "annex_vm0042"),
    }
)
#: The table with as many rows as a view, or about.
ROWS_OF: Final = {
    **dict.fromkeys(OF_SAMPLES, "samples"),
    "glosis": "results",
    "annex_gold_standard": "changes",
    "annex_gsoc_mrv": "stocks",
}
#: SQLite sorts in memory: more rows stay in the order in which they came.
MOST_SORTED: Final = 20_000


def query_of(
    table: str,
    rows: int,
    columns: Sequence[str] = ("*",),
    *,
    changes_only: bool = False,
) -> str:
    """Return the query of a table that has so many rows."""
    source, order = FILES[table]
    parts = [", ".join(columns), f"FROM {source}"]
    if changes_only and table in OF_SAMPLES:
        parts.append("WHERE sample_id IN (SELECT id FROM touched_samples)")
    elif changes_only and table != "codes":
        parts.append("WHERE id IN (SELECT id FROM changed)")
    if rows <= MOST_SORTED:
        parts.append(f"ORDER BY {order}")
    return select(*parts)
