"""The nine record types: one schema each, with the group and class of its fields.

`MEASUREMENT` covers what was observed and what identifies a record: it is only
replaced by someone who had seen it. A group is judged as one, so that a depth
top never meets another author's depth bottom.
"""

from typing import Final

from marshmallow import Schema

from schemas import limits
from schemas import vocabulary as v
from schemas.attachments import Attachments
from schemas.fields import (
    Choice,
    Code,
    Country,
    Day,
    FieldClass,
    Flag,
    Geometry,
    Id,
    Instant,
    Integer,
    Number,
    Text,
)
from schemas.lists import NameSet, StratumAreas

_M: Final = FieldClass.MEASUREMENT


def _note() -> Text:
    return Text(most=limits.NOTE_CHARS, help="free text")


def _attachments() -> Attachments:
    return Attachments(field_class=FieldClass.SET, help="photos and field sheets")


def _lon(group: str) -> Number:
    return Number(-180, 180, field_class=_M, group=group, help="longitude, WGS84")


def _lat(group: str) -> Number:
    return Number(-90, 90, field_class=_M, group=group, help="latitude, WGS84")


class Organisation(Schema):
    """A member or partner of the Initiative that runs projects."""

    code = Code(required=True, field_class=_M, help="short name")
    name = Text(required=True, help="full name")
    country = Country(help="ISO 3166-1 alpha-2")
    kind = Choice(v.ORGANISATION_KIND, required=True, help="member or partner")
    college = Choice(v.COLLEGE, help="college of the Initiative")
    target_permille_year = Number(
        *limits.TARGET_PERMILLE_YEAR, field_class=_M, help="own target, permille a year"
    )
    note = _note()


class Project(Schema):
    """A set of plots that is sampled and judged together."""

    code = Code(required=True, field_class=_M, help="short name")
    title = Text(required=True, help="full title")
    organisation_id = Id("organisation", field_class=_M, help="who runs it")
    country = Country(help="ISO 3166-1 alpha-2")
    reference_depth_cm = Number(
        0,
        limits.DEPTH_MAX_CM,
        low_open=True,
        field_class=_M,
        help="depth of the stock, cm; 30 when not given",
    )
    stock_method_profile = Choice(
        v.STOCK_METHOD_PROFILE, field_class=_M, help="rules of derivation"
    )
    stock_mass_basis = Choice(
        v.STOCK_MASS_BASIS, field_class=_M, help="mass held equal; the profile's own"
    )
    stock_reference = Choice(
        v.STOCK_REFERENCE, field_class=_M, help="baseline mass; the profile's own"
    )
    stock_reference_mass_t_ha = Number(
        0,
        limits.SOIL_MASS_MAX_T_HA,
        low_open=True,
        field_class=_M,
        help="a reference mass of its own, t/ha; instead of the baseline's",
    )
    plot_selection = Choice(
        v.PLOT_SELECTION,
        field_class=_M,
        group="selection",
        help="how the plots were chosen; all when not given",
    )
    sampled_area_ha = Number(
        0,
        limits.AREA_MAX_HA,
        low_open=True,
        field_class=_M,
        group="selection",
        help="all land the plots were drawn from, ha; with random_sample",
    )
    sampled_strata_ha = StratumAreas(
        field_class=_M,
        group="selection",
        help="all land of each stratum whose plots were drawn, ha; with random_sample",
    )
    note = _note()


class Plot(Schema):
    """A piece of land with one number: its stock change."""

    code = Code(required=True, field_class=_M, help="short name, unique in a project")
    name = Text(help="name people use")
    geometry = Geometry(field_class=_M, help="GeoJSON polygon, WGS84")
    area_ha = Number(
        0, limits.AREA_MAX_HA, low_open=True, field_class=_M, help="area, ha"
    )
    land_use = Choice(v.LAND_USE, help="land use")
    stratum = Code(help="stratum of the sampling design")
    farm = Text(help="label of the farm")
    note = _note()
    attachments = _attachments()


class Practice(Schema):
    """What was done on a plot, and when."""

    plot_id = Id("plot", required=True, field_class=_M, help="plot")
    family = Choice(
        v.PRACTICE_FAMILY, required=True, field_class=_M, help="practice family"
    )
    what = Text(required=True, field_class=_M, help="what was done")
    from_date = Day(group="period", field_class=_M, help="first day")
    to_date = Day(group="period", field_class=_M, help="last day")
    note = _note()


class Point(Schema):
    """A planned place to sample."""

    plot_id = Id("plot", required=True, field_class=_M, help="plot")
    code = Code(required=True, field_class=_M, help="short name, unique in a plot")
    lon = _lon("place")
    lat = _lat("place")
    revisits_point_id = Id(
        "point", field_class=_M, help="older point this one revisits"
    )
    note = _note()
    attachments = _attachments()


class Campaign(Schema):
    """One round of sampling."""

    name = Code(required=True, field_class=_M, help="short name, unique in a project")
    start_date = Day(required=True, group="period", field_class=_M, help="first day")
    end_date = Day(group="period", field_class=_M, help="last day")
    purpose = Choice(v.CAMPAIGN_PURPOSE, required=True, help="baseline or resampling")
    protocol = Text(help="name of the sampling protocol")
    crew = NameSet(field_class=FieldClass.SET, help="who sampled")
    season_note = _note()
    note = _note()
    attachments = _attachments()


class Core(Schema):
    """A hole at a point in a campaign."""

    point_id = Id("point", required=True, field_class=_M, help="point")
    campaign_id = Id("campaign", required=True, field_class=_M, help="campaign")
    number = Integer(
        1,
        limits.CORES_MAX,
        required=True,
        field_class=_M,
        help="1 for the first core at this point in this campaign",
    )
    sampled_at = Instant(
        required=True,
        precision="sampled_precision",
        field_class=_M,
        group="time",
        help="when, with offset",
    )
    sampled_precision = Choice(
        v.TIME_PRECISION, field_class=_M, group="time", help="how exactly it is known"
    )
    lon = _lon("place")
    lat = _lat("place")
    accuracy_m = Number(
        0, limits.ACCURACY_MAX_M, field_class=_M, group="place", help="GPS accuracy, m"
    )
    tool = Choice(v.TOOL, field_class=_M, group="tool", help="sampling tool")
    inner_diameter_mm = Number(
        *limits.PROBE_DIAMETER_MM,
        field_class=_M,
        group="tool",
        help="inner diameter, mm",
    )
    cores_composited = Integer(
        1,
        limits.CORES_MAX,
        field_class=_M,
        group="tool",
        help="number of cores in one bag",
    )
    composite_radius_m = Number(
        0, limits.RADIUS_MAX_M, field_class=_M, group="tool", help="radius, m"
    )
    depth_reached_cm = Number(
        0, limits.DEPTH_MAX_CM, field_class=_M, group="reach", help="depth reached, cm"
    )
    stop_reason = Choice(
        v.STOP_REASON, field_class=_M, group="reach", help="why it stopped there"
    )
    core_length_cm = Number(
        0, limits.DEPTH_MAX_CM, field_class=_M, help="length of the core taken, cm"
    )
    note = _note()
    attachments = _attachments()


class Sample(Schema):
    """One bag: one layer of a core."""

    core_id = Id("core", required=True, field_class=_M, help="core")
    sample_code = Code(
        required=True, field_class=_M, help="label of the bag, unique in a project"
    )
    depth_top_cm = Number(
        0,
        limits.DEPTH_MAX_CM,
        required=True,
        field_class=_M,
        group="depth",
        help="top, cm",
    )
    depth_bottom_cm = Number(
        0,
        limits.DEPTH_MAX_CM,
        required=True,
        low_open=True,
        field_class=_M,
        group="depth",
        help="bottom, cm",
    )
    field_mass_g = Number(
        0, limits.MASS_MAX_G, field_class=_M, group="soil", help="mass as taken, g"
    )
    fine_dry_mass_g = Number(
        0, limits.MASS_MAX_G, field_class=_M, group="soil", help="dry mass < 2 mm, g"
    )
    coarse_dry_mass_g = Number(
        0, limits.MASS_MAX_G, field_class=_M, group="soil", help="dry mass > 2 mm, g"
    )
    volume_cm3 = Number(
        0,
        limits.VOLUME_MAX_CM3,
        low_open=True,
        field_class=_M,
        group="soil",
        help="volume, cm3",
    )
    bulk_density_g_cm3 = Number(
        *limits.BULK_DENSITY_WHOLE_G_CM3,
        field_class=_M,
        group="soil",
        help="bulk density, g/cm3",
    )
    bulk_density_definition = Choice(
        v.BULK_DENSITY_DEFINITION,
        field_class=_M,
        group="soil",
        help="which mass over which volume",
    )
    bulk_density_method = Choice(
        v.BULK_DENSITY_METHOD, field_class=_M, group="soil", help="how it was found"
    )
    mass_moisture = Choice(
        v.MOISTURE, field_class=_M, group="soil", help="water state of masses, density"
    )
    coarse_fragments_pct = Number(
        0,
        100,
        high_open=True,
        field_class=_M,
        group="soil",
        help="coarse fragments, %",
    )
    coarse_fragments_basis = Choice(
        v.FRAGMENTS_BASIS, field_class=_M, group="soil", help="% of mass or of volume"
    )
    fragment_density_g_cm3 = Number(
        *limits.FRAGMENT_DENSITY_G_CM3,
        field_class=_M,
        group="soil",
        help="density of the fragments, g/cm3",
    )
    water_g_g = Number(
        0,
        limits.WATER_MAX_G_G,
        field_class=_M,
        group="soil",
        help="water by oven-dry mass, g/g",
    )
    horizon = Code(help="horizon symbol")
    carbonate_class = Choice(
        v.CARBONATE_CLASS, field_class=_M, help="how the soil reacts with acid"
    )
    note = _note()
    attachments = _attachments()


class Result(Schema):
    """One laboratory value of a sample."""

    sample_id = Id("sample", required=True, field_class=_M, help="sample")
    analyte = Choice(v.ANALYTE, required=True, field_class=_M, help="what")
    replicate = Integer(
        1,
        limits.REPLICATES_MAX,
        required=True,
        field_class=_M,
        help="1 for the first measurement",
    )
    value = Number(
        -limits.RESULT_MAX,
        limits.RESULT_MAX,
        field_class=_M,
        group="value",
        help="value",
    )
    unit = Choice(v.UNIT, required=True, field_class=_M, group="value", help="unit")
    method = Choice(
        v.LAB_METHOD, required=True, field_class=_M, group="value", help="procedure"
    )
    censored = Choice(
        v.CENSORED, field_class=_M, group="value", help="< below detection limit"
    )
    detection_limit = Number(
        0,
        limits.RESULT_MAX,
        field_class=_M,
        group="value",
        help="detection limit, same unit",
    )
    moisture = Choice(
        v.MOISTURE, field_class=_M, group="value", help="water state of the value"
    )
    recovery_factor = Number(
        *limits.RECOVERY_FACTOR,
        field_class=_M,
        group="value",
        help="factor for incomplete recovery",
    )
    recovery_applied = Flag(
        field_class=_M, group="value", help="the laboratory applied the factor"
    )
    lab = Text(help="laboratory")
    lab_batch = Code(help="batch of the laboratory")
    analysed_on = Day(help="day of analysis")
    note = _note()
