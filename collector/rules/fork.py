"""Where a log went on elsewhere: the last place at which both sides agree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: Gives the hash of the log after n changes, here; None beyond its end.
HashAt = Callable[[int], bytes | None]


@dataclass(frozen=True, slots=True)
class Fork:
    """What is known of it: both agree up to `agreed`, and no longer at `differs`."""

    agreed: int
    differs: int

    @property
    def is_found(self) -> bool:
        """Return whether the last common change is known."""
        return self.differs == self.agreed + 1


def find_fork(document: Mapping[str, Any], own_n: int, hash_at: HashAt) -> Fork:
    """Compare the hashes that the server gave with those of the log here.

    Examples
    --------
    >>> own = {0: b"a", 1: b"b", 2: b"c"}
    >>> document = {"n": 4, "hashes": {"0": "61", "1": "62", "2": "7a"}}
    >>> find_fork(document, 2, own.get)
    Fork(agreed=1, differs=2)
    """
    agreed, differs = 0, min(int(document["n"]), own_n) + 1
    for place, text in dict(document["hashes"]).items():
        own = hash_at(int(place))
        if own is None:
            continue
        if own.hex() == text:
            agreed = max(agreed, int(place))
        else:
            differs = min(differs, int(place))
    return Fork(agreed, differs)
