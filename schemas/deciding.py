"""What a person's decision on conflicts of one record comes to: one change of it. Pure.

The laptop and the server offer the same choices, so the rules are here once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from schemas.messages import Op
from schemas.records import TYPES

Fields = Mapping[str, Any]

#: The group of a deletion that met an unseen write, or the reverse.
WHOLE_RECORD: Final = "*"


class Take(StrEnum):
    """Which side of a conflict a person takes."""

    STANDS = "stands"
    OTHER = "other"


class UndecidableError(ValueError):
    """The choice does not fit the conflicts; `hint` says what does."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Standing:
    """A record as the person who decides sees it."""

    type: str
    fields: Fields
    deleted: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A side to take, or values to set."""

    take: Take | None = None
    values: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The change that settles conflicts."""

    op: Op
    fields: dict[str, Any]
    settles: tuple[str, ...]


def decide(
    conflicts: Sequence[Mapping[str, Any]], standing: Standing, choice: Choice
) -> Decision:
    """Give the change that settles these conflicts of one record.

    It names the values that stand too, so that it meets a newer value as any change
    does: nobody decides on what they have not seen.

    Raises
    ------
    UndecidableError
        If the choice does not say which values are to stand.
    """
    settles = tuple(str(found["id"]) for found in conflicts)
    match choice.take:
        case Take.STANDS:
            return Decision(Op.RESOLVE, _standing_values(conflicts, standing), settles)
        case Take.OTHER:
            return Decision(*_other(conflicts, standing), settles)
        case None:
            values = _set(conflicts, standing, choice.values)
            return Decision(Op.RESOLVE, values, settles)


def is_deletion(conflict: Mapping[str, Any]) -> bool:
    """Tell whether the value that does not stand is a deletion."""
    return conflict["group"] == WHOLE_RECORD and bool(conflict["theirs"])


def _standing_values(
    conflicts: Sequence[Mapping[str, Any]], standing: Standing
) -> dict[str, Any]:
    if standing.deleted:
        return {}
    values = [found for found in conflicts if found["group"] != WHOLE_RECORD]
    names = dict.fromkeys(name for found in values for name in found["ours"])
    return {name: standing.fields.get(name) for name in names}


def _other(
    conflicts: Sequence[Mapping[str, Any]], standing: Standing
) -> tuple[Op, dict[str, Any]]:
    whole = [found for found in conflicts if found["group"] == WHOLE_RECORD]
    if whole and len(conflicts) > 1:
        raise UndecidableError(
            "one of these conflicts is about deleting the record",
            f"decide on that one alone, by its id: {_short(whole)}",
        )
    if whole:
        (found,) = whole
        if is_deletion(found):
            return Op.DELETE, {}
        return Op.UNDELETE, dict(found["ours"])
    _refuse_deleted(standing)
    for group, count in Counter(found["group"] for found in conflicts).items():
        those = [found for found in conflicts if found["group"] == group]
        if count > 1:
            raise UndecidableError(
                f"{count} other values of {group} wait",
                f"name one of them by its id: {_short(those)}",
            )
    return Op.RESOLVE, {k: v for found in conflicts for k, v in found["ours"].items()}


def _set(
    conflicts: Sequence[Mapping[str, Any]], standing: Standing, values: Fields
) -> dict[str, Any]:
    _refuse_deleted(standing)
    groups = {found["group"] for found in conflicts}
    if WHOLE_RECORD in groups:
        raise UndecidableError(
            "this conflict is about deleting the record, not about a value",
            "take one side of it: --take",
        )
    said = {name: TYPES[standing.type].groups.get(name) for name in values}
    strange = [name for name, group in said.items() if group not in groups]
    open_groups = ", ".join(sorted(groups))
    if strange or groups - set(said.values()):
        raise UndecidableError(
            f"set a field of each conflict, and no other; they are about: {open_groups}",
            "--set FIELD=VALUE",
        )
    return dict(values)


def _short(conflicts: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(str(found["id"])[:8] for found in conflicts)


def _refuse_deleted(standing: Standing) -> None:
    if standing.deleted:
        raise UndecidableError(
            "the record is deleted, so no value of it can stand",
            "close the conflict: --take stands; or bring the record back first",
        )
