"""Who gives a command, and how the audit log names it."""

import getpass
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from schemas import limits
from server.config import DataDirectory

if TYPE_CHECKING:
    from server.access.audit_log import Act

#: Where a command keeps who gives it, and the id of this running of it.
_PERSON: Final = "permille.person"
_RUN: Final = "permille.run"
#: What stands in the audit log for something personal that was typed.
_PERSONAL: Final = "(personal)"
#: Options that say how a command speaks, not what it does.
_UNSAID: Final = frozenset({"as_json", "yes"})


class PersonalOption(click.Option):
    """An option whose value is about a person: the audit log says that it was given."""


class PersonalArgument(click.Argument):
    """An argument whose value may name a person: the audit log says that it was given."""


def one_line(most: int) -> Callable[[Any, Any, str | None], str | None]:
    """Return the callback of an option whose text travels in a message."""

    def read(_context: Any, _parameter: Any, value: str | None) -> str | None:  # noqa: ANN401
        from schemas.one_line import one_line as line_of

        try:
            return None if value is None else line_of(value, most)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read


def who_acts(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Read who gives a command, said by it or before it; the audit log names them."""
    person: str | None = one_line(limits.NAME_CHARS)(context, parameter, value)
    if person:
        context.meta[_PERSON] = person
    return person or context.meta.get(_PERSON)


def act_of(context: click.Context) -> "Act":
    """Return the command as the audit log names it: who gave it, and with what."""
    from server.access.audit_log import Act
    from server.clock import Clock

    run = context.meta.setdefault(_RUN, Clock().new_id())
    login = login_name()
    personal = {
        each.name
        for each in context.command.params
        if isinstance(each, PersonalOption | PersonalArgument)
    }
    said = {
        name: _PERSONAL if name in personal else _plain(value)
        for name, value in context.params.items()
        if name not in _UNSAID
        and context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    person = context.meta.get(_PERSON, login)
    return Act(run, person, login, " ".join(_words(context)), said)


def _words(context: click.Context) -> list[str]:
    """Return the words of a command, without the program's own."""
    if context.parent is None:
        return []
    return [*_words(context.parent), context.info_name or ""]


def login_name() -> str:
    """Return the account that runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return f"uid {os.getuid()}"


def is_owner(data: DataDirectory) -> bool:
    """Return whether the account that runs the command is the one that the data belong to."""
    try:
        return os.geteuid() in {0, data.path.stat().st_uid}
    except (AttributeError, OSError):  # no such accounts, or no data as yet
        return True


def _plain(value: object) -> object:
    """Return the value of an option as JSON has it."""
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, str) and "://" in value:
        return _without_login(value)
    return value if isinstance(value, (str, int, float, type(None))) else str(value)


def _without_login(address: str) -> str:
    """Return an address without what may be a password in it."""
    scheme, _, rest = address.partition("://")
    place = rest.partition("?")[0].rpartition("@")[2]
    return f"{scheme}://{place}"
