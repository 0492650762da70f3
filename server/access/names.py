"""One refusal for every name that means nothing, or several things."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas.ids import starts
from schemas.names import by_start, missing, several
from server.errors import AmbiguousError, NotFoundError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Nameable(Generic[T]):
    """What people name: its noun, the command that lists it, and one of it in words.

    `told` gets the thing and the start of its id.
    """

    noun: str
    command: str
    told: Callable[[T, str], str]

    def only(self, name: str, found: Mapping[str, T], known: Iterable[str] = ()) -> T:
        """Return the one thing that a name means.

        Parameters
        ----------
        name
            What was typed.
        found
            What it may mean, by id.
        known
            The ids of others that a start must tell it from.

        Raises
        ------
        NotFoundError
            If it means nothing.
        AmbiguousError
            If it means several.
        """
        if not found:
            raise NotFoundError(missing(self.noun, name), f"see: {self.command}")
        if len(found) == 1:
            return next(iter(found.values()))
        short = starts([*known, *found])
        told = [self.told(each, short[place]) for place, each in found.items()]
        raise AmbiguousError(
            several(self.noun, name, told), by_start(short[next(iter(found))])
        )
