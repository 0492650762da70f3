"""Query parameters of those who read: each known, said once, and what it takes. Pure."""

from collections.abc import Collection, Mapping
from typing import Final, NoReturn

from multidict import MultiMapping

from schemas.problems import Problem, short
from server.errors import RequestError

#: Digits of a number that anybody may mean.
_DIGITS: Final = 18


def bad_value(
    name: str, value: str, reason: str, code: str = "bad_parameter"
) -> NoReturn:
    """Refuse a parameter; the problem names it, its value and the reason.

    Raises
    ------
    RequestError
        Always.
    """
    told = short(value)
    problem = Problem(code, name, value, f"{name}={told}: {reason}")
    more = {"field": name, "value": told, "reason": reason}
    raise RequestError(problem, more=more)


def said_once(query: MultiMapping[str], known: Collection[str]) -> Mapping[str, str]:
    """Return the parameters of a query.

    Raises
    ------
    RequestError
        400, where one is not known, or said twice.
    """
    found: dict[str, str] = {}
    for name, value in query.items():
        if name not in known:
            some = ", ".join(sorted(known)[:40])
            bad_value(
                str(short(name)), value, f"known here: {some}", "unknown_parameter"
            )
        if name in found:
            bad_value(name, value, "say it once")
        found[name] = value
    return found


def whole_number(name: str, value: str, least: int) -> int:
    """Return a whole number from a least one on.

    Raises
    ------
    RequestError
        400, where it is none.
    """
    # Not isdigit, which takes the digits of every script.
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
        bad_value(name, value, f"a whole number from {least} on")
    if int(value) < least:
        bad_value(name, value, f"a whole number from {least} on")
    return int(value)
