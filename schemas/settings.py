"""FIELD=VALUE as people type it, read as a patch of a record: the same on both sides."""

from collections.abc import Callable, Iterable, Mapping

from schemas.evolve import present_name
from schemas.fields import Instant
from schemas.records import TYPES
from schemas.told import option_name
from schemas.typed import precision_of


class SettingError(ValueError):
    """A text sets no field; `hint` says what does."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


def field_named(record_type: str, typed: str) -> str:
    """Return the field that people name with dashes, a reference by its record.

    >>> field_named("result", "lab-batch"), field_named("result", "sample")
    ('lab_batch', 'sample_id')
    """
    name = present_name(record_type, typed.strip().replace("-", "_"))
    return f"{name}_id" if f"{name}_id" in TYPES[record_type].references else name


def read_texts(record_type: str, texts: Mapping[str, str]) -> dict[str, object]:
    """Return the patch that typed texts by the names of their fields stand for.

    An instant comes with how exactly it is known, unless that was typed too. What
    cannot be read stays as it was typed, for the judgement of the whole record.

    >>> read_texts("core", {"sampled_at": "2026-05-03", "number": "two"})
    ... # doctest: +NORMALIZE_WHITESPACE
    {'sampled_at': '2026-05-03T12:00:00+00:00', 'sampled_precision': 'day',
     'number': 'two'}
    """
    patch: dict[str, object] = {}
    for name, text in texts.items():
        field = TYPES[record_type].fields[name]
        patch[name] = field.read(text)
        if isinstance(field, Instant) and field.precision:
            patch.setdefault(field.precision, precision_of(text))
    return patch


def read_settings(
    record_type: str,
    settings: Iterable[str],
    in_full: Callable[[Mapping[str, str]], Mapping[str, str]] = dict,
) -> dict[str, object]:
    """Return the patch that pairs FIELD=VALUE stand for; an empty value clears.

    `in_full` completes what was typed, such as times without their offset.

    Raises
    ------
    SettingError
        If one is no pair, or names no field.
    """
    texts = dict(_pair(record_type, setting) for setting in settings)
    said = in_full({name: text for name, text in texts.items() if text})
    return read_texts(record_type, said) | dict.fromkeys(texts.keys() - said.keys())


def _pair(record_type: str, setting: str) -> tuple[str, str]:
    name, equals, text = setting.partition("=")
    name = field_named(record_type, name)
    fields = TYPES[record_type].fields
    if not equals or name not in fields:
        raise SettingError(
            f"{setting} sets no field",
            f"FIELD=VALUE of: {', '.join(map(option_name, fields))}",
        )
    return name, text.strip()
