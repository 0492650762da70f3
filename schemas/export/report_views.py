"""Records as soil information systems and crediting programmes ask for them. Pure.

Properties and procedures are named by GloSIS (w3id.org/glosis) where it has them.
"""

from typing import Final

from schemas.export.layer_views import UP
from schemas.export.select import select

_MODEL: Final = "http://w3id.org/glosis/model/"
_BD_PROPERTY: Final = (
    "CASE t.bulk_density_definition WHEN 'whole' THEN"
    f" '{_MODEL}layerhorizon/bulkDensityWholeSoilProperty' WHEN 'fine_earth_only' THEN"
    f" '{_MODEL}layerhorizon/bulkDensityFineEarthProperty' END"
)
_STONES: Final = f"'{_MODEL}layerhorizon/coarseFragmentsProperty'"
_QUDT: Final = "http://qudt.org/vocab/unit/"
_UNIT_IRI: Final = (
    f"CASE r.unit WHEN 'g_kg' THEN '{_QUDT}GM-PER-KiloGM'"
    f" WHEN 'pct' THEN '{_QUDT}PERCENT' WHEN 'mg_kg' THEN '{_QUDT}MilliGM-PER-KiloGM'"
    f" WHEN 'g_g' THEN '{_QUDT}GM-PER-GM' END"
)
#: Of each observation: where, when, which layer.
_LAYER: Final = (
    "t.core_id AS profile_id, p.code || '/' || pl.code || '/' || po.code || '/' || ca.name"
    " || '/' || c.number AS profile_code, p.code AS dataset_id,"
    " p.country AS country, coalesce(c.lon, po.lon) AS longitude,"
    " coalesce(c.lat, po.lat) AS latitude,"
    " c.accuracy_m AS positional_uncertainty_m, substr(c.sampled_at, 1, 10) AS date,"
    " t.sample_code AS layer_name, t.depth_top_cm AS upper_depth,"
    " t.depth_bottom_cm AS lower_depth,"
)
_SAMPLES: Final = (
    "LEFT JOIN projects AS p ON p.id = t.project_id"
    f" LEFT JOIN cores AS c ON c.id = t.core_id {UP}"
)
#: One row for each value of the laboratory, each density, each share of stones.
GLOSIS: Final = select(
    f"{_LAYER} r.analyte AS property, a.iri AS property_iri, r.value,",
    f"r.unit, {_UNIT_IRI} AS unit_iri, r.method AS procedure, m.iri AS procedure_iri,",
    "r.replicate, r.censored, r.detection_limit, r.lab, r.analysed_on,",
    "r.id AS observation_id, t.id AS sample_id",
    "FROM results AS r JOIN samples AS t ON t.id = r.sample_id",
    "LEFT JOIN codes AS a ON a.id = 'analyte/' || r.analyte",
    f"LEFT JOIN codes AS m ON m.id = 'lab_method/' || r.method {_SAMPLES}",
    "UNION ALL",
    f"SELECT {_LAYER} 'bulk_density_' || coalesce(t.bulk_density_definition, 'unknown'),",
    f"{_BD_PROPERTY}, t.bulk_density_g_cm3, 'g_cm3', '{_QUDT}GM-PER-CentiM3',",
    "t.bulk_density_method, NULL, NULL, NULL, NULL, NULL, NULL,",
    "t.id || '/bulk_density', t.id",
    f"FROM samples AS t {_SAMPLES} WHERE t.bulk_density_g_cm3 IS NOT NULL",
    "UNION ALL",
    f"SELECT {_LAYER} 'coarse_fragments_' || coalesce(t.coarse_fragments_basis, 'unknown'),",
    f"{_STONES}, t.coarse_fragments_pct, 'pct', '{_QUDT}PERCENT', NULL, NULL, NULL,",
    "NULL, NULL, NULL, NULL, t.id || '/coarse_fragments', t.id",
    f"FROM samples AS t {_SAMPLES} WHERE t.coarse_fragments_pct IS NOT NULL",
)
_LAB: Final = (
    "(SELECT min(r.{0}) FROM results AS r WHERE r.sample_id = l.sample_id"
    " AND r.analyte = 'soc')"
)
#: VM0042 v2.2, sections 8.2 and 9.2: each sampled layer of each quantification unit.
ANNEX_VM0042: Final = select(
    "l.project, l.plot AS quantification_unit, pl.stratum, pl.area_ha,",
    "pl.control_plots, pl.control_stratum, l.point, po.lon AS planned_lon,",
    "po.lat AS planned_lat, c.lon AS sampled_lon, c.lat AS sampled_lat, c.accuracy_m,",
    "l.campaign, ca.purpose, ca.protocol, l.date AS sampling_date, c.tool,",
    "c.inner_diameter_mm, c.cores_composited, c.composite_radius_m, c.depth_reached_cm,",
    "c.stop_reason, l.sample_code, l.top_cm, l.bottom_cm, l.soc_g_kg, l.soc_from,",
    f"l.soc_method, l.soc_readings, {_LAB.format('lab')} AS lab,",
    f"{_LAB.format('lab_batch')} AS lab_batch,",
    f"{_LAB.format('analysed_on')} AS analysed_on,",
    "l.bd_fine_g_cm3, s.bulk_density_method, l.coarse_fragments_pct,",
    "l.coarse_fragments_basis, s.mass_moisture, s.carbonate_class,",
    "l.bd_fine_g_cm3 * (l.bottom_cm - l.top_cm) * 100.0 AS fine_soil_mass_t_ha,",
    "l.bd_fine_g_cm3 * (l.bottom_cm - l.top_cm) * 0.1 * l.soc_g_kg AS soc_stock_t_ha,",
    "l.profile_id, l.sample_id FROM layers AS l",
    "LEFT JOIN samples AS s ON s.id = l.sample_id",
    "LEFT JOIN cores AS c ON c.id = l.profile_id",
    "LEFT JOIN points AS po ON po.id = l.point_id",
    "LEFT JOIN plots AS pl ON pl.id = l.plot_id",
    "LEFT JOIN campaigns AS ca ON ca.id = l.campaign_id",
)
#: Tonnes of carbon dioxide for a tonne of carbon.
_CO2E: Final = "44.0 / 12.0"
#: Gold Standard 402: stocks of each unit at the begin and the end, and how sure they are.
ANNEX_GOLD_STANDARD: Final = select(
    "ch.project, ch.plot AS modelling_unit, pl.stratum, pl.area_ha, pl.land_use,",
    "ch.from_campaign, ch.to_campaign, ch.from_date, ch.to_date, ch.years, ch.depth_cm,",
    "ch.design, ch.n0, ch.n1, ch.stock0_t_ha,",
    "json_extract(ch.row, '$.stock0_se_t_ha') AS stock0_se_t_ha, ch.stock1_t_ha,",
    "json_extract(ch.row, '$.stock1_se_t_ha') AS stock1_se_t_ha, ch.change_t_ha,",
    "ch.se_t_ha, json_extract(ch.row, '$.df') AS df, ch.change_ci95_low_t_ha,",
    "ch.change_ci95_high_t_ha,",
    f"ch.change_t_ha * pl.area_ha * {_CO2E} AS change_t_co2e,",
    "json_extract(ch.row, '$.reference_mass_t_ha') AS reference_mass_t_ha,",
    "ch.verdict_zero, ch.verdict_4permille, ch.reasons, ch.id FROM changes_named AS ch",
    "LEFT JOIN plots AS pl ON pl.id = ch.plot_id",
)
#: FAO GSOC-MRV protocol 2020: the stock of each sampled place, the land and its practices.
ANNEX_GSOC_MRV: Final = select(
    "st.project, st.plot AS intervention_area, pl.farm, pl.land_use, pl.area_ha,",
    "pl.stratum, (SELECT group_concat(pr.family || ': ' || pr.what",
    "|| coalesce(' ' || pr.from_date, '') || coalesce('/' || pr.to_date, ''), '; ')",
    "FROM practices AS pr WHERE pr.plot_id = st.plot_id) AS practices,",
    "st.campaign, ca.purpose, ca.start_date, ca.end_date, ca.protocol, st.point,",
    "po.lon, po.lat, st.depth_cm, st.soc_stock_t_ha, st.esm_stock_t_ha,",
    "st.reference_mass_t_ha, st.fine_mass_t_ha, st.covered_to_cm,",
    "json_extract(st.row, '$.cores') AS cores, st.reasons, st.id",
    "FROM stocks_named AS st LEFT JOIN plots AS pl ON pl.id = st.plot_id",
    "LEFT JOIN campaigns AS ca ON ca.id = st.campaign_id",
    "LEFT JOIN points AS po ON po.id = st.point_id",
)
