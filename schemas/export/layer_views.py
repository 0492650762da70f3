"""Layers as flat tables: SOC and density of fine soil, and as scripts of others read them.

They follow the rules by which stocks are derived, for one bag at a time: what a ring of the
plot or a bridge between laboratory methods adds is in the stocks alone. Pure.
"""

from typing import Final

from schemas.export.select import select

#: From a core up: its point, the plot of that, its campaign.
UP: Final = (
    "LEFT JOIN points AS po ON po.id = c.point_id AND po.project_id = c.project_id"
    " LEFT JOIN plots AS pl ON pl.id = po.plot_id AND pl.project_id = po.project_id"
    " LEFT JOIN campaigns AS ca"
    " ON ca.id = c.campaign_id AND ca.project_id = c.project_id"
)
_IS_AIR_DRY: Final = "= 'air_dry' AND s.water_g_g IS NOT NULL THEN 1.0 + s.water_g_g"

#: One row for each reading, g/kg of oven-dry soil; below detection counts half the limit,
#: and what is of a rejected batch does not count.
CARBON_READINGS: Final = select(
    "r.project_id, r.sample_id, r.analyte, r.method, coalesce(r.value, r.detection_limit / 2)",
    "* CASE r.unit WHEN 'g_kg' THEN 1.0 WHEN 'pct' THEN 10.0 WHEN 'g_g' THEN 1000.0",
    "WHEN 'mg_kg' THEN 0.001 END",
    "* CASE WHEN r.recovery_applied THEN 1.0",
    "ELSE coalesce(nullif(r.recovery_factor, 0), 1.0) END",
    f"* CASE WHEN r.moisture {_IS_AIR_DRY} ELSE 1.0 END AS g_kg",
    "FROM results AS r JOIN samples AS s",
    # The plus keeps the index of projects, where one may have all results, out of it.
    "ON s.id = r.sample_id AND s.project_id = +r.project_id",
    "WHERE NOT EXISTS (SELECT 1 FROM lab_batches AS b WHERE +b.project_id = r.project_id",
    "AND b.lab = r.lab AND b.lab_batch = r.lab_batch AND b.analyte = r.analyte",
    "AND b.decision = 'rejected') AND r.analyte IN ('soc', 'total_carbon', 'inorganic_carbon',",
    "'calcium_carbonate', 'organic_matter')",
)
SOC_READINGS: Final = select(
    "project_id, sample_id, method, g_kg AS soc_g_kg FROM carbon_readings",
    "WHERE analyte = 'soc'",
)


def _mean(analyte: str, what: str = "avg(g_kg)") -> str:
    of_bag = "WHERE sample_id = t.id AND +project_id = t.project_id"
    query = select(what, "FROM carbon_readings", of_bag, f"AND analyte = '{analyte}'")
    return f"({query})"


_TOTAL: Final = _mean("total_carbon")
_INORGANIC: Final = (
    f"coalesce({_mean('inorganic_carbon')}, 0.12 * {_mean('calcium_carbonate')})"
)
#: Total carbon less inorganic carbon, or alone where the soil does not fizz.
_OF_TOTAL: Final = (
    f"CASE WHEN {_INORGANIC} IS NOT NULL THEN max({_TOTAL} - {_INORGANIC}, 0.0)"
    f" WHEN coalesce(t.carbonate_class, 'none') = 'none' THEN {_TOTAL} END"
)
_SOC: Final = (
    f"coalesce({_mean('soc')}, CASE WHEN {_TOTAL} IS NOT NULL THEN {_OF_TOTAL}"
    f" ELSE 0.58 * {_mean('organic_matter')} END)"
)
_SOC_FROM: Final = (
    f"CASE WHEN {_mean('soc')} IS NOT NULL THEN 'soc' WHEN {_TOTAL} IS NOT NULL"
    f" THEN CASE WHEN {_INORGANIC} IS NOT NULL THEN 'total_minus_inorganic'"
    " WHEN coalesce(t.carbonate_class, 'none') = 'none' THEN 'total_carbon' END"
    f" WHEN {_mean('organic_matter')} IS NOT NULL THEN 'organic_matter' END"
)


def _dry(value: str) -> str:
    """Return a mass or density per oven-dry soil."""
    is_air_dry = _IS_AIR_DRY.replace("s.", "t.")
    return f"({value}) / CASE WHEN t.mass_moisture {is_air_dry} ELSE 1.0 END"


_BOTH_WEIGHED: Final = "t.fine_dry_mass_g > 0 AND t.coarse_dry_mass_g IS NOT NULL"
_SHARE: Final = (
    f"CASE WHEN {_BOTH_WEIGHED} THEN t.coarse_dry_mass_g"
    " / (t.fine_dry_mass_g + t.coarse_dry_mass_g) ELSE t.coarse_fragments_pct / 100.0 END"
)
_BASIS: Final = (
    f"CASE WHEN {_BOTH_WEIGHED} THEN 'mass' ELSE t.coarse_fragments_basis END"
)
_STONE: Final = "coalesce(t.fragment_density_g_cm3, 2.65)"
_GIVEN: Final = _dry("t.bulk_density_g_cm3")
#: Fine soil over the total volume, from a density with stones: which, and per what.
_WITHOUT_STONES: Final = (
    f"CASE WHEN {_SHARE} = 0.0 THEN {_GIVEN}"
    f" ELSE CASE t.bulk_density_definition || ' ' || {_BASIS}"
    f" WHEN 'whole mass' THEN {_GIVEN} * (1.0 - {_SHARE})"
    f" WHEN 'whole volume' THEN {_GIVEN} - {_SHARE} * {_STONE}"
    f" WHEN 'fine_earth_only volume' THEN {_GIVEN} * (1.0 - {_SHARE})"
    f" WHEN 'fine_earth_only mass' THEN (1.0 - {_SHARE})"
    f" / ((1.0 - {_SHARE}) / ({_GIVEN}) + {_SHARE} / {_STONE}) END END"
)
_CORE_AREA_CM2: Final = (
    "(3.141592653589793 * c.inner_diameter_mm * c.inner_diameter_mm / 400.0"
    " * coalesce(c.cores_composited, 1))"
)
_BD_FINE: Final = (
    "CASE WHEN t.fine_dry_mass_g > 0 AND t.volume_cm3 IS NOT NULL"
    f" THEN {_dry('t.fine_dry_mass_g / t.volume_cm3')}"
    " WHEN t.fine_dry_mass_g > 0 AND c.inner_diameter_mm IS NOT NULL THEN "
    + _dry(
        f"t.fine_dry_mass_g / {_CORE_AREA_CM2} / (t.depth_bottom_cm - t.depth_top_cm)"
    )
    + f" WHEN t.bulk_density_definition = 'fine_in_total' THEN {_GIVEN}"
    " WHEN t.bulk_density_definition IN ('whole', 'fine_earth_only')"
    f" THEN nullif(max({_WITHOUT_STONES}, 0.0), 0.0) END"
)
LAYERS: Final = select(
    "p.code AS project, pl.code AS plot, ca.name AS campaign, po.code AS point,",
    "c.number AS core_number, substr(c.sampled_at, 1, 10) AS date, t.sample_code,",
    "t.depth_top_cm AS top_cm, t.depth_bottom_cm AS bottom_cm,",
    f"{_SOC} AS soc_g_kg,",
    f"{_mean('soc', 'count(*)')} AS soc_readings,",
    f"{_mean('soc', 'min(method)')} AS soc_method,",
    "t.bulk_density_g_cm3, t.bulk_density_definition, t.coarse_fragments_pct,",
    "t.coarse_fragments_basis, t.fine_dry_mass_g, t.coarse_dry_mass_g, t.volume_cm3,",
    "c.inner_diameter_mm, coalesce(c.lon, po.lon) AS lon,",
    "coalesce(c.lat, po.lat) AS lat,",
    f"{_BD_FINE} AS bd_fine_g_cm3, {_SOC_FROM} AS soc_from, t.horizon,",
    "t.core_id AS profile_id, t.id AS sample_id, po.plot_id, c.point_id, c.campaign_id,",
    "t.project_id FROM samples AS t LEFT JOIN projects AS p ON p.id = t.project_id",
    "AND p.project_id = t.project_id",
    "LEFT JOIN cores AS c ON c.id = t.core_id AND c.project_id = t.project_id",
    UP,
)
#: What keeps a layer out of scripts that want whole profiles from the surface.
LAYER_FAULTS: Final = select(
    "l.sample_id, l.profile_id, l.top_cm, CASE",
    "WHEN l.soc_g_kg IS NULL THEN 'no organic carbon'",
    "WHEN l.bd_fine_g_cm3 IS NULL THEN 'no density of fine soil over the total volume'",
    "WHEN l.top_cm > 0 AND NOT EXISTS (SELECT 1 FROM samples AS o WHERE",
    "o.core_id = l.profile_id AND o.depth_bottom_cm = l.top_cm)",
    "THEN 'no layer ends where it begins'",
    "WHEN EXISTS (SELECT 1 FROM samples AS o WHERE o.core_id = l.profile_id",
    "AND o.id <> l.sample_id AND o.depth_top_cm < l.bottom_cm",
    "AND o.depth_bottom_cm > l.top_cm) THEN 'overlaps another layer'",
    "END AS fault FROM layers AS l",
)
_ABOVE: Final = (
    "(SELECT {what} FROM layer_faults AS f WHERE f.profile_id = l.profile_id"
    " AND f.top_cm <= l.top_cm AND f.fault IS NOT NULL)"
)
_IS_WHOLE: Final = f"NOT EXISTS {_ABOVE.format(what='1')}"
LAYERS_LEFT_OUT: Final = select(
    "l.project, l.plot, l.campaign, l.point, l.core_number, l.sample_code,",
    "l.top_cm, l.bottom_cm, coalesce((SELECT f.fault FROM layer_faults AS f",
    "WHERE f.sample_id = l.sample_id), 'a layer above it is left out') AS reason,",
    f"l.profile_id, l.sample_id FROM layers AS l WHERE EXISTS {_ABOVE.format(what='1')}",
)
_UNIT: Final = "l.project || '/' || l.plot || '/'"
_CORE: Final = (
    "l.point || CASE WHEN l.core_number = 1 THEN '' ELSE '/' || l.core_number END"
)
#: Whether a project holds the fine mass equal, by itself or by its profile.
_HOLDS_FINE: Final = (
    "coalesce(p.stock_mass_basis, CASE WHEN p.stock_method_profile IN"
    " ('vm0042', 'wendt_hauser') THEN 'fine' ELSE 'mineral' END) = 'fine'"
)
#: von Haden et al. 2020. The reference is the mean of the cores of the plot's baseline.
LAYERS_VONHADEN: Final = select(
    f"{_UNIT} || l.campaign AS ID, {_CORE} AS Rep,",
    f"{_UNIT} || coalesce(b.name, l.campaign) AS Ref_ID,",
    "l.top_cm AS Upper_cm, l.bottom_cm AS Lower_cm, l.soc_g_kg / 10.0 AS SOC_pct,",
    f"CASE WHEN {_HOLDS_FINE} THEN 0.0 ELSE l.soc_g_kg / 10.0 / 0.58 END AS SOM_pct,",
    "l.bd_fine_g_cm3 AS BD_g_cm3, l.profile_id, l.sample_id FROM layers AS l",
    "LEFT JOIN projects AS p ON p.id = l.project_id",
    "LEFT JOIN plot_baselines AS pb ON pb.id = l.plot_id",
    f"LEFT JOIN campaigns AS b ON b.id = pb.campaign_id WHERE {_IS_WHOLE}",
)
#: SimpleESM, Ferchaud et al. 2023: the sheets Concentrations and BD. Depths are negative.
LAYERS_SIMPLEESM: Final = select(
    "l.campaign AS Campaign, pl.stratum AS Treatment, pl.farm AS Block,",
    f"l.project || '/' || l.plot AS Plot, {_CORE} AS Point,",
    "-l.top_cm AS Upper_cm, -l.bottom_cm AS Lower_cm, l.soc_g_kg AS SOC_g_kg,",
    "l.bd_fine_g_cm3 AS BD_g_cm3, l.profile_id, l.sample_id FROM layers AS l",
    f"LEFT JOIN plots AS pl ON pl.id = l.plot_id WHERE {_IS_WHOLE}",
)
_OF_BASELINE: Final = select(
    "1 FROM layers AS l WHERE l.profile_id = c.id AND l.bd_fine_g_cm3 IS NOT NULL",
    "AND l.bottom_cm >= coalesce(p.reference_depth_cm, 30.0) AND",
    _IS_WHOLE,
)
_FIRST_CAMPAIGN: Final = select(
    "substr(min(ca.start_date || ca.id), 11) FROM points AS po",
    "JOIN cores AS c ON c.point_id = po.id",
    "JOIN campaigns AS ca ON ca.id = c.campaign_id WHERE po.plot_id = pl.id AND EXISTS",
    f"({_OF_BASELINE})",
)
#: The first campaign of a plot with a core whose fine soil is known down to the depth of
#: the stock. Days have ten characters, so that the least text is of the first day.
PLOT_BASELINES: Final = " ".join(
    (
        "INSERT INTO plot_baselines",
        select(f"pl.id, ({_FIRST_CAMPAIGN}) FROM plots AS pl"),
        "LEFT JOIN projects AS p ON p.id = pl.project_id",
    )
)
