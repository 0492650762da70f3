"""Reading what came over the wire, and judging it: no disk, no network."""

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.figures import Figure, in_turn, median, timed
from benchmarks.stage import World
from schemas.changes import Draft, write_change
from schemas.messages import decode_request, decode_response, encode
from schemas.strict_json import read
from schemas.validate import load_patch, load_record

_TIMES = 5
_RECORDS = 1_000


def reading(world: World) -> Iterator[Figure]:
    """Read the lines of a push and of a pull, and judge their fields."""
    project_id, bags = world.project_id, world.samples[:_RECORDS]
    changes = [
        write_change(Draft(project_id, e.type, e.id, fields=e.fields), n, n, "Ada")
        for n, e in enumerate(bags, start=1)
    ]
    rows = [
        encode(
            {"k": "row", "s": project_id, "q": n, "t": e.type, "r": e.id, "f": e.fields}
        )
        for n, e in enumerate(bags, start=1)
    ]
    verdicts = [
        encode({"k": "v", "i": e.id, "r": "accepted", "q": n})
        for n, e in enumerate(bags, start=1)
    ]
    fields = [e.fields for e in bags]
    raw = [encode(one) for one in fields]
    yield _figure("read_change", changes, decode_request, changes)
    yield _figure("read_row", rows, decode_response, rows)
    yield _figure("read_verdict", verdicts, decode_response, verdicts)
    yield _figure("judge_patch", fields, lambda one: load_patch("sample", one), raw)
    yield _figure("judge_record", fields, lambda one: load_record("sample", one), raw)


def _figure(
    bench: str, items: list[Any], work: Callable[[Any], object], raw: list[bytes]
) -> Figure:
    def each() -> None:
        for item in items:
            work(item)

    def bare() -> None:
        for one in raw:
            read(one)

    ours, theirs = in_turn(lambda: timed(each), lambda: timed(bare), times=_TIMES)
    return Figure(
        bench,
        len(items),
        median([t.cpu_s for t in ours]) / len(items) * 1e6,
        "us",
        "reading the same as strict JSON",
        median([t.cpu_s for t in theirs]) / len(raw) * 1e6,
    )
