"""The figures of a run: what each is called, and how sides compare in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from benchmarks.figures import median

OURS: Final = "permille"


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure in words; nearly always less of it is better."""

    title: str
    unit: str
    is_more_better: bool = False


METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        "push_rate": Metric(
            "push of what was recorded offline", "bags/s", is_more_better=True
        ),
        "push_time": Metric("push, time", "us/bag"),
        "push_server_cpu": Metric(
            "push, CPU of the server until it answered", "us/bag"
        ),
        "push_server_cpu_rested": Metric(
            "push, CPU of the server until it rests", "us/bag"
        ),
        "push_laptop_cpu": Metric("push, CPU of the laptop", "us/bag"),
        "push_cpu": Metric("push, CPU of both until they rest", "us/bag"),
        "pull_rate": Metric(
            "first download by a fresh laptop", "bags/s", is_more_better=True
        ),
        "pull_time": Metric("first download, time", "us/bag"),
        "pull_server_cpu": Metric(
            "first download, CPU of the server until it answered", "us/bag"
        ),
        "pull_server_cpu_rested": Metric(
            "first download, CPU of the server until it rests", "us/bag"
        ),
        "pull_laptop_cpu": Metric("first download, CPU of the laptop", "us/bag"),
        "pull_cpu": Metric("first download, CPU of both until they rest", "us/bag"),
        "crowd_p50": Metric("twenty laptops push at once, p50 of a laptop", "s"),
        "crowd_p95": Metric("twenty laptops push at once, p95 of a laptop", "s"),
        "crowd_received": Metric(
            "twenty laptops at once, taken of others", "records/laptop"
        ),
        "push_up": Metric("push, bytes up", "B/bag"),
        "push_down": Metric("push, bytes down", "B/bag"),
        "push_requests": Metric("push", "requests"),
        "download_down": Metric("first download, bytes down", "B/bag"),
        "download_requests": Metric("first download", "requests"),
        "noop_requests": Metric("sync with nothing new", "requests"),
        "noop_bytes": Metric("sync with nothing new, both ways", "B"),
        "few_requests": Metric("sync of 50 new bags", "requests"),
        "few_up": Metric("sync of 50 new bags, up", "B"),
        "few_down": Metric("sync of 50 new bags, down", "B"),
        "disk_server": Metric("disk of the server", "B/bag"),
        "disk_laptop": Metric("disk of the laptop", "B/bag"),
        "bad_link": Metric("sync of 50 new bags over a bad link", "s"),
    }
)


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some values, and their ends."""

    median: float
    least: float
    most: float

    def as_data(self) -> dict[str, float]:
        """Return the JSON object."""
        return {"median": self.median, "min": self.least, "max": self.most}


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of every side that has it, one value per round."""

    name: str
    values: Mapping[str, Sequence[float]]

    @property
    def metric(self) -> Metric:
        """What it is."""
        return METRICS[self.name]

    def spread(self, side: str) -> Spread:
        """Return the middle of a side's rounds."""
        return _spread(self.values[side])

    def ratio(self, side: str) -> Spread | None:
        """Return ours by theirs, round by round: a busy moment meets both of a round."""
        ours, theirs = self.values.get(OURS), self.values[side]
        if ours is None or side == OURS or not all(theirs):
            return None
        return _spread([one / other for one, other in zip(ours, theirs, strict=True)])

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "name": self.name,
            "title": self.metric.title,
            "unit": self.metric.unit,
            "better": "more" if self.metric.is_more_better else "less",
            "sides": {side: self._side(side) for side in self.values},
        }

    def _side(self, side: str) -> dict[str, Any]:
        ratio = self.ratio(side)
        return {
            **self.spread(side).as_data(),
            "rounds": list(self.values[side]),
            "ours_by_theirs": ratio.as_data() if ratio else None,
        }


def compared(rounds: Sequence[Mapping[str, Mapping[str, float]]]) -> list[Compared]:
    """Lay the rounds of one measure side by side: round, side, figure to figure, side, round."""
    values: dict[str, dict[str, list[float]]] = {}
    for sides in rounds:
        for side, found in sides.items():
            for name, value in found.items():
                values.setdefault(name, {}).setdefault(side, []).append(value)
    order = list(METRICS)
    names = sorted(values, key=order.index)
    return [Compared(name, values[name]) for name in names]


def _spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))
