"""Wrong codes and tokens: how many an address may try before it has to wait."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

#: Wrong ones are forgotten after so long without another.
_FORGOTTEN_S: Final = 600.0
_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 900.0
#: Addresses that are remembered; the one that was heard of longest ago goes first.
_ADDRESSES: Final = 10_000


@dataclass(slots=True)
class _Tried:
    count: int = 0
    last_s: float = 0.0
    until_s: float = 0.0


class Guesses:
    """Counts wrong guesses by address; each beyond the bound doubles the wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tried: OrderedDict[str, _Tried] = OrderedDict()

    def wait_s(self, address: str, now_s: float) -> float:
        """Return for how long nothing of an address is looked at; 0 where it may try."""
        tried = self._tried.get(address)
        return max(tried.until_s - now_s, 0.0) if tried else 0.0

    def waiting(self, now_s: float) -> dict[str, float]:
        """Return the addresses that wait, each with how many seconds more."""
        return {
            address: tried.until_s - now_s
            for address, tried in self._tried.items()
            if tried.until_s > now_s
        }

    def wrong(self, address: str, now_s: float) -> None:
        """Count a wrong guess."""
        tried = self._tried.setdefault(address, _Tried())
        self._tried.move_to_end(address)
        if now_s - max(tried.last_s, tried.until_s) > _FORGOTTEN_S:
            tried.count = 0
        tried.count, tried.last_s = tried.count + 1, now_s
        if tried.count >= self._most:
            doubled = _FIRST_WAIT_S * 2.0 ** min(tried.count - self._most, 20)
            tried.until_s = now_s + min(doubled, _LONGEST_WAIT_S)
        while len(self._tried) > _ADDRESSES:
            self._tried.popitem(last=False)
