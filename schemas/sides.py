"""The sides of a conflict as people name them: by who recorded a value, or by the value.

What stands is one side, each other value is another. Who recorded a side is known where
the server said so, or where it is this laptop's own.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from schemas.conflicts import Take
from schemas.deciding import (
    Decision,
    Fields,
    SideChoice,
    StandingRecord,
    UndecidableError,
    parts,
)
from schemas.groups import WHOLE_RECORD, whole
from schemas.records import TYPES
from schemas.told import option_name, told, told_values

KEEP: Final = "--keep"
_DELETED: Final = "deleted"


@dataclass(frozen=True, slots=True)
class PersonsChoice:
    """What a person chose: a side by its name, or what stands, or values to set."""

    side: SideChoice = field(default_factory=SideChoice)
    named: str = ""


#: What stands is to stand.
KEPT: Final = PersonsChoice(SideChoice(Take.STANDS))


class By(NamedTuple):
    """Who recorded a value, and on which laptop, as far as that is known."""

    person: str | None = None
    device: str | None = None

    def __str__(self) -> str:
        return " on ".join(filter(None, self)) or "somebody"


@dataclass(frozen=True, slots=True)
class Side:
    """One value of a conflict, whole ({}: deleted); `conflict` is empty where it stands."""

    values: Fields
    by: By
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class Contest:
    """Open conflicts of one record, with what a person sees of it.

    `by` says who recorded what stands, by group, and `called` how records are called
    that values refer to.
    """

    conflicts: Sequence[Mapping[str, Any]]
    standing: StandingRecord
    by: Mapping[str, By] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)

    def groups(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return the conflicts by their field groups."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for conflict in self.conflicts:
            found.setdefault(str(conflict["group"]), []).append(conflict)
        return found

    def sides(self, group: str) -> list[Side]:
        """Return what stands of a group, and then every other value."""
        stands = Side(self._standing(group), self.by.get(group, By()))
        return [stands, *map(_other, self.groups()[group])]

    def at_odds(self, group: str) -> list[str]:
        """Return the fields of a group in which its sides differ."""
        return _differing(self.sides(group))

    def told(self, group: str, values: Fields | None) -> str:
        """Write values in words: only the fields in which the sides of a group differ."""
        if values and group == WHOLE_RECORD:
            return "the record"
        if not values:
            return told_values(values, self.called)
        shown = self.at_odds(group) or list(values)
        return told_values({name: values.get(name) for name in shown}, self.called)

    def about(self, group: str) -> str:
        """Return what the conflicts of a group are about, as people type its fields."""
        if group == WHOLE_RECORD:
            return "the record itself"
        return ", ".join(map(option_name, self.at_odds(group))) or option_name(group)

    def _standing(self, group: str) -> Fields:
        if self.standing.deleted:
            return {}
        if group == WHOLE_RECORD:
            return self.standing.fields
        return whole(self.standing.type, group, self.standing.fields)


def decisions(contest: Contest, choice: PersonsChoice) -> list[Decision]:
    """Return what decides conflicts of one record.

    Raises
    ------
    UndecidableError
        If the choice does not say which values are to stand.
    """
    if not choice.named:
        return parts(contest.conflicts, contest.standing, choice.side)
    return [
        decision
        for those, chosen in _taken(contest, choice.named)
        for decision in parts(those, contest.standing, chosen)
    ]


def ways(contest: Contest, group: str) -> Iterator[tuple[str, Side]]:
    """Return each side of a group with the option that takes it."""
    sides = contest.sides(group)
    for side in sides:
        yield (
            (f"--take {shlex.quote(_name(side, sides))}", side)
            if (side.conflict)
            else (KEEP, side)
        )


def at_odds(*sides: Fields) -> list[Fields]:
    """Return sides with only the fields in which two differ; all where none does.

    >>> at_odds({"a": 1, "b": 2}, {"a": 1, "b": 3}, {})
    [{'b': 2}, {'b': 3}, {}]
    """
    names = _differing(Side(side, By()) for side in sides)
    return [
        {n: side.get(n) for n in names} if side and names else side for side in sides
    ]


def told_side(contest: Contest, side: Side, group: str) -> str:
    """Return in words what stands when a side is taken."""
    if not side.values:
        return "leave it deleted" if not side.conflict else "delete the record"
    if group != WHOLE_RECORD:
        return contest.told(group, side.values)
    if not side.conflict:
        return "keep the record"
    return f"bring it back with {told_values(side.values, contest.called)}"


def _taken(
    contest: Contest, named: str
) -> list[tuple[list[Mapping[str, Any]], SideChoice]]:
    """Return which conflicts a name decides, and how: those that stand, then others."""
    stand, give_way, winners = list[Any](), list[Any](), set[str]()
    for group, those in contest.groups().items():
        side = _only(contest, group, named)
        if side is None:
            continue
        (give_way if side.conflict else stand).extend(those)
        winners |= {side.conflict} if side.conflict else set()
    if not stand and not give_way:
        raise UndecidableError(
            f"no side of this conflict is called {named}", _choices(contest)
        )
    if give_way and len(contest.conflicts) > 1 and WHOLE_RECORD in contest.groups():
        about = contest.groups()[WHOLE_RECORD][0]
        raise UndecidableError(
            "one of these conflicts is about deleting the record",
            f"decide on that one alone: --id {str(about['id'])[:8]}",
        )
    chosen = [
        (stand, SideChoice(Take.STANDS)),
        (give_way, SideChoice(Take.OTHER, of=frozenset(winners))),
    ]
    return [(those, choice) for those, choice in chosen if those]


def _only(contest: Contest, group: str, named: str) -> Side | None:
    """Return the side of a group that a name means; None where it means none."""
    sides = contest.sides(group)
    meant = [s for s in sides if _is_named(contest, s, sides, named)]
    if any(side.values != meant[0].values for side in meant):
        raise UndecidableError(
            f"{named} recorded several of these values",
            _choices(contest),
        )
    return meant[0] if meant else None


def _is_named(contest: Contest, side: Side, sides: Sequence[Side], named: str) -> bool:
    word = named.strip().casefold()
    names = [side.by.person, side.by.device, str(side.by)]
    if word in {name.casefold() for name in names if name}:
        return True
    if not side.values:
        return word == _DELETED
    return any(
        _is_value(contest, name, side.values.get(name), named.strip())
        for name in _differing(sides)
    )


def _is_value(contest: Contest, name: str, value: object, typed: str) -> bool:
    known = TYPES[contest.standing.type].fields
    before, equals, after = typed.partition("=")
    if equals and option_name(before.strip()) == option_name(name):
        typed = after.strip()
    if value is None or name not in known:
        return False
    said = told(value, contest.called).casefold()
    return typed.casefold() == said or known[name].read(typed) == value


def _differing(sides: Iterable[Side]) -> list[str]:
    """Return the fields in which sides that are there differ."""
    there = [side.values for side in sides if side.values]
    names = dict.fromkeys(name for values in there for name in values)
    if len(there) < 2:
        return list(names)
    return [
        name
        for name in names
        if any(values.get(name) != there[0].get(name) for values in there)
    ]


def _name(side: Side, sides: Sequence[Side]) -> str:
    """Return what tells a side from the others: its person, its laptop or its value."""
    others = [each for each in sides if each.values != side.values]
    for name, theirs in (
        (side.by.person, {each.by.person for each in others}),
        (side.by.device, {each.by.device for each in others}),
    ):
        if name and name not in theirs:
            return name
    if not side.values:
        return _DELETED
    values = [n for n in _differing(sides) if side.values.get(n) is not None]
    return told(side.values[values[0]]) if values else str(side.by)


def _choices(contest: Contest) -> str:
    """Return what to type for each side, in one line."""
    return "; ".join(
        f"{way} ({told_side(contest, side, group)})"
        for group in contest.groups()
        for way, side in ways(contest, group)
    )


def _other(conflict: Mapping[str, Any]) -> Side:
    by = By(conflict.get("person"), conflict.get("device"))
    return Side(conflict["ours"], by, str(conflict["id"]))
