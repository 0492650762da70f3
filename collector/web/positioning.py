"""Where the laptop is, as its receiver says while the page is open: a browser has none."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from collector.clock import Clock
from collector.errors import PermilleError
from collector.position.address import ReceiverAddress
from collector.position.averaging import average
from collector.position.fix import Fix, NoFix, doubts, in_words, position_fields
from collector.position.here import WAIT_S, watch

#: Fixes that are averaged: those of the last half minute, mostly.
_FIXES: Final = 30
#: Older ones are of another place: who walks goes 40 m in that time.
_OLDEST_S: Final = 45.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a receiver says now: in words, what is in doubt, and where it is."""

    is_listening: bool
    words: str = ""
    doubts: tuple[str, ...] = ()
    refusal: str = ""
    lon: float | None = None
    lat: float | None = None

    def as_data(self) -> dict[str, Any]:
        """Return what the page shows."""
        return {
            "is_listening": self.is_listening,
            "words": self.words,
            "doubts": list(self.doubts),
            "refusal": self.refusal,
            "lon": self.lon,
            "lat": self.lat,
        }


class Positioning:
    """Listens to one receiver in a thread of its own, for as long as it speaks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._fixes: deque[Fix] = deque(maxlen=_FIXES)
        self._satellites: int | None = None
        self._refusal = ""
        self._turn = 0
        self._is_listening = False

    def listen(self, address: ReceiverAddress) -> None:
        """Listen to a receiver from now on; to one that was listened to before no more."""
        with self._lock:
            self._turn += 1
            self._fixes.clear()
            self._refusal, self._is_listening = "", True
        threading.Thread(
            target=self._hear, args=(address, self._turn), daemon=True
        ).start()

    def stop(self) -> None:
        """Listen no more."""
        with self._lock:
            self._turn += 1
            self._is_listening = False

    def heard(self) -> Heard:
        """Return where the laptop is now."""
        with self._lock:
            fixes, refusal = self._fresh(), self._refusal
            is_listening, satellites = self._is_listening, self._satellites
        if fixes:
            fix, now_s = average(fixes).fix, self._clock.monotonic_s()
            said = tuple(doubts(fix, now_s, self._clock.now()))
            return Heard(is_listening, in_words(fix), said, refusal, *fix.place)
        words = "" if satellites is None else f"no fix yet, {satellites} satellites"
        return Heard(is_listening, words, (), refusal)

    def fields(self) -> Mapping[str, str]:
        """Return the fields of a core that is taken here, as texts; none without a fix."""
        with self._lock:
            fixes = self._fresh()
        if not fixes:
            return {}
        found = position_fields(average(fixes).fix, self._clock.monotonic_s())
        return {name: str(value) for name, value in found.items() if value is not None}

    def _fresh(self) -> list[Fix]:
        oldest_s = self._clock.monotonic_s() - _OLDEST_S
        return [fix for fix in self._fixes if fix.heard_s >= oldest_s]

    def _hear(self, address: ReceiverAddress, turn: int) -> None:
        try:
            for said in watch(address, self._clock, WAIT_S):
                if not self._note(said, turn):
                    return
        except PermilleError as error:
            with self._lock:
                if turn == self._turn:
                    self._refusal = f"{error.text}; {error.hint}"
                    self._is_listening = False

    def _note(self, said: Fix | NoFix, turn: int) -> bool:
        """Keep what was heard; return whether it is still asked for."""
        with self._lock:
            if turn != self._turn:
                return False
            if isinstance(said, NoFix):
                self._satellites = said.satellites
            else:
                self._fixes.append(said)
        return True


POSITIONING: Final[web.AppKey[Positioning]] = web.AppKey("positioning", Positioning)
