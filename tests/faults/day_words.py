"""What people type on the seven-laptop day: words of real commands, from a seed."""

from dataclasses import dataclass, field
from typing import Any

#: The kinds of records that people add, and how often; parents come first.
ADDED = {
    "organisation": 0.3,
    "plot": 2,
    "practice": 1,
    "campaign": 1,
    "point": 3,
    "core": 4,
    "sample": 6,
    "result": 8,
}
#: What a record of a kind needs to be there: the option that names it, and its kind.
PARENTS = {
    "practice": {"plot": "plot"},
    "point": {"plot": "plot"},
    "core": {"point": "point", "campaign": "campaign"},
    "sample": {"core": "core"},
    "result": {"sample": "sample"},
}
#: How often a record of a kind is edited, and how often deleted.
EDITED = {**ADDED, "project": 1, "plot": 4, "campaign": 2, "sample": 8, "result": 9}
DELETED = {"result": 6, "sample": 3, "practice": 1, "core": 1, "point": 1, "plot": 1}
LAND = ("cropland", "grassland", "forest", "wetland", "other")
FAMILIES = ("agroecology", "agroforestry", "regenerative")
TOOLS = ("probe", "corer", "auger", "ring", "pit")
STOPS = ("planned_depth", "bedrock", "hardpan", "refusal", "water")
CARBONATES = ("none", "slight", "moderate", "strong", "extreme")
UNITS = ("g_kg", "pct", "g_kg", "pct", "g_g")
METHODS = ("dry_combustion", "dry_combustion_analyser", "walkley_black", "tinsley")
ANALYTES = ("soc", "total_carbon", "organic_matter")
CREW = ("Ada", "Bo", "Chi", "Dan", "Eva")


@dataclass(frozen=True)
class Typed:
    """The words of a command, and the fields whose values they give."""

    words: tuple[str, ...]
    says: dict[str, Any] = field(default_factory=dict)


def number(low, high):
    """Return a writer of numbers with two decimals, few of them alike."""
    return lambda rng: f"{rng.uniform(low, high):.2f}"


def one_of(values):
    return lambda rng: rng.choice(values)


def note(rng):
    return f"note {rng.randrange(10**6)}"


def day(rng):
    return (
        f"20{rng.randrange(20, 26)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    )


def crew(rng):
    return rng.sample(CREW, 2)


#: The single fields that people edit, by kind. Most belong to a group of several.
FIELDS = {
    "organisation": {"note": note, "target_permille_year": number(1, 9)},
    "project": {
        "title": note,
        "note": note,
        "sampled_area_ha": number(500, 900),
        "plot_selection": one_of(("random_sample", "all")),
        "reference_depth_cm": one_of(("20", "30", "40")),
    },
    "plot": {
        "area_ha": number(1, 9),
        "land_use": one_of(LAND),
        "stratum": one_of(("wet", "dry", "steep")),
        "note": note,
        "code": one_of("ABCDEFGHIJ"),
    },
    "practice": {"from_date": day, "to_date": day, "note": note},
    "campaign": {
        "start_date": day,
        "end_date": day,
        "purpose": one_of(("baseline", "resampling")),
        "crew": crew,
        "note": note,
    },
    "point": {"lon": number(0, 9), "lat": number(40, 50), "note": note},
    "core": {
        "tool": one_of(TOOLS),
        "inner_diameter_mm": number(20, 90),
        "cores_composited": one_of(("1", "3", "5")),
        "lon": number(0, 9),
        "lat": number(40, 50),
        "accuracy_m": number(1, 9),
        "depth_reached_cm": number(60, 100),
        "stop_reason": one_of(STOPS),
        "core_length_cm": number(30, 60),
        "note": note,
    },
    "sample": {
        "depth_top_cm": number(0, 15),
        "depth_bottom_cm": number(10, 50),
        "field_mass_g": number(200, 900),
        "fine_dry_mass_g": number(100, 300),
        "coarse_dry_mass_g": number(1, 50),
        "volume_cm3": number(150, 400),
        "carbonate_class": one_of(CARBONATES),
        "sample_code": lambda rng: f"B{rng.randrange(60)}",
        "horizon": one_of(("A", "Ap", "B", "C")),
        "note": note,
    },
    "result": {
        "value": number(1, 20),
        "unit": one_of(UNITS),
        "method": one_of(METHODS),
        "detection_limit": number(0, 1),
        "lab_batch": lambda rng: f"L{rng.randrange(10**5)}",
        "note": note,
    },
}
#: Values that no laptop may take, whatever stands there.
WRONG = (
    ("plot", "area_ha", "-3"),
    ("sample", "depth_bottom_cm", "700"),
    ("core", "inner_diameter_mm", "1"),
    ("result", "value", "nine"),
    ("campaign", "start_date", "2026-13-01"),
)


def given(says):
    """Return the options that give these fields their values."""
    for name, value in says.items():
        for one in value if isinstance(value, list) else [value]:
            yield from (f"--{name.replace('_', '-')}", one)


def addition(rng, known, project):
    """Return the addition of a record whose parents are known here."""
    ready = [
        kind
        for kind in ADDED
        if all(known(parent) for parent in PARENTS.get(kind, {}).values())
    ]
    kind = rng.choices(ready, [ADDED[name] for name in ready])[0]
    parents = {
        option: rng.choice(known(parent))["id"]
        for option, parent in PARENTS.get(kind, {}).items()
    }
    says = NEW[kind](rng)
    if rng.random() < 0.5:
        says |= {k: v for k, v in some_fields(rng, kind).items() if k not in says}
    words = [kind, "add", "--project", project, *given(parents), *given(says)]
    return Typed(tuple(words), says)


#: What a new record is given. Codes come from few, so that laptops meet in them.
NEW = {
    "organisation": lambda rng: {
        "code": rng.choice("XYZ"),
        "name": note(rng),
        "kind": rng.choice(("member", "partner")),
    },
    "plot": lambda rng: {"code": rng.choice("ABCDEFGHIJ")},
    "practice": lambda rng: {
        "family": rng.choice(FAMILIES),
        "what": f"hedges {rng.randrange(4)}",
        "from_date": day(rng),
    },
    "campaign": lambda rng: {
        "name": f"202{rng.randrange(6)}",
        "start_date": day(rng),
        "purpose": "baseline",
    },
    "point": lambda rng: {"code": rng.choice("123")},
    "core": lambda rng: {
        "sampled_at": f"{day(rng)}T10:{rng.randrange(60):02}:00+02:00",
        "number": rng.choice("12"),
    },
    "sample": lambda rng: {
        "sample_code": f"B{rng.randrange(60)}",
        "depth_top_cm": f"{rng.randrange(10)}",
        "depth_bottom_cm": f"{rng.randrange(20, 50)}",
    },
    "result": lambda rng: {
        "analyte": rng.choice(ANALYTES),
        "value": number(1, 20)(rng),
        "unit": rng.choice(UNITS[:2]),
        "method": rng.choice(METHODS),
    },
}


def some_fields(rng, kind):
    """Return one field of a kind with a value, now and then two."""
    count = 2 if rng.random() < 0.2 else 1
    return {
        name: FIELDS[kind][name](rng) for name in rng.sample([*FIELDS[kind]], count)
    }


def edition(rng, known):
    """Return an edit of a record that is known here, of one field most often."""
    kind = rng.choices([*EDITED], EDITED.values())[0]
    if not known(kind):
        return None
    one, says = rng.choice(known(kind)), some_fields(rng, kind)
    return Typed((kind, "edit", one["id"], *given(says)), says)


def mistake(rng, known):
    """Return an edit that the laptop has to refuse."""
    kind, name, value = rng.choice(WRONG)
    if not known(kind):
        return None
    words = (kind, "edit", rng.choice(known(kind))["id"], *given({name: value}))
    return Typed(words)


def correction(rng, entry):
    """Return what is typed to an entry of the fix list."""
    words, kind = ["fix", entry["record"]], entry["type"]
    chance = rng.random()
    if chance < 0.25:
        return Typed((*words, "--discard", "--reason", "typed twice", "--yes"))
    if chance < 0.5 or entry["op"] != "put":
        return Typed((*words, "--resend"))
    if any(why.get("path") == "sample_code" for why in entry["reasons"]):
        says = {"sample_code": f"C{rng.randrange(10**6)}"}
    else:
        says = some_fields(rng, kind)
    return Typed((*words, *settings(says)), says)


def settings(says):
    """Return fields and values as FIELD=VALUE."""
    for name, value in says.items():
        yield "--set"
        yield f"{name}={','.join(value) if isinstance(value, list) else value}"


def choice(rng, conflict):
    """Return the words that decide a conflict, and what they set."""
    names = [*conflict["stood"], *conflict["other"]]
    known = [name for name in names if name in FIELDS.get(conflict["type"], {})]
    if rng.random() < 0.3 and known and conflict["group"] != "*":
        name = rng.choice(known)
        says = {name: FIELDS[conflict["type"]][name](rng)}
        return Typed(tuple(settings(says)), says)
    return Typed(rng.choice((("--keep",), ("--take", conflict["device"]))))


def table(rng):
    """Return the lines of a small table of a laboratory."""
    yield "plot,point,date,top,bottom,soc,note"
    plot, point = rng.choice("ABCDEFGHIJ"), rng.choice("123")
    for layer in range(rng.randrange(1, 4)):
        top = 10 * layer
        soc = number(1, 20)(rng)
        yield f"{plot},{point},2026-05-03,{top},{top + 10},{soc},{note(rng)}"


def in_order(found):
    """Return what was found in an order that does not follow from random ids."""
    said = ("type", "name", "group", "stood", "other", "op", "fields")
    return sorted(found, key=lambda one: repr([one.get(name) for name in said]))
