"""How the parts of a laptop or a server are, in words, and what to do about them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple


class Health(StrEnum):
    """How a part is."""

    GOOD = "good"
    ODD = "odd"
    BAD = "bad"


_MARKS: Final = {Health.GOOD: "ok ", Health.ODD: " ! ", Health.BAD: "BAD"}
#: What follows a part on further lines stands below its words.
INDENT: Final = " " * 17


class HealthFinding(NamedTuple):
    """One part: how it is, in words, and what to do."""

    part: str
    health: Health
    said: str
    hint: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return self._asdict()

    @property
    def line(self) -> str:
        """Return the line for a person.

        >>> HealthFinding("disk", Health.ODD, "1.0 GiB free", "make room").line
        ' !  disk         1.0 GiB free -> make room'
        """
        hint = f" -> {self.hint}" if self.hint else ""
        return f"{_MARKS[self.health]} {self.part:12} {self.said}{hint}"


def is_well(findings: Sequence[HealthFinding]) -> bool:
    """Return whether nothing is to be done."""
    return all(one.health is Health.GOOD for one in findings)


def disk(free_bytes: int, full_bytes: int, low_bytes: int, hint: str) -> HealthFinding:
    """Return how the disk is, by what is free, is too little, and is little."""
    said = f"{free_bytes / 1024**3:.1f} GiB free"
    if free_bytes < full_bytes:
        return HealthFinding("disk", Health.BAD, said, "make room before anything else")
    if free_bytes < low_bytes:
        return HealthFinding("disk", Health.ODD, said, hint)
    return HealthFinding("disk", Health.GOOD, said)
