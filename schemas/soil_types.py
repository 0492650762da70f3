"""Record types of soil: cores, bags, what the laboratory found."""

from schemas import limits
from schemas import vocabulary as v
from schemas.common_fields import (
    MEASURED,
    analyte,
    attachments,
    censored,
    detection_limit,
    explained,
    found_value,
    latitude,
    longitude,
    note,
    unit,
)
from schemas.fields import (
    Choice,
    Code,
    Day,
    Flag,
    Id,
    Instant,
    Integer,
    Number,
    Text,
)


class Core:
    """A hole at a point in a campaign."""

    point_id = Id("point", required=True, field_class=MEASURED, help="point")
    campaign_id = Id("campaign", required=True, field_class=MEASURED, help="campaign")
    number = Integer(
        1,
        limits.CORES_MAX,
        required=True,
        field_class=MEASURED,
        help="1 for the first core at this point in this campaign",
    )
    sampled_at = Instant(
        required=True,
        precision="sampled_precision",
        field_class=MEASURED,
        group="time",
        help="when, with offset",
    )
    sampled_precision = Choice(
        v.TIME_PRECISION,
        field_class=MEASURED,
        group="time",
        help="how exactly it is known",
    )
    lon = longitude()
    lat = latitude()
    accuracy_m = Number(
        0,
        limits.ACCURACY_MAX_M,
        field_class=MEASURED,
        group="place",
        help="GPS accuracy, m",
    )
    position_source = Choice(
        v.POSITION_SOURCE,
        field_class=MEASURED,
        group="place",
        help="what the position was read from",
    )
    fix_quality = Choice(
        v.FIX_QUALITY,
        field_class=MEASURED,
        group="place",
        help="how the receiver knew its position",
    )
    satellites = Integer(
        0,
        limits.SATELLITES_MAX,
        field_class=MEASURED,
        group="place",
        help="satellites in use",
    )
    fixes_averaged = Integer(
        1,
        limits.FIXES_MAX,
        field_class=MEASURED,
        group="place",
        help="fixes that the position is the mean of",
    )
    fix_sigma_m = Number(
        0,
        limits.ACCURACY_MAX_M,
        field_class=MEASURED,
        group="place",
        help="standard deviation of those fixes, m",
    )
    fix_age_s = Number(
        0,
        limits.FIX_AGE_MAX_S,
        field_class=MEASURED,
        group="place",
        help="age of the last fix when it was taken over, s",
    )
    receiver = Text(
        field_class=MEASURED, group="place", help="name of the receiver or phone"
    )
    moved_because = Text(
        field_class=MEASURED, help="why it is not at the planned place"
    )
    represents = Choice(
        v.REPRESENTS,
        field_class=MEASURED,
        help="plot: a ring whose bulk density is that of the whole plot",
    )
    tool = Choice(v.TOOL, field_class=MEASURED, group="tool", help="sampling tool")
    inner_diameter_mm = Number(
        *limits.PROBE_DIAMETER_MM,
        field_class=MEASURED,
        group="tool",
        help="inner diameter, mm",
    )
    cores_composited = Integer(
        1,
        limits.CORES_MAX,
        field_class=MEASURED,
        group="tool",
        help="number of cores in one bag",
    )
    composite_radius_m = Number(
        0, limits.RADIUS_MAX_M, field_class=MEASURED, group="tool", help="radius, m"
    )
    depth_reached_cm = Number(
        0,
        limits.DEPTH_MAX_CM,
        field_class=MEASURED,
        group="reach",
        help="depth reached, cm",
    )
    stop_reason = Choice(
        v.STOP_REASON, field_class=MEASURED, group="reach", help="why it stopped there"
    )
    core_length_cm = Number(
        0,
        limits.DEPTH_MAX_CM,
        field_class=MEASURED,
        help="length of the core taken, cm",
    )
    note = note()
    attachments = attachments()
    explained = explained()


class Sample:
    """One bag: one layer of a core."""

    core_id = Id("core", required=True, field_class=MEASURED, help="core")
    sample_code = Code(
        required=True,
        field_class=MEASURED,
        help="label of the bag, unique in a project",
    )
    depth_top_cm = Number(
        0,
        limits.DEPTH_MAX_CM,
        required=True,
        field_class=MEASURED,
        group="depth",
        help="top, cm",
    )
    depth_bottom_cm = Number(
        0,
        limits.DEPTH_MAX_CM,
        required=True,
        low_open=True,
        field_class=MEASURED,
        group="depth",
        help="bottom, cm",
    )
    field_mass_g = Number(
        0,
        limits.MASS_MAX_G,
        field_class=MEASURED,
        group="soil",
        help="mass as taken, g",
    )
    fine_dry_mass_g = Number(
        0,
        limits.MASS_MAX_G,
        field_class=MEASURED,
        group="soil",
        help="dry mass < 2 mm, g",
    )
    coarse_dry_mass_g = Number(
        0,
        limits.MASS_MAX_G,
        field_class=MEASURED,
        group="soil",
        help="dry mass > 2 mm, g",
    )
    volume_cm3 = Number(
        0,
        limits.VOLUME_MAX_CM3,
        low_open=True,
        field_class=MEASURED,
        group="soil",
        help="volume, cm3",
    )
    bulk_density_g_cm3 = Number(
        *limits.BULK_DENSITY_WHOLE_G_CM3,
        field_class=MEASURED,
        group="soil",
        other_unit=("kg/m3", 1000.0),
        help="bulk density, g/cm3, or typed as 1300kg/m3",
    )
    bulk_density_definition = Choice(
        v.BULK_DENSITY_DEFINITION,
        field_class=MEASURED,
        group="soil",
        help="which mass over which volume",
    )
    bulk_density_method = Choice(
        v.BULK_DENSITY_METHOD,
        field_class=MEASURED,
        group="soil",
        help="how it was found",
    )
    mass_moisture = Choice(
        v.MOISTURE,
        field_class=MEASURED,
        group="soil",
        help="water state of masses, density",
    )
    coarse_fragments_pct = Number(
        0,
        100,
        high_open=True,
        field_class=MEASURED,
        group="soil",
        help="coarse fragments, %",
    )
    coarse_fragments_basis = Choice(
        v.FRAGMENTS_BASIS,
        field_class=MEASURED,
        group="soil",
        help="% of mass or of volume",
    )
    fragment_density_g_cm3 = Number(
        *limits.FRAGMENT_DENSITY_G_CM3,
        field_class=MEASURED,
        group="soil",
        help="density of the fragments, g/cm3",
    )
    water_g_g = Number(
        0,
        limits.WATER_MAX_G_G,
        field_class=MEASURED,
        group="soil",
        help="water by oven-dry mass, g/g",
    )
    horizon = Code(help="horizon symbol")
    carbonate_class = Choice(
        v.CARBONATE_CLASS, field_class=MEASURED, help="how the soil reacts with acid"
    )
    duplicate_of = Code(
        field_class=MEASURED,
        help="label of the bag that holds the same soil: a blind duplicate",
    )
    sent_to_lab = Text(
        field_class=MEASURED, group="sent", help="laboratory that the bag was sent to"
    )
    sent_batch = Code(
        field_class=MEASURED, group="sent", help="batch or parcel it was sent in"
    )
    sent_on = Day(field_class=MEASURED, group="sent", help="day it was sent")
    note = note()
    attachments = attachments()
    explained = explained()


class Result:
    """One laboratory value of a sample."""

    sample_id = Id("sample", required=True, field_class=MEASURED, help="sample")
    analyte = analyte()
    replicate = Integer(
        1,
        limits.REPLICATES_MAX,
        required=True,
        field_class=MEASURED,
        help="1 for the first measurement",
    )
    value = found_value("value")
    unit = unit("unit")
    method = Choice(
        v.LAB_METHOD,
        required=True,
        field_class=MEASURED,
        group="value",
        help="procedure",
    )
    censored = censored()
    detection_limit = detection_limit("detection limit, same unit")
    moisture = Choice(
        v.MOISTURE, field_class=MEASURED, group="value", help="water state of the value"
    )
    recovery_factor = Number(
        *limits.RECOVERY_FACTOR,
        field_class=MEASURED,
        group="value",
        help="factor for incomplete recovery",
    )
    recovery_applied = Flag(
        field_class=MEASURED, group="value", help="the laboratory applied the factor"
    )
    lab = Text(help="laboratory")
    lab_batch = Code(help="batch of the laboratory")
    analysed_on = Day(help="day of analysis")
    note = note()
    explained = explained()
