"""Values and fields as people read and type them; never as Python or a message has them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.ids import ID
from schemas.problems import Problem, short

_UNKNOWN: Final = "a record that is not here"
#: What a problem is about that is no field of a record.
_SPOKEN: Final = MappingProxyType({"r": "record", "c": "conflict", "x": "change"})


def told(value: object, called: Mapping[str, str] | None = None) -> str:
    """Write one value for people; `called` names the records that ids refer to.

    >>> told([{"name": "bag.jpg", "size": 9}, {"clay": 1200.0, "loam": 3.5}])
    'bag.jpg, clay=1200, loam=3.5'
    >>> told(True), told(271.0), told("0197"), told("0197", {"0197": "HF-1"})
    ('yes', '271', '0197', 'HF-1')
    """
    parts: Iterable[str]
    match value:
        case None:
            parts = []
        case bool():
            parts = ["yes" if value else "no"]
        case float():
            parts = [f"{value:.10g}"]
        case list() | tuple():
            parts = [told(each, called) for each in value]
        case {"name": said} | {"type": said}:
            parts = [str(said)]
        case dict():
            parts = (f"{name}={told(part, called)}" for name, part in value.items())
        case _:
            # In one line: nobody writes a line of ours.
            text = " ".join(str(value).splitlines())
            parts = [(called or {}).get(text, text)]
    return ", ".join(parts)


def told_values(
    values: Mapping[str, Any] | None, called: Mapping[str, str] | None = None
) -> str:
    """Write the values of one side for people: {} is a deleted record.

    >>> told_values({"depth_top_cm": 0.0, "note": None}), told_values({})
    ('depth-top-cm 0', 'deleted')
    >>> told_values({"note": None}), told_values(None)
    ('empty', '')
    """
    if not values:
        return "" if values is None else "deleted"
    said = (
        f"{option_name(name)} {told(value, called)}"
        for name, value in values.items()
        if value is not None
    )
    return ", ".join(said) or "empty"


def option_name(field: str) -> str:
    """Return the name of a field as people type it: a reference by its record.

    >>> option_name("depth_top_cm"), option_name("core_id")
    ('depth-top-cm', 'core')
    """
    return field.removesuffix("_id").replace("_", "-")


def counted(count: int, noun: str, many: str = "") -> str:
    """Return in words how many there are of something.

    >>> counted(1, "plot"), counted(2, "plot"), counted(2, "analysis", "analyses")
    ('1 plot', '2 plots', '2 analyses')
    """
    return f"{count} {noun if count == 1 else many or noun + 's'}"


def problem_line(
    problem: Problem,
    called: Mapping[str, str] | None = None,
    *,
    is_option: bool = False,
) -> str:
    """Return one problem in words: field, value, reason, what to do.

    The field is named as people type it: as an option, or as FIELD=VALUE has it.

    >>> odd = Problem("not_a_number", "area_ha", "two")
    >>> problem_line(odd)
    'area-ha = two: a number was expected; give a plain number, such as 12.5'
    >>> problem_line(odd, is_option=True)[:15]
    '--area-ha two: '
    """
    where = place_of(problem, called, is_option=is_option)
    detail = f" ({worded(problem.detail, called)})" if problem.detail else ""
    words = f"{problem.kind.text}{detail}; {problem.hint}"
    return f"{where}: {words}" if where else words


def place_of(
    problem: Problem,
    called: Mapping[str, str] | None = None,
    *,
    is_option: bool = False,
) -> str:
    """Return what a problem is about: a field and its value, or nothing.

    >>> place_of(Problem("not_a_number", "area_ha", "two"))
    'area-ha = two'
    """
    path, value = str(problem.path), short(problem.value)
    field = _SPOKEN.get(path, option_name(path))
    said = _value(value, called)
    if not field:
        return ""
    where = f"--{field}" if is_option else field
    if said:
        where += f" {said}" if is_option else f" = {said}"
    return where


def worded(text: str, called: Mapping[str, str] | None = None) -> str:
    """Return a text with the names of the records whose ids stand in it.

    >>> bag = "0bbe9f9f-f136-5653-a510-6ae1e2920000"
    >>> worded(f"taken (sample {bag})", {bag: "HF-1"}), worded(bag)
    ('taken (sample HF-1)', 'a record that is not here')
    """
    known = called or {}
    return ID.sub(lambda found: known.get(found[0], _UNKNOWN), text)


def ids_in(problems: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of records that problems speak of."""
    return {
        found
        for problem in problems
        for said in (problem.get("value"), problem.get("detail"))
        for found in ID.findall(str(said))
    }


def _value(value: object, called: Mapping[str, str] | None) -> str:
    """Write the value of a problem; an id that nobody can name says nothing."""
    if isinstance(value, str) and ID.fullmatch(value):
        return (called or {}).get(value, "")
    said = told(value, called)
    is_padded = isinstance(value, str) and (said != said.strip() or not said)
    return f'"{said}"' if is_padded else said
