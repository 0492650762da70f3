"""What a person's decision on conflicts of one record comes to: one change of it. Pure.

The laptop and the server offer the same choices, so the rules are here once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas import limits
from schemas.conflicts import Take
from schemas.groups import WHOLE_RECORD, completed, members, whole
from schemas.messages import Op
from schemas.records import TYPES
from schemas.told import option_name

Fields = Mapping[str, Any]


class UndecidableError(ValueError):
    """The choice does not fit the conflicts; `hint` says what does."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


@dataclass(frozen=True, slots=True)
class StandingRecord:
    """A record as the person who decides sees it."""

    type: str
    fields: Fields
    deleted: bool


@dataclass(frozen=True, slots=True)
class SideChoice:
    """A side to take, or values to set.

    Where several other values wait, `of` holds the conflicts whose values are taken.
    """

    take: Take | None = None
    values: Fields = field(default_factory=dict)
    of: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """The change that settles conflicts.

    It says how the record is to stand, so that it means the same on a server that was
    restored; `seen` are the changes behind the values that stood, which it was made on.
    """

    op: Op
    fields: dict[str, Any]
    resolves: tuple[str, ...]
    seen: tuple[str, ...] = ()


def decide(
    conflicts: Sequence[Mapping[str, Any]], standing: StandingRecord, choice: SideChoice
) -> Decision:
    """Return the change that settles these conflicts of one record.

    It names the values that stand too, so that it meets a newer value as any change
    does: nobody decides on what they have not seen.

    Raises
    ------
    UndecidableError
        If the choice does not say which values are to stand.
    """
    op, fields = _chosen(conflicts, standing, choice)
    known = TYPES[standing.type].fields
    return Decision(
        op,
        {name: value for name, value in fields.items() if name in known},
        tuple(str(found["id"]) for found in conflicts),
        tuple(dict.fromkeys(i for found in conflicts for i in found.get("stands", ()))),
    )


def parts(
    conflicts: Sequence[Mapping[str, Any]], standing: StandingRecord, choice: SideChoice
) -> list[Decision]:
    """Return what decides many conflicts of one record: each part fits one change.

    Raises
    ------
    UndecidableError
        If the choice does not say which values are to stand.
    """
    found = decide(conflicts, standing, choice)
    most = limits.SETTLED_CONFLICTS
    return [
        Decision(
            found.op,
            found.fields,
            found.resolves[start : start + most],
            found.seen[-limits.SEEN_CHANGES :],
        )
        for start in range(0, len(found.resolves), most)
    ]


def is_deletion(conflict: Mapping[str, Any]) -> bool:
    """Return whether the value that does not stand is a deletion."""
    return conflict["group"] == WHOLE_RECORD and bool(conflict["theirs"])


def _chosen(
    conflicts: Sequence[Mapping[str, Any]], standing: StandingRecord, choice: SideChoice
) -> tuple[Op, Fields]:
    match choice.take:
        case Take.STANDS:
            return _as_it_stands(conflicts, standing)
        case Take.OTHER:
            return _other(
                [c for c in conflicts if not choice.of or c["id"] in choice.of],
                standing,
            )
        case None:
            return Op.RESOLVE, _set(conflicts, standing, choice.values)


def _as_it_stands(
    conflicts: Sequence[Mapping[str, Any]], standing: StandingRecord
) -> tuple[Op, Fields]:
    if standing.deleted:
        return Op.DELETE, {}
    groups = dict.fromkeys(str(found["group"]) for found in conflicts)
    if WHOLE_RECORD in groups:
        every = TYPES[standing.type].fields
        known = {k: v for k, v in standing.fields.items() if k in every}
        return Op.UNDELETE, completed(standing.type, known, known)
    values: dict[str, Any] = {}
    for group in groups:
        values |= whole(standing.type, group, standing.fields)
    return Op.RESOLVE, values


def _other(
    conflicts: Sequence[Mapping[str, Any]], standing: StandingRecord
) -> tuple[Op, Fields]:
    whole_ones = [found for found in conflicts if found["group"] == WHOLE_RECORD]
    if whole_ones and len(conflicts) > 1:
        raise UndecidableError(
            "one of these conflicts is about deleting the record",
            f"decide on that one alone: --id {_short(whole_ones)}",
        )
    if whole_ones:
        (found,) = whole_ones
        return (Op.DELETE, {}) if is_deletion(found) else (Op.UNDELETE, found["ours"])
    _refuse_deleted(standing)
    _refuse_several(conflicts, standing)
    return Op.RESOLVE, {k: v for found in conflicts for k, v in found["ours"].items()}


def _refuse_several(
    conflicts: Sequence[Mapping[str, Any]], standing: StandingRecord
) -> None:
    """Refuse to choose among several values of one group, or half of a group."""
    for group, count in Counter(found["group"] for found in conflicts).items():
        those = [found for found in conflicts if found["group"] == group]
        if count > 1:
            raise UndecidableError(
                f"{count} other values of {group} wait",
                f"take one of them: --take PERSON, or --id {_short(those)}",
            )
        _refuse_half(those[0], standing)


def _set(
    conflicts: Sequence[Mapping[str, Any]], standing: StandingRecord, values: Fields
) -> Fields:
    _refuse_deleted(standing)
    groups = {str(found["group"]) for found in conflicts}
    if WHOLE_RECORD in groups:
        raise UndecidableError(
            "this conflict is about deleting the record, not about a value",
            "take one side of it: --keep or --take PERSON",
        )
    said = {name: TYPES[standing.type].groups.get(name) for name in values}
    strange = [name for name, group in said.items() if group not in groups]
    if strange or groups - set(said.values()):
        named = [n for group in sorted(groups) for n in members(standing.type, group)]
        about = ", ".join(map(option_name, named))
        raise UndecidableError(
            f"set a field of each conflict, and no other; they are about: {about}",
            f"such as: {_settings(named[:1])}",
        )
    _refuse_open_ends(conflicts, standing, values)
    chosen: dict[str, Any] = {}
    for group in sorted(groups):
        chosen |= whole(standing.type, group, {**standing.fields, **values})
    return chosen


def _refuse_open_ends(
    conflicts: Sequence[Mapping[str, Any]], standing: StandingRecord, values: Fields
) -> None:
    """Ask for each field on which the sides differ: half a pair is nobody's value."""
    missing = [
        name
        for found in conflicts
        for name, other in found["ours"].items()
        if name not in values and other != standing.fields.get(name)
    ]
    if missing:
        names = list(dict.fromkeys(missing))
        raise UndecidableError(
            f"the sides differ in {', '.join(map(option_name, names))} too",
            f"say what is to stand there: {_settings(names)}",
        )


def _refuse_half(found: Mapping[str, Any], standing: StandingRecord) -> None:
    """Take no side of which only a part was kept, as an older server did."""
    kept, group = found["ours"], str(found["group"])
    missing = [name for name in members(standing.type, group) if name not in kept]
    if missing:
        raise UndecidableError(
            f"of the other side only {', '.join(map(option_name, kept))} was kept",
            f"say the whole value: {_settings([*kept, *missing])}",
        )


def _settings(names: Iterable[str]) -> str:
    return " ".join(f"--set {option_name(name)}=VALUE" for name in names)


def _short(conflicts: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(str(found["id"])[:8] for found in conflicts)


def _refuse_deleted(standing: StandingRecord) -> None:
    if standing.deleted:
        raise UndecidableError(
            "the record is deleted, so no value of it can stand",
            "close the conflict: --keep; or bring the record back first",
        )
