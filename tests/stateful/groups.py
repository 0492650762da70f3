"""What people may type into each field of each record type: small tables.

They follow from the schemas, so that a new field or group takes part by itself. A
field has two or three values, so that people who do not know of each other often
mean the same one, or two that differ.
"""

from itertools import chain

from schemas.attachments import Attachments
from schemas.explained import Explanations
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
from schemas.lists import Depths, NameSet, StratumAreas
from schemas.plausibility.answers import ABOUT
from schemas.questions.field import Questions
from schemas.questions.form import fingerprint
from schemas.records import TYPES


class _AnyRecord:
    """Stands for the id of a record that the laptop shows."""

    def __repr__(self):
        return "ANY_RECORD"


ANY_RECORD = _AnyRecord()

#: The group of a record's deletion and return.
WHOLE = "*"

#: Values that mean something; all others follow from what the field takes.
TYPED = {
    ("result", "value"): (1.4, 14.0),
    ("result", "unit"): ("pct", "g_kg"),
    ("result", "detection_limit"): (0.1, 0.2),
    ("lab_control", "value"): (1.4, 14.0),
    ("lab_control", "unit"): ("pct", "g_kg"),
    ("lab_control", "first_value"): (1.3, 1.6),
    ("sample", "depth_top_cm"): (0.0, 5.0),
    ("sample", "depth_bottom_cm"): (20.0, 30.0),
    ("sample", "field_mass_g"): (900.0, 950.0),
    ("sample", "fine_dry_mass_g"): (500.0, 520.0),
    ("sample", "coarse_dry_mass_g"): (50.0, 60.0),
    ("sample", "volume_cm3"): (400.0, 420.0),
    ("sample", "bulk_density_g_cm3"): (1.2, 1.4),
    ("core", "inner_diameter_mm"): (40.0, 60.0),
    ("core", "depth_reached_cm"): (60.0, 90.0),
    ("campaign", "start_date"): ("2026-04-01", "2026-04-15"),
    ("campaign", "end_date"): ("2026-05-15", "2026-06-01"),
    ("practice", "from_date"): ("2026-01-01", "2026-02-01"),
    ("answer", "question"): ("slope", "stones"),
    ("answer", "value"): ("1", "2"),
    ("question_form", "fingerprint"): (fingerprint([]), "A"),
    ("practice", "to_date"): ("2026-03-01", "2026-03-15"),
}

BRIDGE = {
    "bridge_from": "walkley_black",
    "bridge_to": "dry_combustion",
    "bridge_factor": 1.25,
    "bridge_factor_se": 0.03,
    "bridge_pairs": 24,
    "bridge_low_g_kg": 5.0,
    "bridge_high_g_kg": 45.0,
}

#: What the project of a season asks of its own.
ASKED = [{"name": "slope", "type": "integer"}, {"name": "stones", "type": "integer"}]

#: Fields that only fit together are typed together.
TOGETHER = {
    ("result", "value"): (
        {"value": None, "censored": "<", "detection_limit": 0.1},
        {"value": 14.0, "censored": None, "detection_limit": None},
        {"value": 14.0, "unit": "g_kg"},
    ),
    ("lab_control", "value"): (
        {"value": None, "censored": "<", "detection_limit": 0.1},
        {"value": 14.0, "censored": None, "unit": "g_kg"},
    ),
    ("sample", "soil"): (
        {"bulk_density_g_cm3": 1.2, "bulk_density_definition": "whole"},
        {"coarse_fragments_pct": 2.0, "coarse_fragments_basis": "mass"},
    ),
    ("sample", "depth"): ({"depth_top_cm": 5.0, "depth_bottom_cm": 30.0},),
    ("project", "selection"): (
        {"plot_selection": "random_sample", "sampled_area_ha": 2.0},
        {"plot_selection": "random_sample", "sampled_strata_ha": {"clay": 2.0}},
        {
            "plot_selection": "all",
            "sampled_area_ha": None,
            "sampled_strata_ha": None,
        },
    ),
    ("project", "bridge"): (BRIDGE, BRIDGE | {"bridge_factor": 1.3}),
    ("question_form", "form"): (
        {"questions": ASKED[:1], "fingerprint": fingerprint(ASKED[:1])},
    ),
    ("answer", "about"): tuple(
        {**dict.fromkeys(ABOUT.values()), field: ANY_RECORD} for field in ABOUT.values()
    ),
    ("point", "place"): ({"lon": 1.0, "lat": 2.0}, {"lon": None, "lat": None}),
    ("core", "place"): ({"lon": 1.0, "lat": 2.0}, {"lon": None, "lat": None}),
}

#: What a new record of each type holds beside what it refers to.
STARTS = {
    "organisation": {"code": "S", "name": "An organisation", "kind": "member"},
    "project": {"code": "P1", "title": "Project P1"},
    "plot": {"code": "S", "area_ha": 1.0},
    "practice": {
        "family": "agroecology",
        "what": "cover crops",
        "from_date": "2026-01-01",
    },
    "design": {"number": 1, "method": "systematic", "seed": 7, "points_drawn": 3},
    "point": {"code": "S"},
    "campaign": {"name": "S", "start_date": "2026-04-01", "purpose": "baseline"},
    "core": {"number": 1, "sampled_at": "2026-04-02T10:00:00Z", "tool": "probe"},
    "sample": {
        "sample_code": "S",
        "depth_top_cm": 0.0,
        "depth_bottom_cm": 20.0,
        "fine_dry_mass_g": 500.0,
        "volume_cm3": 400.0,
    },
    "question_form": {
        "asked_of": "core",
        "number": 1,
        "questions": ASKED,
        "fingerprint": fingerprint(ASKED),
        "asked_from": "2026-04-01",
    },
    "answer": {"question": "slope", "value": "1"},
    "skip": {"because": "flooded"},
    "custody_event": {
        "step": "bagged",
        "at": "2026-04-02T10:00:00Z",
        "who": "Ada",
    },
    "result": {
        "analyte": "soc",
        "replicate": 1,
        "value": 1.4,
        "unit": "pct",
        "method": "dry_combustion",
    },
    "lab_control": {
        "lab": "L",
        "lab_batch": "B",
        "analyte": "soc",
        "kind": "duplicate",
        "code": "S",
        "number": 1,
        "value": 1.4,
        "first_value": 1.3,
        "unit": "pct",
    },
    "lab_batch": {
        "lab": "L",
        "lab_batch": "B",
        "analyte": "soc",
        "decision": "accepted",
        "reason": "x",
    },
}

#: What a new record refers to, though it might refer to something else instead.
REFERS = {"answer": {"core_id", "form_id"}}

#: Groups that laptops quarrel about most; they are drawn more often.
QUARRELS = (
    ("result", "value"),
    ("sample", "depth"),
    ("sample", "soil"),
    ("core", "tool"),
    ("campaign", "period"),
    ("plot", "area_ha"),
    ("plot", "code"),
)

_NUMBERS = (1.0, 2.0, 10.0, 20.0, 60.0)
_SQUARES = tuple(
    {
        "type": "Polygon",
        "coordinates": [[[0.0, 0.0], [x, 0.0], [x, x], [0.0, x], [0.0, 0.0]]],
    }
    for x in (1.0, 2.0)
)
_OF_KIND = (
    (Integer, (1, 2)),
    (Country, ("FR", "DE")),
    (Day, ("2026-04-10", "2026-04-20")),
    (Instant, ("2026-04-02T10:00:00Z", "2026-04-03T10:00:00Z")),
    (Flag, (True, False)),
    (Geometry, _SQUARES),
    (Depths, ([10.0, 30.0], [15.0, 30.0])),
    (StratumAreas, ({"clay": 2.0}, {"clay": 3.0})),
    (Explanations, (["a (b): c"], ["a (b): c", "d (e): f"])),
    (NameSet, (["Ada"], ["Ada", "Bo"])),
    (Questions, ([], [{"name": "slope", "type": "integer"}])),
    (Code, ("A", "B")),
    (Text, ("x", "y")),
)


def groups(kind):
    """Return the groups of a record type in order, each with its fields."""
    found = {}
    for name, group in TYPES[kind].groups.items():
        found.setdefault(group, []).append(name)
    return found


def is_measurement(kind, group):
    """Return whether a group is only replaced by somebody who had seen it."""
    names = groups(kind).get(group, [])
    fields = TYPES[kind].fields
    return bool(names) and fields[names[0]].field_class is FieldClass.MEASUREMENT


#: The measurement groups of each type, with their fields.
MEASUREMENTS = {
    kind: {g: names for g, names in groups(kind).items() if is_measurement(kind, g)}
    for kind in TYPES
}


def whole(kind, group, fields):
    """Return a group with all its fields; those that are empty are None."""
    return {name: fields.get(name) for name in GROUPS[kind][group]}


GROUPS = {kind: groups(kind) for kind in TYPES}


def alternatives(kind, name):
    """Return the values a person may type into a field; ids are drawn in the season."""
    typed = TYPED.get((kind, name))
    field = TYPES[kind].fields[name]
    if typed is not None:
        return typed
    if isinstance(field, Choice):
        return tuple(field.codes.codes)[:2]
    if isinstance(field, Number):
        return tuple(n for n in _NUMBERS if field.low < n < field.high)[:2]
    found = [values for of, values in _OF_KIND if isinstance(field, of)]
    return found[0] if found else ()


def is_reference(kind, name):
    """Return whether a field holds the id of another record."""
    return isinstance(TYPES[kind].fields[name], Id)


def patches(kind, group):
    """Return what a person may type of one group: single fields, and what fits together."""
    single = chain.from_iterable(_typed(kind, name) for name in GROUPS[kind][group])
    return [*single, *TOGETHER.get((kind, group), ())]


def _typed(kind, name):
    field = TYPES[kind].fields[name]
    if isinstance(field, Attachments):
        return []
    if is_reference(kind, name):
        found = [{name: ANY_RECORD}]
    else:
        found = [{name: value} for value in alternatives(kind, name)]
    return found if field.required else [*found, {name: None}]


#: Every group that people type into, with what they may type.
PATCHES = {
    (kind, group): found
    for kind in TYPES
    for group in GROUPS[kind]
    if (found := patches(kind, group))
}
