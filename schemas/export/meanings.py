"""What the columns of an export mean, with their units. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.export.shape import plural
from schemas.records import TYPES

#: Columns that mean the same in every table.
_EVERYWHERE: Final = {
    "id": "id of the row, which stays for ever",
    "project": "code of the project",
    "project_id": "id of the project",
    "plot": "code of the plot",
    "plot_id": "id of the plot",
    "point": "code of the point",
    "point_id": "id of the point",
    "campaign": "name of the campaign",
    "campaign_id": "id of the campaign",
    "core_number": "number of the core at its point in its campaign",
    "sample_code": "label of the bag",
    "sample_id": "id of the bag",
    "profile_id": "id of the core: the layers of one core are one profile",
    "organisation": "code of the organisation that runs the project",
    "revisits_point": "code of the older point that this one revisits",
    "type": "type of the record",
    "record_id": "id of the record",
    "record": "what the record is called by itself",
    "reason": "why it was decided so",
    "reasons": "codes of what there is to say of the figure, see reasons.md",
    "row": "the whole row, as JSON",
    "status": "where it stands",
    "person": "who sent it",
    "device": "the laptop that sent it",
    "at": "when it was sent",
    "from_campaign": "name of the earlier campaign",
    "to_campaign": "name of the later campaign",
    "from_campaign_id": "id of the earlier campaign",
    "to_campaign_id": "id of the later campaign",
    "from_date": "mean day of the earlier campaign on this plot",
    "to_date": "mean day of the later campaign on this plot",
    "depth_cm": "depth of the stock, cm",
    "soc_stock_t_ha": "SOC from the surface to the depth, t/ha",
    "esm_stock_t_ha": "SOC in the reference mass, t/ha",
    "reference_mass_t_ha": "soil mass that is held equal, t/ha",
    "fine_mass_t_ha": "fine soil from the surface to the depth, t/ha",
    "covered_to_cm": "depth down to which nothing is missing, cm",
    "design": "paired: the points were visited twice; else independent",
    "points_sampled": "points of which the later campaign has soil",
    "n0": "points of the earlier campaign that count",
    "n1": "points of the later campaign that count",
    "stock0_t_ha": "mean stock of the earlier campaign, t/ha",
    "stock0_se_t_ha": "its standard error, t/ha",
    "stock1_t_ha": "mean stock of the later campaign, t/ha",
    "stock1_se_t_ha": "its standard error, t/ha",
    "change_t_ha": "change of the mean stock, t/ha",
    "se_t_ha": "standard error of the change, t/ha",
    "df": "degrees of freedom of the change",
    "change_ci95_low_t_ha": "lower end of the 95 % interval of the change, t/ha; empty is infinite",
    "change_ci95_high_t_ha": "upper end of the 95 % interval of the change, t/ha; empty is infinite",
    "years": "years between the campaigns",
    "rate_permille_year": "change a year, permille of the earlier stock",
    "rate_ci95_low_permille_year": "lower end of its 95 % interval; empty is infinite",
    "rate_ci95_high_permille_year": "upper end of its 95 % interval; empty is infinite",
    "verdict_zero": "whether the stock changed",
    "verdict_4permille": "whether it grew by 4 permille a year",
    "top_cm": "top of the layer, cm",
    "bottom_cm": "bottom of the layer, cm",
    "date": "day of sampling",
    "soc_g_kg": "SOC of the fine soil, g/kg oven-dry: the mean of the readings; one below"
    " detection counts half the limit",
    "soc_from": "what SOC follows from: soc, total_carbon, total_minus_inorganic or"
    " organic_matter (times 0.58)",
    "soc_readings": "readings of SOC of the bag",
    "soc_method": "laboratory procedure of SOC; of several the first by name",
    "bd_fine_g_cm3": "fine soil below 2 mm, oven-dry, over the total volume, g/cm3",
    "horizon": "horizon symbol",
    "fine_soil_mass_t_ha": "fine soil of the layer, t/ha",
    "farm": "label of the farm",
    "stratum": "stratum of the sampling design",
    "area_ha": "area of the plot, ha",
    "land_use": "land use of the plot",
    "lab": "laboratory",
    "lab_batch": "batch of the laboratory",
    "analysed_on": "day of analysis",
    "purpose": "baseline or resampling",
    "protocol": "name of the sampling protocol",
    "sha256": "SHA-256 of the content",
    "size": "bytes of the file",
    "mime": "media type of the file",
    "taken_at": "when the photo was taken, with offset",
}
_OF_TABLE: Final[Mapping[str, Mapping[str, str]]] = {
    "trends": {
        "campaigns": "campaigns that the trend is drawn through",
        "n": "stocks that the trend is drawn through",
        "slope_t_ha_year": "slope, t/ha a year",
    },
    "conflicts": {
        "field_group": "fields that are judged as one",
        "first_value": "what the first laptop wrote, as JSON",
        "other_value": "what the other laptop wrote, as JSON",
        "settled_by": "who decided",
        "settled_at": "when it was decided",
        "chosen": "which side was chosen",
    },
    "quarantine": {
        "codes": "codes of the problems, see problems.md",
        "problems": "the problems, as JSON",
        "fields": "what was sent, as JSON",
    },
    "attachments": {
        "id": "id of the record and SHA-256 of the file",
        "name": "name the file came with",
        "lon": "longitude of the photo, WGS84",
        "lat": "latitude of the photo, WGS84",
        "file": "where the file lies in this folder",
        "state": "here, missing, or damaged",
    },
    "answers": {"form_number": "version of the questions that was asked"},
    "deleted": {
        "id": "id of the record that was deleted since the earlier export",
        "type": "type of the record; of a figure stock, change or trend",
        "parent_id": "id of the record that it belonged to, where that is known",
    },
    "codes": {
        "id": "list and code",
        "list": "name of the list",
        "code": "code of the list",
        "iri": "concept of GloSIS or AGROVOC; empty: there is none that says the same",
    },
    "layers_vonhaden": {
        "ID": "project/plot/campaign",
        "Rep": "point; behind a slash the number of a core after the first",
        "Ref_ID": "project/plot/campaign of the baseline of the plot",
        "Upper_cm": "top of the layer, cm",
        "Lower_cm": "bottom of the layer, cm",
        "SOC_pct": "SOC of the fine soil, %",
        "SOM_pct": "SOC / 0.58, %; 0 where the project holds the fine mass equal",
        "BD_g_cm3": "fine soil over the total volume, g/cm3",
    },
    "layers_simpleesm": {
        "Campaign": "name of the campaign",
        "Treatment": "stratum of the plot",
        "Block": "farm of the plot",
        "Plot": "project/plot",
        "Point": "point; behind a slash the number of a core after the first",
        "Upper_cm": "top of the layer, cm below the surface as a negative number",
        "Lower_cm": "bottom of the layer, cm below the surface as a negative number",
        "SOC_g_kg": "SOC of the fine soil, g/kg",
        "BD_g_cm3": "fine soil over the total volume, g/cm3",
    },
    "layers_left_out": {"reason": "why scripts of others do not get the layer"},
    "glosis": {
        "profile_code": "project/plot/point/campaign/core",
        "dataset_id": "code of the project",
        "country": "ISO 3166-1 alpha-2",
        "longitude": "longitude of the core, else of the point, WGS84",
        "latitude": "latitude of the core, else of the point, WGS84",
        "positional_uncertainty_m": "GPS accuracy, m",
        "layer_name": "label of the bag",
        "upper_depth": "top of the layer, cm",
        "lower_depth": "bottom of the layer, cm",
        "property": "what was measured",
        "property_iri": "concept of the property; empty: there is none that says the same",
        "value": "value as measured, in the unit beside",
        "unit": "unit of the value",
        "unit_iri": "unit of QUDT",
        "procedure": "laboratory procedure",
        "procedure_iri": "concept of the procedure; empty: there is none",
        "replicate": "1 for the first measurement",
        "censored": "<: below the detection limit",
        "detection_limit": "detection limit, same unit",
        "observation_id": "id of the result, or bag and property",
    },
    "reference_masses": {
        "setting": "depth and basis that the mass belongs to",
        "mass": "soil mass that is held equal, found once: the whole of it, as JSON",
    },
    "annex_vm0042": {
        "quantification_unit": "code of the plot",
        "control_plots": "codes of the plots that are its control",
        "control_stratum": "stratum whose plots are its control",
        "planned_lon": "longitude of the planned point, WGS84",
        "planned_lat": "latitude of the planned point, WGS84",
        "sampled_lon": "longitude of the core, WGS84",
        "sampled_lat": "latitude of the core, WGS84",
        "accuracy_m": "GPS accuracy, m",
        "sampling_date": "day of sampling",
        "soc_stock_t_ha": "SOC of the layer, t/ha",
    },
    "annex_gold_standard": {
        "modelling_unit": "code of the plot",
        "change_t_co2e": "change of the plot, tonnes of CO2 (44/12 of its carbon)",
        "id": "id of the row of changes",
    },
    "annex_gsoc_mrv": {
        "intervention_area": "code of the plot",
        "practices": "family: what was done, from/to; all of the plot",
        "start_date": "first day of the campaign",
        "end_date": "last day of the campaign",
        "lon": "longitude of the point, WGS84",
        "lat": "latitude of the point, WGS84",
        "cores": "cores of the point that count",
        "id": "id of the row of stocks",
    },
}
#: Fields that views show as their records have them.
_FIELDS: Final = {
    name: field.help
    for kind in ("core", "sample")
    for name, field in TYPES[kind].fields.items()
}


def meaning_of(table: str, column: str) -> str:
    """Return what a column of a table means.

    >>> meaning_of("layers", "top_cm"), meaning_of("plots", "area_ha")
    ('top of the layer, cm', 'area, ha')
    """
    own = next((kind for kind in TYPES.values() if plural(kind.name) == table), None)
    if own is not None and column in own.fields:
        return own.fields[column].help
    found = _OF_TABLE.get(table, {}).get(column) or _EVERYWHERE.get(column)
    return found or _FIELDS[column]
