"""What a serving process counts, as Prometheus reads it (docs/operations.md).

Where several processes serve one address, each writes its counts to the folder that
`FOLDER_VARIABLE` names, and whichever is asked tells those of all.
"""

import os
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from typing import Final

from aiohttp import web
from aiohttp.hdrs import METH_ALL
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from schemas.version import NEWEST_PROTOCOL, SCHEMA_VERSION, __version__
from server.merge.model import Verdict

#: The environment variable that the library reads when it is loaded.
FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
#: Up to what the system gives a request before the laptop gives up.
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
#: The route of what is at no address of the server, and the method of what is none.
_NONE: Final = "none"

disable_created_metrics()  # type: ignore[no-untyped-call] # it has no types


class Metrics:
    """The counts of one process since its start."""

    def __init__(self) -> None:
        own = self._own = CollectorRegistry()
        self._requests = Counter(
            "permille_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=own,
        )
        self._seconds = Histogram(
            "permille_request_seconds",
            "From the head of a request to its answer.",
            ("route",),
            registry=own,
            buckets=_SECONDS,
        )
        self._changes = Counter(
            "permille_changes",
            "Changes of laptops, by what became of them.",
            ("outcome",),
            registry=own,
        )
        self._leads = Gauge(
            "permille_leads",
            "1 where this server looks after what all servers of the database share.",
            registry=own,
            multiprocess_mode="livesum",
        )

    def count_request(
        self, request: web.Request, status: int, duration_s: float
    ) -> None:
        """Count a request that was answered, under its route and never its path."""
        resource = request.match_info.route.resource
        route = _NONE if resource is None else resource.canonical
        method = request.method if request.method in METH_ALL else _NONE
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(duration_s)

    def count_changes(self, verdicts: Iterable[Verdict]) -> None:
        """Count changes by their verdicts; one that was here already is `repeated`."""
        found = Tally("repeated" if v.repeated else v.outcome.value for v in verdicts)
        for outcome, count in found.items():
            self._changes.labels(outcome).inc(count)

    def note_lead(self, *, leads: bool) -> None:
        """Note whether this process looks after what all share."""
        self._leads.set(leads)

    def text(self, waiting: int | None) -> bytes:
        """Return what all processes of the address count, and how many plots wait."""
        now = CollectorRegistry()
        now.register(_Now(waiting))
        if FOLDER_VARIABLE not in os.environ:
            return generate_latest(now) + generate_latest(self._own)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call] # it has no types
        return generate_latest(now) + generate_latest(shared)


class _Now(Collector):
    """What is not counted but so at this moment."""

    def __init__(self, waiting: int | None) -> None:
        self._waiting = waiting

    def collect(self) -> Iterator[Metric]:
        """Return what is so; what is not known is left out."""
        says = "1, with the versions of program, protocol and records."
        names = ("version", "protocol", "schema")
        build = GaugeMetricFamily("permille_build_info", says, labels=names)
        build.add_metric([__version__, str(NEWEST_PROTOCOL), str(SCHEMA_VERSION)], 1)
        yield build
        if self._waiting is not None:
            says = "Plots that wait to be derived."
            yield GaugeMetricFamily("permille_waiting_plots", says, self._waiting)
