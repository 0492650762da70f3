"""Record types of a programme: who samples what, where and when.

One schema each, with the group and class of its fields. `MEASURED` covers what was
observed and what identifies a record: it is only replaced by someone who had seen it. A
group is judged as one, so that a depth top never meets another author's depth bottom.
"""

from schemas import limits
from schemas import vocabulary as v
from schemas.common_fields import (
    MEASURED,
    attachments,
    explained,
    latitude,
    longitude,
    note,
)
from schemas.fields import (
    Choice,
    Code,
    Country,
    Day,
    FieldClass,
    Geometry,
    Id,
    Integer,
    Number,
    Text,
)
from schemas.lists import Depths, NameSet, StratumAreas


class Organisation:
    """A member or partner of the Initiative that runs projects."""

    code = Code(required=True, field_class=MEASURED, help="short name")
    name = Text(required=True, help="full name")
    country = Country(help="ISO 3166-1 alpha-2")
    kind = Choice(v.ORGANISATION_KIND, required=True, help="member or partner")
    college = Choice(v.COLLEGE, help="college of the Initiative")
    target_permille_year = Number(
        *limits.TARGET_PERMILLE_YEAR,
        field_class=MEASURED,
        help="own target, permille a year",
    )
    note = note()
    explained = explained()


class Project:
    """A set of plots that is sampled and judged together."""

    code = Code(required=True, field_class=MEASURED, help="short name")
    title = Text(required=True, help="full title")
    organisation_id = Id("organisation", field_class=MEASURED, help="who runs it")
    country = Country(help="ISO 3166-1 alpha-2")
    reference_depth_cm = Number(
        0,
        limits.DEPTH_MAX_CM,
        low_open=True,
        field_class=MEASURED,
        help="depth of the stock, cm; 30 when not given",
    )
    stock_method_profile = Choice(
        v.STOCK_METHOD_PROFILE, field_class=MEASURED, help="rules of derivation"
    )
    stock_mass_basis = Choice(
        v.STOCK_MASS_BASIS,
        field_class=MEASURED,
        help="mass held equal; the profile's own",
    )
    stock_reference = Choice(
        v.STOCK_REFERENCE, field_class=MEASURED, help="baseline mass; the profile's own"
    )
    stock_reference_mass_t_ha = Number(
        0,
        limits.SOIL_MASS_MAX_T_HA,
        low_open=True,
        field_class=MEASURED,
        help="a reference mass of its own, t/ha; instead of the baseline's",
    )
    plot_selection = Choice(
        v.PLOT_SELECTION,
        field_class=MEASURED,
        group="selection",
        help="how the plots were chosen; all when not given",
    )
    sampled_area_ha = Number(
        0,
        limits.AREA_MAX_HA,
        low_open=True,
        field_class=MEASURED,
        group="selection",
        help="all land the plots were drawn from, ha; with random_sample",
    )
    sampled_strata_ha = StratumAreas(
        field_class=MEASURED,
        group="selection",
        help="all land of each stratum whose plots were drawn, ha; with random_sample",
    )
    bridge_from = Choice(
        v.LAB_METHOD,
        field_class=MEASURED,
        group="bridge",
        help="procedure that is converted",
    )
    bridge_to = Choice(
        v.LAB_METHOD,
        field_class=MEASURED,
        group="bridge",
        help="procedure it is brought to",
    )
    bridge_factor = Number(
        *limits.BRIDGE_FACTOR,
        field_class=MEASURED,
        group="bridge",
        help="SOC by the second procedure over SOC by the first",
    )
    bridge_factor_se = Number(
        0,
        limits.BRIDGE_FACTOR_SE,
        low_open=True,
        field_class=MEASURED,
        group="bridge",
        help="standard error of the factor",
    )
    bridge_pairs = Integer(
        *limits.BRIDGE_PAIRS,
        field_class=MEASURED,
        group="bridge",
        help="bags that were analysed by both",
    )
    bridge_low_g_kg = Number(
        0,
        limits.SOC_MAX_G_KG,
        field_class=MEASURED,
        group="bridge",
        help="lowest SOC of those bags by the first procedure, g/kg",
    )
    bridge_high_g_kg = Number(
        0,
        limits.SOC_MAX_G_KG,
        low_open=True,
        field_class=MEASURED,
        group="bridge",
        help="highest SOC of those bags by the first procedure, g/kg",
    )
    lab_recovery_pct = Number(
        0,
        100,
        low_open=True,
        field_class=MEASURED,
        help="how far a reference material may be off, % of its certified value; 5 when not given",
    )
    lab_duplicate_pct = Number(
        0,
        200,
        low_open=True,
        field_class=MEASURED,
        help="how far two readings may be apart, % of their mean; 10 when not given",
    )
    lab_duplicate_low_pct = Number(
        0,
        200,
        low_open=True,
        field_class=MEASURED,
        help="the same below 10 g/kg; 20 when not given",
    )
    lab_blank_g_kg = Number(
        0,
        limits.BLANK_MAX_G_KG,
        low_open=True,
        field_class=MEASURED,
        help="a blank without a detection limit is below, g/kg; 0.5 when not given",
    )
    lab_duplicates_share_pct = Number(
        0,
        100,
        field_class=MEASURED,
        help="bags that are to be read twice, %; 5 when not given",
    )
    layer_depths_cm = Depths(
        field_class=MEASURED,
        group="template",
        help="usual lower ends of layers, cm: 10 20 30",
    )
    usual_tool = Choice(
        v.TOOL, field_class=MEASURED, group="template", help="usual sampling tool"
    )
    usual_diameter_mm = Number(
        *limits.PROBE_DIAMETER_MM,
        field_class=MEASURED,
        group="template",
        help="usual inner diameter, mm",
    )
    note = note()
    explained = explained()


class Plot:
    """A piece of land with one number: its stock change."""

    code = Code(
        required=True, field_class=MEASURED, help="short name, unique in a project"
    )
    name = Text(help="name people use")
    geometry = Geometry(field_class=MEASURED, help="GeoJSON polygon, WGS84")
    area_ha = Number(
        0, limits.AREA_MAX_HA, low_open=True, field_class=MEASURED, help="area, ha"
    )
    land_use = Choice(v.LAND_USE, help="land use")
    stratum = Code(help="stratum of the sampling design")
    farm = Text(help="label of the farm")
    control_plots = NameSet(
        field_class=FieldClass.SET, help="codes of the plots that are its control"
    )
    control_stratum = Code(help="stratum whose plots are its control")
    change_confirmed = Text(
        field_class=MEASURED,
        help="why a change that no soil makes is right all the same",
    )
    note = note()
    attachments = attachments()
    explained = explained()


class Practice:
    """What was done on a plot, and when."""

    plot_id = Id("plot", required=True, field_class=MEASURED, help="plot")
    family = Choice(
        v.PRACTICE_FAMILY, required=True, field_class=MEASURED, help="practice family"
    )
    what = Text(required=True, field_class=MEASURED, help="what was done")
    from_date = Day(group="period", field_class=MEASURED, help="first day")
    to_date = Day(group="period", field_class=MEASURED, help="last day")
    note = note()
    explained = explained()


class Point:
    """A planned place to sample."""

    plot_id = Id("plot", required=True, field_class=MEASURED, help="plot")
    code = Code(
        required=True, field_class=MEASURED, help="short name, unique in a plot"
    )
    lon = longitude()
    lat = latitude()
    revisits_point_id = Id(
        "point", field_class=MEASURED, help="older point this one revisits"
    )
    design_number = Integer(
        1,
        limits.DESIGNS_MAX,
        field_class=MEASURED,
        help="number of the design of its plot that drew it",
    )
    note = note()
    attachments = attachments()
    explained = explained()


class Campaign:
    """One round of sampling."""

    name = Code(
        required=True, field_class=MEASURED, help="short name, unique in a project"
    )
    start_date = Day(
        required=True, group="period", field_class=MEASURED, help="first day"
    )
    end_date = Day(group="period", field_class=MEASURED, help="last day")
    purpose = Choice(v.CAMPAIGN_PURPOSE, required=True, help="baseline or resampling")
    protocol = Text(help="name of the sampling protocol")
    crew = NameSet(field_class=FieldClass.SET, help="who sampled")
    season_note = note()
    note = note()
    attachments = attachments()
    explained = explained()
