"""What is said of one kind of problem."""

from typing import NamedTuple


class Kind(NamedTuple):
    """What one problem code means and what to do about it."""

    text: str
    hint: str
    status: int = 422
