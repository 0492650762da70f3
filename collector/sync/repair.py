"""Once a day: compare every row with the server's by digest, and mend what differs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from collector.errors import RefusedError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.rules.reply import Message, RemovalGuard
from schemas import limits
from schemas.digest import (
    BUCKETS,
    Digest,
    Item,
    bucket,
    buckets_of,
    conflict_hash,
    digest_of,
    row_hash,
)

_EVERY: Final = timedelta(days=1)
#: Buckets asked for at once: an eighth of a project.
_AT_ONCE: Final = 32

#: Digests of projects as the server wrote them: rows and sum.
Digests = Mapping[str, list[int | str]]


class Source(Protocol):
    """Where rows come from."""

    async def buckets(self, project_id: str) -> Mapping[str, list[int | str]]:
        """Ask for the digest of each bucket of a project."""

    async def rows_in(
        self, project_id: str, buckets: list[str]
    ) -> tuple[str, list[Message]]:
        """Ask for the rows of some buckets, with the server's epoch."""


def is_check_due(laptop: Laptop) -> bool:
    """Return whether the rows were last compared more than a day ago.

    A laptop that has none yet is about to get them all.
    """
    last = laptop.store.setting(settings.LAST_CHECK)
    if last is None:
        return any(laptop.store.cursors().values())
    return abs(laptop.clock.now() - datetime.fromisoformat(last)) > _EVERY


def note_check(laptop: Laptop) -> None:
    """Keep when the rows were compared."""
    laptop.store.set_settings({settings.LAST_CHECK: laptop.clock.stamp()})


def mend_counts(laptop: Laptop) -> None:
    """Count again what is kept as a number; say so where one was wrong."""
    for text in laptop.store.mend_counts():
        laptop.tell(f"a count was wrong and was mended: {text}")


async def repair(laptop: Laptop, source: Source, digests: Digests) -> int:
    """Mend the projects whose digest differs; return how many records were wrong here."""
    mended = 0
    for project_id, said in digests.items():
        if digest_of(laptop.store.digest_items(project_id)).as_data() != said:
            mended += await _mend(laptop, source, project_id)
    return mended


async def _mend(laptop: Laptop, source: Source, project_id: str) -> int:
    there = await source.buckets(project_id)
    items = list(laptop.store.digest_items(project_id))
    held = _by_record(items)
    here = {name: found.as_data() for name, found in buckets_of(items).items()}
    wrong = [name for name in BUCKETS if there.get(name) != here.get(name)]
    mended = 0
    parts = list(_parts(wrong, there))
    while parts:
        part = parts.pop(0)
        try:
            epoch, records = await source.rows_in(project_id, part)
        except RefusedError as error:
            if error.code != "too_large" or len(part) == 1:
                raise
            parts[:0] = [part[: len(part) // 2], part[len(part) // 2 :]]
            continue
        mine = {name: found for name, found in held.items() if bucket(name) in part}
        missing = sorted(mine.keys() - {record["r"] for record in records})
        _refuse_many(project_id, len(missing), len(held))
        laptop.store.take_bucket(epoch, records, missing)
        mended += _differing(mine, records)
    return mended


def _differing(mine: Mapping[str, Digest], records: Sequence[Message]) -> int:
    """Count the records that were not as the server has them."""
    theirs = _by_record(item for record in records for item in _items(record))
    return sum(
        mine.get(name) != theirs.get(name) for name in mine.keys() | theirs.keys()
    )


def _parts(
    wrong: Sequence[str], there: Mapping[str, list[int | str]]
) -> Iterator[list[str]]:
    """Yield the buckets that are asked for at once: as many as a page has rows."""
    part: list[str] = []
    rows = 0
    for name in wrong:
        count = int(there.get(name, [0])[0])
        if part and (len(part) == _AT_ONCE or rows + count > limits.REPAIR_ROWS):
            yield part
            part, rows = [], 0
        part.append(name)
        rows += count
    if part:
        yield part


def _items(record: Message) -> Iterator[Item]:
    """Return what a record of the server adds to its digest."""
    name = record["r"]
    if record["k"] == "row":
        yield name, row_hash(record["t"], name, record["q"], record["f"])
    for conflict in record["x"]:
        yield name, conflict_hash(name, conflict["id"])


def _by_record(items: Iterable[Item]) -> dict[str, Digest]:
    found: dict[str, Digest] = {}
    for name, item_hash in items:
        found[name] = found.get(name, Digest()).plus(item_hash)
    return found


def _refuse_many(project_id: str, missing: int, had: int) -> None:
    if RemovalGuard({project_id: had}, {project_id: missing}).too_many():
        raise RefusedError(
            f"the server does not have {missing} of {had} records that are here;"
            " nothing was removed",
            "ask the administrator",
            code="many_removals",
        )
