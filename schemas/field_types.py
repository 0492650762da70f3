"""Record types of the field day: how points were drawn, what was skipped, where bags are."""

from schemas import limits
from schemas import vocabulary as v
from schemas.common_fields import MEASURED, explained, note
from schemas.fields import Choice, Code, Day, Id, Instant, Integer, Number, Text


class Design:
    """How the points of a plot were drawn, so that anyone can draw them again."""

    plot_id = Id("plot", required=True, field_class=MEASURED, help="plot")
    number = Integer(
        1,
        limits.DESIGNS_MAX,
        required=True,
        field_class=MEASURED,
        help="1 for the first design of this plot",
    )
    method = Choice(
        v.DESIGN_METHOD,
        required=True,
        field_class=MEASURED,
        group="draw",
        help="how points were placed",
    )
    seed = Integer(
        0,
        limits.SEED_MAX,
        required=True,
        field_class=MEASURED,
        group="draw",
        help="what chance began with",
    )
    points_drawn = Integer(
        1,
        limits.DESIGN_POINTS_MAX,
        required=True,
        field_class=MEASURED,
        group="draw",
        help="how many points were drawn",
    )
    min_distance_m = Number(
        0,
        limits.RADIUS_MAX_M,
        field_class=MEASURED,
        group="draw",
        help="no two points are nearer, m",
    )
    edge_buffer_m = Number(
        0,
        limits.RADIUS_MAX_M,
        field_class=MEASURED,
        group="draw",
        help="no point is nearer to the boundary, m",
    )
    boundary_sha256 = Code(
        field_class=MEASURED,
        group="draw",
        help="SHA-256 of the boundary that was drawn in",
    )
    drawn_by = Code(
        field_class=MEASURED, group="draw", help="version of the way of drawing"
    )
    note = note()
    explained = explained()


class Skip:
    """A point that is not sampled in a campaign, and why."""

    point_id = Id("point", required=True, field_class=MEASURED, help="point")
    campaign_id = Id("campaign", required=True, field_class=MEASURED, help="campaign")
    because = Text(required=True, field_class=MEASURED, help="why")
    decided_on = Day(field_class=MEASURED, help="day it was decided")
    note = note()
    explained = explained()


class CustodyEvent:
    """What happened to a bag: who had it, when, where it went."""

    sample_id = Id("sample", required=True, field_class=MEASURED, help="sample")
    step = Choice(
        v.CUSTODY_STEP, required=True, field_class=MEASURED, help="what happened"
    )
    at = Instant(
        required=True,
        precision="at_precision",
        field_class=MEASURED,
        group="time",
        help="when, with offset",
    )
    at_precision = Choice(
        v.TIME_PRECISION,
        field_class=MEASURED,
        group="time",
        help="how exactly it is known",
    )
    who = Text(required=True, field_class=MEASURED, help="who did it")
    to_whom = Text(field_class=MEASURED, help="who took it over")
    box = Code(field_class=MEASURED, help="label of the box")
    place = Text(field_class=MEASURED, help="where it is then")
    note = note()
    explained = explained()
