"""The references of records, problems and reason codes, from their declarations."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import cleandoc
from typing import Any

from schemas import fields as f
from schemas import limits, rules
from schemas import vocabulary as v
from schemas.attachments import Attachments
from schemas.explained import Explanations
from schemas.lists import Depths, NameSet, StratumAreas
from schemas.problem_kinds import CHAPTERS, KINDS, WARNINGS
from schemas.questions.field import Questions
from schemas.records import TYPES, RecordType
from schemas.version import SCHEMA_VERSION

Row = Sequence[str]


def problems() -> str:
    """Return the page of every problem code."""
    parts = [
        "# Problem codes\n",
        (
            "A problem names its code, the field, the value, the reason and the next"
            " step. It has the same shape at entry on the laptop, in a verdict and in an"
            " HTTP problem document. Status is the HTTP status where the problem answers"
            " a request. Warnings never refuse a value.\n"
        ),
    ]
    for chapter, codes in CHAPTERS.items():
        parts.append(f"## {chapter}\n")
        rows = (
            (
                f"`{code}`",
                KINDS[code].text,
                KINDS[code].hint,
                "-" if code in WARNINGS else str(KINDS[code].status),
            )
            for code in codes
        )
        parts.append(table(("code", "what it says", "what to do", "status"), rows))
    return "\n".join(parts)


def server_limits() -> str:
    """Return the page of every limit of a server that its administrator may move."""
    from dataclasses import fields  # noqa: PLC0415

    from server.config import Limits  # noqa: PLC0415

    rows = (
        (
            f"`{each.name}`",
            f"{each.default:,}",
            f"{each.metadata['least']:,} to {each.metadata['most']:,}",
            each.metadata["says"],
        )
        for each in fields(Limits)
    )
    said = (
        "Shown and moved by `permille-server limits`. How they work together:"
        " [operating](../operations.md).\n"
    )
    head = ("name", "default", "may be", "what it bounds")
    return "\n".join(("# Limits of a server\n", said, table(head, rows)))


def reasons() -> str:
    """Return the page of every reason code beside a stock or a change."""
    from server.stocks.reasons import EXPLANATIONS  # noqa: PLC0415 - an extra

    rows = (
        (
            f"`{reason}`",
            said.meaning,
            said.what_to_do,
            said.verdict,
        )
        for reason, said in EXPLANATIONS.items()
    )
    return "\n".join(
        (
            "# Reason codes\n",
            (
                "A reason stands beside a stock or a change, or beside the null in its"
                " place. It is never an error: the record is kept, and whatever can be"
                " computed is computed. Where the verdict is withheld, the figures stay."
                " A code keeps its meaning for ever.\n"
            ),
            table(("code", "what it says", "what to do", "the verdict"), rows),
        )
    )


def records() -> str:
    """Return the page of every record type, code list and unit."""
    return "\n".join((*_head(), *map(_type, TYPES.values()), _units(), *_lists()))


def table(head: Row, rows: Iterable[Row]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _head() -> Iterator[str]:
    yield "# Records\n"
    yield (
        f"Schema version {SCHEMA_VERSION}. A record is a JSON object of these fields;"
        " numbers are plain numbers, in the unit that ends the name of their field."
        ' Nothing is coerced: `"12"` is not a number.\n'
    )
    yield (
        "The class of a field says how two writes meet whose authors had not seen"
        " each other. *measurement*: the first stands, the other is kept, a person"
        " decides. *descriptive*: the later stands, the earlier is kept as history."
        " *set*: both are kept. Fields of one group are judged as one.\n"
    )


def _type(kind: RecordType) -> str:
    key = ", ".join(f"`{part}`" for part in kind.key)
    parent = f" It belongs to what `{kind.parent}` names." if kind.parent else ""
    rows = (
        (
            f"`{name}`",
            field.help,
            takes(field),
            "yes" if field.required else "",
            str(field.field_class),
            field.group,
        )
        for name, field in kind.fields.items()
    )
    head = ("field", "meaning", "takes", "required", "class", "group")
    return "\n".join(
        (
            f"## {kind.name}\n",
            f"{cleandoc(kind.schema.__doc__ or '')} People know it by {key}.{parent}\n",
            table(head, rows),
        )
    )


def takes(field: f.PlainField) -> str:
    """Describe in words what a field takes."""
    return _TAKES[type(field)](field)


def _units() -> str:
    rows = (
        (f"`{analyte}`", f"`{unit}`", f"{low:g} to {high:g}")
        for analyte, units in rules.UNITS.items()
        for unit, (low, high) in units.items()
    )
    return "\n".join(
        ("## Units and limits of results\n", table(("analyte", "unit", "takes"), rows))
    )


def _lists() -> Iterator[str]:
    yield "## Code lists\n"
    yield (
        "Every list is closed. A concept is an IRI of GloSIS or AGROVOC; *none* means"
        " that no concept was found that says the same.\n"
    )
    for codes in v.ALL:
        rows = ((f"`{code}`", iri or "none") for code, iri in codes.codes.items())
        yield f"### {codes.name}\n\n{codes.meaning}\n"
        yield table(("code", "concept"), rows)


_TAKES: Mapping[type[f.PlainField], Callable[[Any], str]] = {
    f.Text: lambda field: f"text, {field.most} characters at most",
    f.Code: lambda field: f"one line, {field.most} characters at most",
    f.Number: lambda field: f"number, {field.range_text}",
    f.Integer: lambda field: f"whole number, {field.low} to {field.high}",
    f.Flag: lambda _: "true or false",
    f.Choice: lambda field: f"code of [{field.codes.name}](#{field.codes.name})",
    f.Country: lambda _: "ISO 3166-1 alpha-2 code",
    f.Day: lambda _: "date, YYYY-MM-DD",
    f.Instant: lambda _: "time with offset, RFC 3339",
    f.Id: lambda field: f"id ({field.target})",
    Explanations: lambda _: (
        f"list of {limits.EXPLANATIONS} lines at most, `CODE (WHAT IT SAID): WHY`,"
        f" {limits.EXPLANATION_CHARS} characters each"
    ),
    NameSet: lambda _: (
        f"list of {limits.SET_ITEMS} names at most, {limits.CODE_CHARS} characters each"
    ),
    Attachments: lambda _: (
        f"list of {limits.SET_ITEMS} files at most: sha256, size (bytes, at most"
        f" {limits.ATTACHMENT_BYTES}), mime (code of"
        " [attachment_type](#attachment_type)), name, and where known taken_at, lon, lat"
    ),
    Depths: lambda _: (
        f"list of {limits.SET_ITEMS} depths at most, cm, each deeper than the one before"
    ),
    Questions: lambda _: (
        f"list of {limits.QUESTIONS} objects at most, with {limits.CHOICES} choices and"
        f" {limits.QUESTIONS_BYTES} bytes of JSON in all: see"
        " [the questions of a project](../protocol.md#questions)"
    ),
    StratumAreas: lambda _: (
        f"object of {limits.SET_ITEMS} strata at most: name, and area in ha"
    ),
    f.Geometry: lambda _: (
        f"GeoJSON Polygon or MultiPolygon, {limits.GEOMETRY_POSITIONS} positions at most"
    ),
}
