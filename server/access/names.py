"""One refusal for every name that means nothing, or several things."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas.ids import starts
from schemas.names import by_start, meant, missing, several
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

    def meant(
        self, name: str, known: Mapping[str, T], is_live: Callable[[T], bool]
    ) -> dict[str, T]:
        """Return what a name, an id or the start of one may mean, what is live before the rest.

        Each thing has a `name`; `known` are all of them by id.
        """
        names = {place: (one.name,) for place, one in known.items()}  # type: ignore[attr-defined] # each has one
        found = {place: known[place] for place in meant(name, names)}
        live = {place: one for place, one in found.items() if is_live(one)}
        return live or found
