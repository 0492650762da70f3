"""A core with three bags saved at once, on a laptop that holds a large project."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, NamedTuple

from benchmarks.figures import Figure, percentile, say, timed
from benchmarks.soil import survey
from benchmarks.stage import World, laptop_at
from benchmarks.yardsticks import BareTable, bare_table
from collector.clock import Clock
from collector.config import Home
from collector.laptop.laptop import Laptop
from collector.laptop.open import init
from collector.record import entry
from collector.record.core_entry import TypedCore, record_core
from collector.record.core_outcome import CoreOutcome
from collector.record.field_day import field_day
from collector.record.local_day import day_of
from collector.record.typed_layers import read_layer
from collector.store.port import Timestamp
from schemas import limits
from schemas.changes import Draft
from schemas.messages import encode

#: Bags in the store for each one that was asked for: a hundred thousand of ten.
_TIMES: Final = 10
_CORES: Final = 200
#: Cores before the clock starts: the first one opens files and fills caches.
_FIRST: Final = 5


class _Spent(NamedTuple):
    """What one core took: all of it, its transaction, and its bytes in a bare table."""

    act_s: float
    transaction_s: float
    bare_s: float


def save_core(world: World) -> Iterator[Figure]:
    """Save cores of three bags: the transaction, and the whole act with its warnings."""
    bags = _TIMES * world.n
    say(f"  a laptop with {bags} bags is filled")
    folder = world.folder / "field"
    home = Home(folder / "laptop")
    init(home, Clock(), "lap-1", "Ada Diallo", None)
    with laptop_at(home.path) as laptop, bare_table(home.path, encrypted=True) as bare:
        project_id = _filled(laptop, bags)
        say(f"  {_CORES} cores are saved one by one")
        spent = [
            _spent(laptop, bare, project_id, number)
            for number in range(_FIRST + _CORES)
        ][_FIRST:]
        today = timed(lambda: field_day(laptop, project_id, day_of(laptop.clock, "")))
    yield from _figures(bags, spent)
    yield Figure("today", bags, today.seconds * 1000, "ms")


def _spent(laptop: Laptop, bare: BareTable, project_id: str, number: int) -> _Spent:
    """Save a core, then the same once more by the transaction alone, then its bare bytes."""
    done: list[CoreOutcome] = []
    typed = _typed(number)
    act = timed(lambda: done.append(record_core(laptop, project_id, typed)))
    drafts = _drafts(project_id, done[0])
    again = _others(laptop, project_id, drafts, number)
    stamp = laptop.timestamp()
    stored = timed(lambda: laptop.store.save(again, stamp, "Ada Diallo"))
    rows = [(d.record_id, encode({"t": d.type, "f": d.fields})) for d in drafts]
    plain = bare.insert(rows, len(rows))
    return _Spent(act.seconds, stored.seconds, plain.seconds)


def _figures(bags: int, spent: list[_Spent]) -> Iterator[Figure]:
    for name, ours in (
        ("transaction", [one.transaction_s for one in spent]),
        ("act", [one.act_s for one in spent]),
    ):
        for share, said in ((0.5, "p50"), (0.99, "p99")):
            yield Figure(
                f"save_core_{name}_{said}",
                bags,
                percentile(ours, share) * 1000,
                "ms",
                f"the same bytes in one commit, FULL, keyed, {said}",
                percentile([one.bare_s for one in spent], share) * 1000,
            )


def _filled(laptop: Laptop, bags: int) -> str:
    saved = entry.add(
        laptop,
        "project",
        {"code": "KL", "title": "Klostergut", "layer_depths_cm": [10.0, 20.0, 30.0]},
    )
    project_id = saved.view.id
    made = survey(project_id, bags)
    before = laptop.clock.now() - timedelta(days=2)
    stamp = Timestamp(int(before.timestamp() * 1000), before.isoformat())
    entries = [*made.plan, *made.samples]
    size = limits.IMPORT_BATCH_LAYERS
    for start in range(0, len(entries), size):
        drafts = [
            Draft(project_id, e.type, e.id, fields=e.fields, is_new=True)
            for e in entries[start : start + size]
        ]
        laptop.store.save(drafts, stamp, "Ada Diallo")
    return project_id


def _typed(number: int) -> TypedCore:
    """Return one more core, each on another plot and point."""
    plot, place = number % 50, 1 + number // 50
    layers = [f"F{number}-{end}:{260 + number % 9}" for end in (10, 20, 30)]
    return TypedCore(
        point=f"KL-{plot:03}/{place:02}",
        campaign="2026",
        texts={"sampled_at": "2026-09-12T10:15+02:00", "tool": "auger"},
        layers=tuple(map(read_layer, layers)),
        is_another=True,
    )


def _drafts(project_id: str, outcome: CoreOutcome) -> list[Draft]:
    bags = [("sample", bag.id, bag.fields) for bag in outcome.saved]
    assert len(bags) == 3, outcome.refused
    records = [("core", outcome.core_id, outcome.fields), *bags]
    return [
        Draft(project_id, kind, name, fields=dict(fields), is_new=True)
        for kind, name, fields in records
    ]


def _others(
    laptop: Laptop, project_id: str, drafts: list[Draft], number: int
) -> list[Draft]:
    """Return like records under other names, for the transaction alone."""
    core, *bags = drafts
    taken = {**core.fields, "number": 100 + number}
    core_id = entry.mint(laptop, project_id, "core", taken)
    found = [Draft(project_id, "core", core_id, fields=taken, is_new=True)]
    for bag in bags:
        code = f"{bag.fields['sample_code']}b"
        fields = {**bag.fields, "core_id": core_id, "sample_code": code}
        name = entry.mint(laptop, project_id, "sample", fields)
        found.append(Draft(project_id, "sample", name, fields=fields, is_new=True))
    return found
