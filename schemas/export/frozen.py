"""The columns of an export, in the order in which programs of others know them. Pure.

A schema version adds columns behind those before it; nothing else may change.
"""

from collections.abc import Iterable, Mapping
from typing import Final

#: What each schema version added to each table, in order.
ADDED: Final[Mapping[int, Mapping[str, str]]] = {
    4: {
        "organisations": (
            "id project_id code name country kind college target_permille_year note "
            "explained project"
        ),
        "projects": (
            "id project_id code title organisation_id country reference_depth_cm "
            "stock_method_profile stock_mass_basis stock_reference "
            "stock_reference_mass_t_ha plot_selection sampled_area_ha sampled_strata_ha "
            "bridge_from bridge_to bridge_factor bridge_factor_se bridge_pairs "
            "bridge_low_g_kg bridge_high_g_kg note explained organisation"
        ),
        "plots": (
            "project id project_id code name geometry area_ha land_use stratum farm "
            "control_plots control_stratum change_confirmed note attachments explained"
        ),
        "practices": (
            "project plot id project_id plot_id family what from_date to_date note "
            "explained"
        ),
        "points": (
            "project plot id project_id plot_id code lon lat revisits_point_id note "
            "attachments explained revisits_point"
        ),
        "campaigns": (
            "project id project_id name start_date end_date purpose protocol crew "
            "season_note note attachments explained"
        ),
        "cores": (
            "project plot point campaign id project_id point_id campaign_id number "
            "sampled_at sampled_precision lon lat accuracy_m represents tool "
            "inner_diameter_mm cores_composited composite_radius_m depth_reached_cm "
            "stop_reason core_length_cm note attachments explained"
        ),
        "samples": (
            "project plot point campaign core_number id project_id core_id sample_code "
            "depth_top_cm depth_bottom_cm field_mass_g fine_dry_mass_g coarse_dry_mass_g "
            "volume_cm3 bulk_density_g_cm3 bulk_density_definition bulk_density_method "
            "mass_moisture coarse_fragments_pct coarse_fragments_basis "
            "fragment_density_g_cm3 water_g_g horizon carbonate_class note attachments "
            "explained"
        ),
        "results": (
            "project plot point campaign core_number sample_code id project_id sample_id "
            "analyte replicate value unit method censored detection_limit moisture "
            "recovery_factor recovery_applied lab lab_batch analysed_on note explained"
        ),
        "stocks": (
            "id project_id plot campaign point depth_cm soc_stock_t_ha esm_stock_t_ha "
            "reference_mass_t_ha fine_mass_t_ha covered_to_cm reasons row record_id "
            "campaign_id project plot_id point_id"
        ),
        "changes": (
            "id project_id plot from_campaign to_campaign from_date to_date depth_cm "
            "design points_sampled n0 n1 stock0_t_ha stock1_t_ha change_t_ha se_t_ha "
            "change_ci95_low_t_ha change_ci95_high_t_ha years rate_permille_year "
            "rate_ci95_low_permille_year rate_ci95_high_permille_year verdict_zero "
            "verdict_4permille reasons row record_id from_campaign_id to_campaign_id "
            "project plot_id"
        ),
        "trends": (
            "id project_id plot from_campaign to_campaign campaigns depth_cm n "
            "slope_t_ha_year reasons row record_id project plot_id"
        ),
        "conflicts": (
            "id project_id type record_id field_group status first_value other_value "
            "person device at settled_by settled_at reason chosen project record"
        ),
        "quarantine": (
            "id project_id type record_id status codes problems fields person device at "
            "reason project record"
        ),
        "attachments": (
            "project plot point campaign id project_id type record_id record sha256 size "
            "mime name taken_at lon lat"
        ),
        "deleted": "id project_id type parent_id project",
        "codes": "id list code iri",
        "layers": (
            "project plot campaign point core_number date sample_code top_cm bottom_cm "
            "soc_g_kg soc_readings soc_method bulk_density_g_cm3 bulk_density_definition "
            "coarse_fragments_pct coarse_fragments_basis fine_dry_mass_g "
            "coarse_dry_mass_g volume_cm3 inner_diameter_mm lon lat bd_fine_g_cm3 "
            "soc_from horizon profile_id sample_id plot_id point_id campaign_id "
            "project_id"
        ),
        "layers_vonhaden": (
            "ID Rep Ref_ID Upper_cm Lower_cm SOC_pct SOM_pct BD_g_cm3 profile_id "
            "sample_id"
        ),
        "layers_simpleesm": (
            "Campaign Treatment Block Plot Point Upper_cm Lower_cm SOC_g_kg BD_g_cm3 "
            "profile_id sample_id"
        ),
        "layers_left_out": (
            "project plot campaign point core_number sample_code top_cm bottom_cm reason "
            "profile_id sample_id"
        ),
        "glosis": (
            "profile_id profile_code dataset_id country longitude latitude "
            "positional_uncertainty_m date layer_name upper_depth lower_depth property "
            "property_iri value unit unit_iri procedure procedure_iri replicate censored "
            "detection_limit lab analysed_on observation_id sample_id"
        ),
        "annex_vm0042": (
            "project quantification_unit stratum area_ha control_plots control_stratum "
            "point planned_lon planned_lat sampled_lon sampled_lat accuracy_m campaign "
            "purpose protocol sampling_date tool inner_diameter_mm cores_composited "
            "composite_radius_m depth_reached_cm stop_reason sample_code top_cm bottom_cm "
            "soc_g_kg soc_from soc_method soc_readings lab lab_batch analysed_on "
            "bd_fine_g_cm3 bulk_density_method coarse_fragments_pct "
            "coarse_fragments_basis mass_moisture carbonate_class fine_soil_mass_t_ha "
            "soc_stock_t_ha profile_id sample_id"
        ),
        "annex_gold_standard": (
            "project modelling_unit stratum area_ha land_use from_campaign to_campaign "
            "from_date to_date years depth_cm design n0 n1 stock0_t_ha stock0_se_t_ha "
            "stock1_t_ha stock1_se_t_ha change_t_ha se_t_ha df change_ci95_low_t_ha "
            "change_ci95_high_t_ha change_t_co2e reference_mass_t_ha verdict_zero "
            "verdict_4permille reasons id"
        ),
        "annex_gsoc_mrv": (
            "project intervention_area farm land_use area_ha stratum practices campaign "
            "purpose start_date end_date protocol point lon lat depth_cm soc_stock_t_ha "
            "esm_stock_t_ha reference_mass_t_ha fine_mass_t_ha covered_to_cm cores "
            "reasons id"
        ),
    },
    5: {
        "projects": (
            "lab_recovery_pct lab_duplicate_pct lab_duplicate_low_pct "
            "lab_blank_g_kg lab_duplicates_share_pct"
        ),
        "samples": ("duplicate_of sent_to_lab sent_batch sent_on"),
        "lab_controls": (
            "project id project_id lab lab_batch analyte kind code number value "
            "unit censored detection_limit certified_value first_value duplicate_of "
            "analysed_on note explained"
        ),
        "lab_batches": (
            "project id project_id lab lab_batch analyte decision reason decided_by "
            "note explained"
        ),
        "reference_masses": ("project plot id project_id plot_id setting mass"),
    },
    6: {
        "projects": "layer_depths_cm usual_tool usual_diameter_mm",
        "designs": (
            "project plot id project_id plot_id number method seed points_drawn "
            "min_distance_m edge_buffer_m boundary_sha256 drawn_by note explained"
        ),
        "points": "design_number",
        "cores": (
            "position_source fix_quality satellites fixes_averaged fix_sigma_m "
            "fix_age_s receiver moved_because"
        ),
        "skips": (
            "project plot point campaign id project_id point_id campaign_id because "
            "decided_on note explained"
        ),
        "custody_events": (
            "project sample_code id project_id sample_id step at at_precision who to_whom box place "
            "note explained"
        ),
    },
    7: {
        "question_forms": (
            "project id project_id asked_of number fingerprint questions asked_from "
            "title source note explained"
        ),
        "answers": (
            "project plot point campaign core_number sample_code id project_id plot_id "
            "point_id core_id sample_id question form_id value note explained form_number"
        ),
    },
}


def known_columns(table: str) -> list[str]:
    """Return the columns of a table in the order in which they came."""
    found = (ADDED[version].get(table, "") for version in sorted(ADDED))
    return [name for names in found for name in names.split()]


def in_order(table: str, names: Iterable[str]) -> list[str]:
    """Return columns in the order in which they came; those that are new at the end.

    >>> in_order("codes", ["new", "list", "id"])
    ['id', 'list', 'new']
    """
    given, known = list(names), known_columns(table)
    return [name for name in known if name in given] + [
        name for name in given if name not in known
    ]
