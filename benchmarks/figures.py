"""A figure beside its yardstick, and how the two are timed in turn."""

import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and what the bare machine needs for the like."""

    bench: str
    n: int
    value: float
    unit: str
    yardstick: str | None = None
    yardstick_value: float | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        ratio = self.value / self.yardstick_value if self.yardstick_value else None
        return {
            name: _short(value)
            for name, value in {**asdict(self), "ratio": ratio}.items()
        }


@dataclass(frozen=True, slots=True)
class Timed:
    """How long a piece of work took, and what it gave."""

    seconds: float
    cpu_s: float


def emit(data: dict[str, Any]) -> None:
    """Print one figure as a JSON line."""
    print(json.dumps(data, ensure_ascii=False), flush=True)


def say(text: str) -> None:
    """Print on stderr how far the run is."""
    print(text, file=sys.stderr, flush=True)


def timed(work: Callable[[], object]) -> Timed:
    """Do a piece of work; return its wall time and the CPU time of this process."""
    cpu_s, began_s = time.process_time(), time.perf_counter()
    work()
    return Timed(time.perf_counter() - began_s, time.process_time() - cpu_s)


def in_turn(
    first: Callable[[], A], second: Callable[[], B], times: int
) -> tuple[list[A], list[B]]:
    """Do two works in turn, so that a busy moment of the machine meets them both."""
    rounds = [(first(), second()) for _ in range(times)]
    return [one for one, _ in rounds], [other for _, other in rounds]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def _short(value: object) -> object:
    """Keep four digits: no figure here is better than that."""
    return float(f"{value:.4g}") if isinstance(value, float) else value
