"""Closed code lists, each entry with its concept IRI or an explicit None.

IRIs are of GloSIS (w3id.org/glosis) and AGROVOC (aims.fao.org). None means that
no concept was found that says the same; it is not an oversight.
"""

from typing import Final, NamedTuple

_PROCEDURE: Final = "http://w3id.org/glosis/model/procedure/carbonOrganicProcedure-"
_PROPERTY: Final = "http://w3id.org/glosis/model/codelists/physioChemicalPropertyCode-"
_AGROVOC: Final = "http://aims.fao.org/aos/agrovoc/"


class Vocabulary(NamedTuple):
    """One closed code list."""

    name: str
    meaning: str
    codes: dict[str, str | None]

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and code in self.codes


ORGANISATION_KIND = Vocabulary(
    "organisation_kind",
    "how an organisation stands to the Initiative",
    {"member": None, "partner": None},
)

COLLEGE = Vocabulary(
    "college",
    "the Initiative's colleges",
    {
        "country": None,
        "international_or_regional_organisation": None,
        "public_or_private_funder": None,
        "farmers_or_foresters_organisation": None,
        "research_institute": None,
        "ngo_or_civil_society": None,
        "company": None,
    },
)

LAND_USE = Vocabulary(
    "land_use",
    "land use of a plot",
    {
        "cropland": None,
        "grassland": None,
        "forest": None,
        "wetland": None,
        "other": None,
    },
)

PRACTICE_FAMILY = Vocabulary(
    "practice_family",
    "family of a farming practice",
    {
        "agroecology": None,
        "agroforestry": None,
        "regenerative": None,
        "conservation_agriculture": None,
        "landscape_management": None,
        "other": None,
    },
)

CAMPAIGN_PURPOSE = Vocabulary(
    "campaign_purpose",
    "why a campaign samples",
    {"baseline": None, "resampling": None},
)

STOCK_METHOD_PROFILE = Vocabulary(
    "stock_method_profile",
    "the rules by which a project's stocks are derived",
    {
        "permille": None,  # equivalent soil mass, Hyman, mineral mass, mean reference
        "fixed_depth": None,
        "vm0042": None,
        "wendt_hauser": None,
        "hyman": None,
        "linear": None,
        "natural": None,
    },
)

STOCK_MASS_BASIS = Vocabulary(
    "stock_mass_basis",
    "which soil mass is held equal",
    {"mineral": None, "fine": None},
)

STOCK_REFERENCE = Vocabulary(
    "stock_reference",
    "which baseline mass stocks are read at",
    {"mean": None, "point": None, "lightest": None},
)

PLOT_SELECTION = Vocabulary(
    "plot_selection",
    "how the plots of a project were chosen; random_sample = drawn at random out of"
    " many, so that they stand for more land than their own",
    {"all": None, "random_sample": None},
)

REPRESENTS = Vocabulary(
    "represents",
    "what the bulk density of a core stands for; plot = a ring or pit whose density is"
    " that of every point of the plot in this campaign that has none of its own",
    {"point": None, "plot": None},
)

TOOL = Vocabulary(
    "tool",
    "sampling tool",
    {
        "probe": None,
        "corer": None,
        "auger": None,
        "ring": None,
        "excavation": None,
        "pit": None,
        "box": None,
        "unknown": None,
    },
)

STOP_REASON = Vocabulary(
    "stop_reason",
    "why a core ended where it did",
    {
        "planned_depth": None,
        "bedrock": None,
        "hardpan": None,
        "refusal": None,
        "water": None,
        "other": None,
    },
)

#: Stop reasons that make the soil complete at the depth reached.
COMPLETE_SOIL: Final = frozenset({"bedrock", "hardpan"})

TIME_PRECISION = Vocabulary(
    "time_precision",
    "how exactly a sampling time is known",
    {"instant": None, "day": None, "month": None, "year": None},
)

POSITION_SOURCE = Vocabulary(
    "position_source",
    "what a position was read from",
    {"receiver": None, "phone": None, "photo": None, "map": None, "typed": None},
)

FIX_QUALITY = Vocabulary(
    "fix_quality",
    "how a satellite receiver knew its position; NMEA 0183, GGA",
    {
        "autonomous": None,
        "differential": None,
        "precise": None,
        "rtk_fixed": None,
        "rtk_float": None,
        "estimated": None,
        "manual": None,
        "simulated": None,
    },
)

DESIGN_METHOD = Vocabulary(
    "design_method",
    "how the points of a plot were placed",
    {"simple_random": None, "stratified_random": None, "systematic": None},
)

CUSTODY_STEP = Vocabulary(
    "custody_step",
    "what happened to a bag",
    {
        "bagged": None,
        "boxed": None,
        "handed_over": None,
        "received": None,
        "dried": None,
        "sieved": None,
        "archived": None,
    },
)

BULK_DENSITY_DEFINITION = Vocabulary(
    "bulk_density_definition",
    "which mass over which volume",
    {"whole": None, "fine_earth_only": None, "fine_in_total": None},
)

BULK_DENSITY_METHOD = Vocabulary(
    "bulk_density_method",
    "where a bulk density comes from; carried_over = measured on this plot in"
    " another campaign",
    {
        "core": None,
        "ring": None,
        "excavation": None,
        "clod": None,
        "pit": None,
        "carried_over": None,
        "pedotransfer": None,
        "literature": None,
    },
)

MOISTURE = Vocabulary(
    "moisture",
    "the water state a mass or concentration refers to",
    {"oven_dry": None, "air_dry": None, "field": None},
)

FRAGMENTS_BASIS = Vocabulary(
    "fragments_basis",
    "what a percentage of coarse fragments is a part of",
    {"mass": None, "volume": None},
)

CARBONATE_CLASS = Vocabulary(
    "carbonate_class",
    "reaction of the soil with 10 % hydrochloric acid: classes of table 38 of the FAO"
    " Guidelines for Soil Description (2006); present = it reacts, no class was noted",
    {
        "none": None,  # no visible or audible reaction
        "slight": None,  # audible, not visible: up to 2 % calcium carbonate
        "moderate": None,  # visible bubbles: 2 to 10 %
        "strong": None,  # strong visible bubbles, a low foam: 10 to 25 %
        "extreme": None,  # an extremely strong reaction, thick foam: above 25 %
        "present": None,
    },
)

ATTACHMENT_TYPE = Vocabulary(
    "attachment_type",
    "media type of an attached file",
    {
        "image/jpeg": None,
        "image/png": None,
        "image/webp": None,
        "image/heic": None,
        "application/pdf": None,
    },
)

CENSORED = Vocabulary(
    "censored",
    "the value lies below the detection limit",
    {"<": None},
)

ANALYTE = Vocabulary(
    "analyte",
    "what the laboratory measured",
    {
        "soc": _PROPERTY + "Carorg",
        "total_carbon": _PROPERTY + "Cartot",
        "inorganic_carbon": None,
        "calcium_carbonate": None,
        "organic_matter": None,
        "total_nitrogen": _AGROVOC + "c_bdc779f4",
        "ph_water": None,
        "water_content": None,
        "clay": _PROPERTY + "Textclay",
    },
)

UNIT = Vocabulary(
    "unit",
    "unit of a result",
    {"g_kg": None, "pct": None, "mg_kg": None, "g_g": None, "none": None},
)

LAB_METHOD = Vocabulary(
    "lab_method",
    "laboratory procedure",
    {
        "dry_combustion": _PROCEDURE + "OrgC_dc",
        "dry_combustion_high_temperature": _PROCEDURE + "OrgC_dc-ht",
        "dry_combustion_analyser": _PROCEDURE + "OrgC_dc-ht-analyser",
        "dry_combustion_after_acid": _PROCEDURE + "OrgC_acid-dc",
        "total_minus_inorganic": _PROCEDURE + "OrgC_calcul-tc-ic",
        "walkley_black": _PROCEDURE + "OrgC_wc-cro3-walkleyblack",
        "tinsley": None,
        "loss_on_ignition": _PROCEDURE + "OrgC_dc-lt-loi",
        "spectroscopy": _PROCEDURE + "OrgC_acid-dc-spec",
        "calcimeter": None,
        "manometry": None,
        "kjeldahl": None,
        "electrode": None,
        "oven": None,
        "other": None,
    },
)

CONTROL_KIND = Vocabulary(
    "control_kind",
    "what a laboratory analysed to check itself",
    {"blank": None, "reference": None, "duplicate": None},
)

BATCH_DECISION = Vocabulary(
    "batch_decision",
    "what a person decided about results whose quality control failed",
    {"accepted": None, "rejected": None},
)

ASKED_OF = Vocabulary(
    "asked_of",
    "what a project's own questions are asked of",
    {"core": None, "sample": None, "plot": None, "point": None},
)

ALL: Final = (
    ORGANISATION_KIND,
    COLLEGE,
    LAND_USE,
    PRACTICE_FAMILY,
    CAMPAIGN_PURPOSE,
    STOCK_METHOD_PROFILE,
    STOCK_MASS_BASIS,
    STOCK_REFERENCE,
    PLOT_SELECTION,
    REPRESENTS,
    TOOL,
    STOP_REASON,
    TIME_PRECISION,
    POSITION_SOURCE,
    FIX_QUALITY,
    DESIGN_METHOD,
    CUSTODY_STEP,
    BULK_DENSITY_DEFINITION,
    BULK_DENSITY_METHOD,
    MOISTURE,
    FRAGMENTS_BASIS,
    CARBONATE_CLASS,
    ATTACHMENT_TYPE,
    CENSORED,
    ANALYTE,
    UNIT,
    LAB_METHOD,
    CONTROL_KIND,
    BATCH_DECISION,
    ASKED_OF,
)
