"""The record types by name: their fields, natural keys and ids."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from schemas.field_types import CustodyEvent, Design, Skip
from schemas.fields import Id, PlainField
from schemas.ids import join_key, natural_id
from schemas.lab_types import LabBatch, LabControl
from schemas.problems import Problem, short
from schemas.question_types import Answer, QuestionForm
from schemas.record_types import Campaign, Organisation, Plot, Point, Practice, Project
from schemas.soil_types import Core, Result, Sample


class RecordType(NamedTuple):
    """What the program must know about one record type.

    People call a record by its key, where `called` names no other fields. Fields that
    are `fixed` stay as they were first written.
    """

    name: str
    schema: type
    key: tuple[str, ...]
    parent: str = ""
    called: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()

    @property
    def name_fields(self) -> tuple[str, ...]:
        """Return the fields that people call a record by."""
        return self.called or self.key

    @property
    def fields(self) -> Mapping[str, PlainField]:
        """Return the fields by name, in the order people fill them in."""
        return _FIELDS[self.name]

    @property
    def references(self) -> Mapping[str, str]:
        """Return the fields that refer to other records: name -> record type."""
        return _REFERENCES[self.name]

    @property
    def groups(self) -> Mapping[str, str]:
        """Return the group of each field; a field without one is its own group."""
        return _GROUPS[self.name]


#: Record types in the order in which they depend on each other.
TYPES: Final = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            RecordType("organisation", Organisation, ("code",)),
            RecordType("project", Project, ("code",)),
            RecordType(
                "question_form",
                QuestionForm,
                ("asked_of", "number", "fingerprint"),
                called=("asked_of", "number"),
                fixed=("asked_of", "number", "fingerprint", "questions"),
            ),
            RecordType("plot", Plot, ("code",)),
            RecordType(
                "practice",
                Practice,
                ("plot_id", "family", "what", "from_date"),
                "plot_id",
                ("plot_id", "what"),
            ),
            RecordType("design", Design, ("plot_id", "number"), "plot_id"),
            RecordType("point", Point, ("plot_id", "code"), "plot_id"),
            RecordType("campaign", Campaign, ("name",)),
            RecordType("core", Core, ("point_id", "campaign_id", "number"), "point_id"),
            RecordType("sample", Sample, ("sample_code",), "core_id"),
            RecordType(
                "answer",
                Answer,
                ("plot_id", "point_id", "core_id", "sample_id", "question"),
            ),
            RecordType("skip", Skip, ("point_id", "campaign_id"), "point_id"),
            RecordType(
                "custody_event",
                CustodyEvent,
                ("sample_id", "step", "at"),
                "sample_id",
            ),
            RecordType(
                "result", Result, ("sample_id", "analyte", "replicate"), "sample_id"
            ),
            RecordType(
                "lab_control",
                LabControl,
                ("lab", "lab_batch", "analyte", "kind", "code", "number"),
            ),
            RecordType("lab_batch", LabBatch, ("lab", "lab_batch", "analyte")),
        )
    }
)

#: Types only the server writes, in the order in which one follows from the other.
DERIVED: Final = ("stock", "change", "trend")


_FIELDS: Final = {
    name: {
        key: field
        for key, field in vars(kind.schema).items()
        if isinstance(field, PlainField)
    }
    for name, kind in TYPES.items()
}
_REFERENCES: Final = {
    name: {key: f.target for key, f in found.items() if isinstance(f, Id) and f.target}
    for name, found in _FIELDS.items()
}
_KEYS: Final = {name: kind.key for name, kind in TYPES.items()}
_GROUPS: Final = {
    name: {key: f.group or key for key, f in found.items()}
    for name, found in _FIELDS.items()
}


def belongs_to(record_type: str | None, record: Mapping[str, Any]) -> str | None:
    """Return the id of the record that this one belongs to; None where there is none.

    An answer belongs to whatever it is about.
    """
    kind = TYPES.get(record_type or "")
    if kind is None:
        return None
    names = kind.references if record_type == "answer" else [kind.parent]
    found = (record.get(name) for name in names if name != "form_id")
    return next((one for one in found if one is not None), None)


def fixed_problems(
    record_type: str, present: Mapping[str, object], patch: Mapping[str, object]
) -> list[Problem]:
    """Return a problem for each field that a patch would change and that never changes."""
    return [
        Problem("never_changes", name, patch[name])
        for name in TYPES[record_type].fixed
        if name in patch and patch[name] != present.get(name)
    ]


def natural_key(record_type: str, record: Mapping[str, object]) -> list[object]:
    """Return the values by which people tell records of this type apart.

    No two live records of a project share them.
    """
    return [record.get(name) for name in _KEYS[record_type]]


def key_text(record_type: str, record: Mapping[str, object]) -> str:
    """Return the natural key as one text that can be indexed."""
    key = _KEYS[record_type]
    if len(key) == 1:
        return str(record.get(key[0]))
    return join_key(map(record.get, key))


def references_of(record_type: str, record: Mapping[str, object]) -> dict[str, str]:
    """Return what a record refers to: the id by the name of the field."""
    names = _REFERENCES.get(record_type, ())
    return {name: value for name in names if isinstance(value := record.get(name), str)}


def label(record_type: str, record: Mapping[str, object]) -> str:
    """Return what to call a record without looking at others: its type and own name.

    >>> label("sample", {"sample_code": "HF-1"}), label("core", {"number": 2})
    ('sample HF-1', 'core 2')
    >>> label("result", {"analyte": "soc", "replicate": 1}), label("plot", {})
    ('result soc/1', 'plot')
    """
    kind = TYPES.get(record_type)
    own = (
        [name for name in kind.name_fields if name not in kind.references]
        if kind
        else []
    )
    said = [str(short(record[name])) for name in own if record.get(name) is not None]
    return f"{record_type} {'/'.join(said)}".rstrip()


def record_id(project_id: str, record_type: str, record: Mapping[str, object]) -> str:
    """Return the id every laptop mints for this record: from its key and parent.

    The same bag of the same core is one record wherever it is recorded; the same
    label on a bag of another core is another record, and its label a clash that
    people settle.
    """
    kind = TYPES[record_type]
    parent = [] if kind.parent in kind.key else [record.get(kind.parent)]
    return natural_id(
        project_id, record_type, parent + natural_key(record_type, record)
    )
