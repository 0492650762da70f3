"""Load what is as it should be straight from the fields of a marshmallow schema.

marshmallow stays the one truth. Its schema is read once into a table of checks;
data that passes all of them is what marshmallow would give, at a tenth of the cost.
Anything else goes to marshmallow, which alone finds problems and words them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, missing

from schemas.fields import PlainField

#: Gives the clean value, or raises ValidationError.
_Check = Callable[[Any], Any]

_ABSENT: Final = object()
#: The JSON type that a field of marshmallow takes as it is.
_KINDS: Final = {fields.String: str, fields.Raw: object, fields.Dict: dict}


class _SurpriseError(Exception):
    """The data is for marshmallow to judge."""


class _Entry(NamedTuple):
    name: str
    check: _Check
    takes_null: bool
    is_required: bool
    default: Callable[[], Any] | None


class QuickLoader:
    """A schema that loads quickly what has no problem."""

    def __init__(self, schema: Schema) -> None:
        assert schema.unknown in {RAISE, EXCLUDE}, "what is unknown is never kept"
        self._schema = schema
        self._takes_unknown = schema.unknown == EXCLUDE
        self._entries = [_entry(*named) for named in schema.load_fields.items()]

    def load(self, data: Any, *, partial: bool = False) -> dict[str, Any]:  # noqa: ANN401 - to be judged
        """Return what the schema gives for this data.

        Raises
        ------
        ValidationError
            The schema's own, if it finds problems.
        """
        if isinstance(data, Mapping):
            try:
                return self._quick(data, partial=partial)
            except (ValidationError, _SurpriseError):
                pass  # marshmallow finds every problem, not only the first
        loaded: dict[str, Any] = self._schema.load(data, partial=partial)
        return loaded

    def _quick(self, data: Mapping[str, Any], *, partial: bool) -> dict[str, Any]:
        clean: dict[str, Any] = {}
        known = 0
        for name, check, takes_null, is_required, default in self._entries:
            value = data.get(name, _ABSENT)
            if value is not _ABSENT:
                known += 1
                clean[name] = None if value is None and takes_null else check(value)
            elif partial:
                continue
            elif is_required:
                raise _SurpriseError
            elif default is not None:
                clean[name] = default()
        if known < len(data) and not self._takes_unknown:
            raise _SurpriseError
        return clean


def _entry(name: str, field: fields.Field[Any]) -> _Entry:
    assert field.data_key is None, "a field has one name"
    assert field.attribute is None, "a field has one name"
    default = field.load_default
    give = default if callable(default) else lambda: default
    return _Entry(
        name,
        _check_of(field),
        field.allow_none,
        field.required,
        None if default is missing else give,
    )


def _check_of(field: fields.Field[Any]) -> _Check:
    """Return a check that passes nothing which the field does not pass.

    Of a field that is not known here it is marshmallow's own.
    """
    kind = _KINDS.get(type(field))
    match field:
        case PlainField(validators=[]):
            return field.check
        case fields.List(validators=[], inner=item):
            return _listed(_check_of(item))
        case fields.Field(validators=own) if kind and _takes_any_item(field):
            return _typed(kind, own)
        case _:
            return field.deserialize


def _takes_any_item(field: fields.Field[Any]) -> bool:
    match field:
        case fields.Dict(key_field=fields.String(validators=[]), value_field=None):
            return True  # JSON has no other names than texts
        case _:
            return not isinstance(field, fields.Dict)


def _typed(kind: type, validators: Sequence[_Check]) -> _Check:
    def check(value: Any) -> Any:  # noqa: ANN401 - to be judged
        if value is None or not isinstance(value, kind):
            raise _SurpriseError
        for validate in validators:
            validate(value)
        return value

    return check


def _listed(item: _Check) -> _Check:
    def check(value: Any) -> list[Any]:  # noqa: ANN401 - to be judged
        if not isinstance(value, list):
            raise _SurpriseError
        return [item(one) for one in value]

    return check
