"""marshmallow: what alone finds every problem of a record or message, and words it.

Nothing imports this before there is something to judge: it costs 60 ms.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from marshmallow import (
    EXCLUDE,
    RAISE,
    Schema,
    ValidationError,
    fields,
    missing,
    validate,
)

from schemas.fields import FieldError, PlainField
from schemas.problems import Problem, short_text
from schemas.quick import Entry, QuickTable, SurpriseError, check_of
from schemas.quick_checks import Look
from schemas.records import TYPES
from schemas.wire_values import Refusing

# marshmallow's own words for the faults it finds before our fields are asked.
_MARSHMALLOW: Final = {
    "Missing data for required field.": "required",
    "Field may not be null.": "null",
    "Unknown field.": "unknown_field",
    "Invalid input type.": "not_an_object",
}
#: The JSON type that a field of marshmallow takes as it is.
_KINDS: Final = {fields.String: str, fields.Raw: object, fields.Dict: dict}


class RecordField(fields.Field[Any]):
    """A field of a record, as marshmallow asks it."""

    def __init__(self, plain: PlainField) -> None:
        super().__init__(required=plain.required, allow_none=plain.allow_none)
        self.plain = plain

    def _deserialize(
        self,
        value: Any,  # noqa: ANN401
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ANN401, ARG002
    ) -> Any:  # noqa: ANN401
        try:
            return self.plain.check(value)
        except FieldError as error:
            # marshmallow passes any list of messages through; ours are Problem objects.
            raise ValidationError([error.problem]) from None


@cache
def schema_of(record_type: str) -> type[Schema]:
    """Return the schema of a record type."""
    kind = TYPES[record_type]
    asked = {name: RecordField(field) for name, field in kind.fields.items()}
    return Schema.from_dict(dict(asked), name=kind.schema.__name__)


@cache
def loader(record_type: str) -> Schema:
    """Return the one loader of a record type (it keeps no state between loads)."""
    return schema_of(record_type)(unknown=RAISE)


def judge_record(
    record_type: str, data: Mapping[str, Any], *, partial: bool
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the clean fields of a record, and every problem of the others."""
    try:
        return dict(loader(record_type).load(data, partial=partial)), []
    except ValidationError as error:
        clean = error.valid_data if isinstance(error.valid_data, dict) else {}
        return clean, _problems_of(error, data)


def _problems_of(error: ValidationError, data: object) -> list[Problem]:
    """Turn marshmallow's messages into problems with their paths.

    The order is that of the fields; unknown fields follow by name, since
    marshmallow meets them in no order.
    """
    values = _by_path(data)
    known, unknown = [], []
    for name, messages in error.messages_dict.items():
        for message in messages:
            problem = _problem(message, _path(name))
            if problem.code == "unknown_field":
                unknown.append(replace(problem, value=values.get(problem.path)))
            else:
                known.append(problem)
    return known + sorted(unknown, key=lambda problem: problem.path)


def _problem(message: object, path: str) -> Problem:
    if isinstance(message, Problem):
        return replace(message, path=path)
    code = _MARSHMALLOW[str(message)]
    return Problem(code, "" if code == "not_an_object" else path)


def _path(name: object) -> str:
    """Make the name of a field safe to repeat; a stranger may have chosen it."""
    return short_text(str(name))


def _by_path(data: object) -> dict[str, object]:
    if not isinstance(data, Mapping):
        return {}
    return {_path(name): value for name, value in data.items()}


class QuickLoader:
    """A schema that loads quickly what has no problem; its table is read once."""

    def __init__(self, schema: Schema, table: QuickTable | None = None) -> None:
        self.schema = schema
        self.table = table or _table_of(schema)

    def load(self, data: Any, *, partial: bool = False) -> dict[str, Any]:  # noqa: ANN401 - to be judged
        """Return what the schema gives for this data.

        Raises
        ------
        ValidationError
            The schema's own, if it finds problems.
        """
        clean = self.table.clean(data, partial=partial)
        if clean is None:
            clean = dict(self.schema.load(data, partial=partial))
        return clean


def _table_of(schema: Schema) -> QuickTable:
    assert schema.unknown in {RAISE, EXCLUDE}, "what is unknown is never kept"
    entries = (_entry(*named) for named in schema.load_fields.items())
    takes_unknown = schema.unknown == EXCLUDE
    return QuickTable(entries, (ValidationError,), takes_unknown=takes_unknown)


def _entry(name: str, field: fields.Field[Any]) -> Entry:
    assert field.data_key is None, "a field has one name"
    assert field.attribute is None, "a field has one name"
    default = field.load_default
    give = default if callable(default) else lambda: default
    return Entry(
        name,
        _look_of(field),
        field.allow_none,
        field.required,
        None if default is missing else give,
    )


def _look_of(field: fields.Field[Any]) -> Look:
    """Return a look that passes nothing which the field does not pass.

    A field that is not known here is asked itself.
    """
    kind = _KINDS.get(type(field))
    match field:
        case fields.List(validators=[], inner=item):
            return _listed(_look_of(item))
        case fields.Field(validators=own) if kind and _takes_any_item(field):
            return _typed(kind, own)
        case _:
            return Look(field.deserialize)


def _takes_any_item(field: fields.Field[Any]) -> bool:
    match field:
        case fields.Dict(key_field=fields.String(validators=[]), value_field=None):
            return True  # JSON has no other names than texts
        case _:
            return not isinstance(field, fields.Dict)


def _typed(kind: type, validators: Sequence[Callable[[Any], Any]]) -> Look:
    passes, uses = ["{value} is not None"], dict[str, object]()
    if kind is not object:
        passes = ["isinstance({value}, {kind})"]
        uses["kind"] = kind
    for place, validator in enumerate(validators):
        name = f"said_{place}"
        said, uses[name] = _said_of(validator)
        passes.append(said.replace("{said}", f"{{{name}}}"))
    return Look(_surprise, " and ".join(passes), uses=uses)


def _surprise(_value: object) -> Any:  # noqa: ANN401 - a check that passes nothing
    raise SurpriseError


def _said_of(validator: Callable[[Any], Any]) -> tuple[str, object]:
    """Return what is false, or raises, for all that a validator refuses, and what it uses."""
    match validator:
        case validate.Equal(comparable=only):
            return "{value} == {said}", only
        case validate.OneOf(choices=choices):
            return "{value} in {said}", frozenset(choices)
        case validate.Length(min=least, max=most, equal=None):
            high = most if most is not None else sys.maxsize
            return "len({value}) in {said}", range(least or 0, high + 1)
        case Refusing(passes=passes):
            return "{said}({value})", passes
        case _:
            return "{said}({value}) is not False", validator


def _listed(item: Look) -> Look:
    return Look(
        _surprise,
        "isinstance({value}, list)",
        "[{item}(each) for each in {value}]",
        {"item": check_of(item)},
    )
