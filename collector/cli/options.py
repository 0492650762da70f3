"""The options of a record type, made from its fields, and read back."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.output import say
from collector.errors import UsageError
from collector.record import names, typed_times
from collector.record.labels import as_meant
from schemas import fields as kinds
from schemas.attachments import Attachments
from schemas.evolve import former_names
from schemas.explained import Explanations
from schemas.lists import Depths, NameSet, StratumAreas
from schemas.phrases import _, named
from schemas.questions.field import Questions
from schemas.record_words import TYPE_WORDS
from schemas.records import TYPES
from schemas.settings import field_named, read_texts
from schemas.told import option_name, told

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop

#: The options that together name a record of this type.
PARTS: Final = {
    "point": ("plot", "point"),
    "core": ("core", "plot", "point", "campaign", "core_number"),
}


_NO_OPTION: Final = (kinds.Id, Attachments, Explanations, Questions)

_FORMS: Final = {
    Depths: "'CM CM ...'",
    kinds.Integer: "NUMBER",
    kinds.Number: "NUMBER",
    kinds.Day: "DATE",
    kinds.Instant: "DATE [TIME]",
}


def reference_options(record_type: str) -> list[click.Option]:
    """Return the options that name the records this type refers to."""
    wanted: dict[str, str] = {}
    for field, target in TYPES[record_type].references.items():
        if field == "revisits_point_id":
            wanted["revisits_point"] = "Older point this one revisits: PLOT/CODE."
            continue
        for part in PARTS.get(target, (target,)):
            form = names.FORMS.get(part, "NUMBER")
            wanted.setdefault(part, f"{part.replace('_', ' ').capitalize()}: {form}.")
    return [
        click.Option([_flag(name)], metavar=_metavar(name), help=text)
        for name, text in wanted.items()
    ]


def refuse_two_points(where: str | None, given: Mapping[str, Any]) -> None:
    """Refuse a point that is an argument and stands in options, too.

    Raises
    ------
    UsageError
        If it does.
    """
    if where is not None and (given.get("plot") or given.get("point")):
        raise UsageError(
            _("the point is typed twice"), _("leave out --plot and --point")
        )


def _metavar(name: str) -> str:
    return "N" if name == "core_number" else "NAME"


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def field_options(
    record_type: str, said: Mapping[str, str] | None = None
) -> list[click.Parameter]:
    """Return one option per field, references by their codes.

    `said` tells by the names of fields what a command does without them.
    """
    options: list[click.Parameter] = list(reference_options(record_type))
    without = {} if said is None else said
    for name, field in TYPES[record_type].fields.items():
        # Files are attached, and warnings explained, by commands of their own.
        if not isinstance(field, _NO_OPTION):
            former = former_names(record_type, name)
            remark = without.get(name, "")
            options.append(_field_option(name, field, former, remark))
    if "position_source" in TYPES[record_type].fields:
        text = "Take the position from the receiver that permille position saved."
        options.append(click.Option(["--here"], is_flag=True, help=text))
    return options


def without_them(record_type: str, **filled_in: str) -> dict[str, str]:
    """Return what becomes of fields of a new record that are not given, in words.

    `filled_in` are those that a command fills in by itself.
    """
    from collector.record.entry import DEFAULTS

    usual = {
        name: "as exactly as it was typed"
        if name.endswith("_precision")
        else f"default: {told(value)}"
        for name, value in DEFAULTS.get(record_type, {}).items()
    }
    fields = TYPES[record_type].fields
    required = {name: "required" for name, field in fields.items() if field.required}
    return {**required, **usual, **filled_in}


def _field_option(
    name: str, field: kinds.PlainField, former: list[str], remark: str
) -> click.Option:
    text = f"{field.help} ({remark})" if remark else field.help
    declared, settings = [_flag(name)], dict[str, Any]()
    match field:
        case kinds.Flag():
            declared = [f"{_flag(name)}/--no-{name.replace('_', '-')}"]
            settings = {"default": None}
        case NameSet():
            settings = {"multiple": True, "metavar": "NAME"}
        case StratumAreas():
            settings = {"multiple": True, "metavar": "NAME=HA"}
        case kinds.Geometry():
            kind = click.Path(exists=True, dir_okay=False, path_type=Path)
            settings = {"type": kind}
            text = "Boundary, WGS84: a file of GeoJSON, KML or WKT, or a corner on each line."
        case kinds.Choice():
            settings = {"metavar": f"[{'|'.join(field.codes.codes)}]"}
        case _:
            declared += map(_flag, former)
            settings = {"metavar": _FORMS.get(type(field), "TEXT")}
    return click.Option(declared, help=text, **settings)


def read_fields(
    laptop: "Laptop", record_type: str, given: Mapping[str, Any], project_id: str | None
) -> dict[str, Any]:
    """Turn options into fields of the record."""
    entered: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for name, field in TYPES[record_type].fields.items():
        value = given.get(name)
        if isinstance(field, _NO_OPTION) or value is None or value == ():
            continue
        match field:
            case kinds.Geometry():
                entered[name] = read_geometry(value)
            case NameSet() | StratumAreas():
                entered[name] = field.read_items(value)
            case kinds.Flag():
                entered[name] = value
            case _:
                texts[name] = value
    entered |= read_texts(record_type, in_full(laptop, record_type, texts))
    if given.get("here"):
        entered |= position_here(laptop, entered)
    return entered | _references(laptop, record_type, given, project_id)


def position_here(laptop: "Laptop", entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return where this laptop is, as fields of a record, and say what is in doubt."""
    from collector.position.fix import in_words, position_fields
    from collector.position.here import USUAL_FIXES, Wanted, take
    from collector.position.receivers import receiver

    found = take(receiver(laptop, None), laptop.clock, Wanted(USUAL_FIXES))
    fields = position_fields(found.fix, found.taken_s)
    if typed := [option_name(name) for name in fields if name in entered]:
        raise UsageError(_("--here and --{option} exclude each other", option=typed[0]))
    say(named(_("here"), in_words(found.fix)), "  ", err=True)
    for said in found.doubts:
        say(_("warning: {text}", text=said), "  ", err=True)
    return fields


def in_full(
    laptop: "Laptop", record_type: str, texts: Mapping[str, str]
) -> dict[str, str]:
    """Return typed texts with days and times in full, and say what was filled in.

    The code of a label is what a scanner meant, whatever keyboard it was for.
    """
    found = typed_times.completed(laptop.clock, record_type, texts)
    for name, text in typed_times.filled_in(texts, found).items():
        said = _("{field} is {value}", field=option_name(name), value=text)
        say(said, err=True)
    if record_type == "sample" and "sample_code" in found:
        scan = as_meant(laptop, found["sample_code"])
        found["sample_code"] = scan.text
        if scan.words:
            say(scan.words, "  ", err=True)
    return found


def _references(
    laptop: "Laptop", record_type: str, given: Mapping[str, Any], project_id: str | None
) -> dict[str, str]:
    found = {}
    for field, target in TYPES[record_type].references.items():
        asked = given
        if field == "revisits_point_id":
            asked = {"point": given.get("revisits_point"), "plot": given.get("plot")}
        if project_id is None:
            if any(given.get(part) for part in PARTS.get(target, (target,))):
                raise UsageError(
                    _("a new project has no {type} yet", type=TYPE_WORDS[target]),
                    _(
                        "add it ({type}), then: {command}",
                        type=TYPE_WORDS[target],
                        command=f"permille {record_type} edit",
                    ),
                )
            continue
        view = names.refer(laptop.store, target, asked, project_id)
        if view is not None:
            found[field] = view.id
    return found


def with_only_campaign(
    laptop: "Laptop", record_type: str, given: Mapping[str, Any], project_id: str
) -> dict[str, Any]:
    """Fill in the campaign of a new record where the project has one only."""
    names_core = given.get("core") is None and (given.get("plot") or given.get("point"))
    if given.get("campaign") is not None or not (record_type == "core" or names_core):
        return dict(given)
    campaigns = laptop.store.records("campaign", project_id, limit=2)
    if "campaign" not in given or len(campaigns) != 1:
        return dict(given)
    return {**given, "campaign": campaigns[0].fields["name"]}


def ancestors(
    laptop: "Laptop", record_type: str, given: Mapping[str, Any], project_id: str | None
) -> list[str]:
    """Return the ids that listed records must belong to."""
    wanted = {name: value for name, value in given.items() if value is not None}
    if not wanted:
        return []
    store, ids = laptop.store, []
    home = project_id or names.the_project(store, None).id
    for name in wanted:
        target = "point" if name == "revisits_point" else name
        view = names.refer(store, target, {"core": "", **wanted}, home)
        assert view is not None, "an option that was given names a record"
        ids.append(view.id)
    assert record_type in TYPES
    return ids


def cleared(record_type: str, clear: tuple[str, ...]) -> list[str]:
    """Return the fields to empty, under their own names."""
    fields = [field_named(record_type, name) for name in clear]
    for name in fields:
        if name not in TYPES[record_type].fields:
            raise UsageError(
                _(
                    "{type} has no field {name}",
                    type=TYPE_WORDS[record_type],
                    name=name,
                ),
                _(
                    "one of: {known}",
                    known=", ".join(map(option_name, TYPES[record_type].fields)),
                ),
            )
    return fields


def read_geometry(path: Path) -> object:
    """Read the one boundary of a file.

    Raises
    ------
    RefusedError
        If the file holds no boundary, or several.
    """
    from collector.record.boundaries import boundary_in

    return boundary_in(path.name, path.read_bytes())
