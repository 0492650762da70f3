"""What is said of one kind of problem."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """What one problem code means and what to do about it."""

    text: str
    hint: str
    status: int = 422
