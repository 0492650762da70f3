"""Log lines that somebody may bring about as often as they like: the first, then counts."""

from collections.abc import Callable
from typing import Final

#: For how long what follows the first line is only counted.
_WINDOW_S: Final = 60.0
#: Kinds of lines that are told apart; beyond that they share one.
_KINDS: Final = 200
_OTHERS: Final = ("others",)

Write = Callable[..., object]


class QuietLog:
    """Writes the first line of a kind, and once a minute how many more there were."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._begun_s: dict[tuple[str, ...], float] = {}
        self._more: dict[tuple[str, ...], int] = {}

    def note(
        self, now_s: float, event: str, kind: tuple[str, ...], **said: object
    ) -> None:
        """Write a line, or count it where one of its kind was written a moment ago."""
        if len(self._begun_s) >= _KINDS and (event, *kind) not in self._begun_s:
            kind = _OTHERS
        place = (event, *kind)
        if place in self._begun_s:
            self._more[place] = self._more.get(place, 0) + 1
            return
        self._begun_s[place] = now_s
        self._write(event, **said)

    def tell(self, now_s: float) -> None:
        """Write how many more there were of each kind that was begun a minute ago."""
        for place, begun_s in list(self._begun_s.items()):
            if now_s - begun_s < _WINDOW_S:
                continue
            count = self._more.pop(place, 0)
            event, *kind = place
            if count:
                self._begun_s[place] = now_s
                self._write(f"{event}: more of these", count=count, of=" ".join(kind))
            else:
                del self._begun_s[place]
