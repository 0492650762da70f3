"""Once a day: compare every row with the server's by digest, and mend what differs."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from collector.core.removals import Removals
from collector.core.reply import Message
from collector.errors import RefusedError
from collector.flow import laptop as names
from collector.flow.laptop import Laptop
from schemas.digest import BUCKETS, bucket, buckets_of, digest_of

_EVERY: Final = timedelta(days=1)
#: Buckets asked for at once: an eighth of a stream.
_AT_ONCE: Final = 32

#: Digests of streams as the server wrote them: rows and sum.
Digests = Mapping[str, list[int | str]]


class Source(Protocol):
    """Where rows come from."""

    async def buckets(self, stream: str) -> Mapping[str, list[int | str]]:
        """Ask for the digest of each bucket of a stream."""

    async def rows_in(
        self, stream: str, buckets: list[str]
    ) -> tuple[str, list[Message]]:
        """Ask for the rows of some buckets, with the server's epoch."""


def is_check_due(laptop: Laptop) -> bool:
    """Tell whether the rows were last compared more than a day ago."""
    last = laptop.store.setting(names.LAST_CHECK)
    now = laptop.clock.now()
    return last is None or abs(now - datetime.fromisoformat(last)) > _EVERY


def note_check(laptop: Laptop) -> None:
    """Keep when the rows were compared."""
    laptop.store.set_settings({names.LAST_CHECK: laptop.clock.stamp()})


async def repair(laptop: Laptop, source: Source, digests: Digests) -> int:
    """Mend the streams whose digest differs; give how many rows were wrong here."""
    mended = 0
    for stream, said in digests.items():
        if digest_of(laptop.store.rows_held(stream)).as_data() != said:
            mended += await _mend(laptop, source, stream)
    return mended


async def _mend(laptop: Laptop, source: Source, stream: str) -> int:
    there = await source.buckets(stream)
    held = list(laptop.store.rows_held(stream))
    here = {name: found.as_data() for name, found in buckets_of(held).items()}
    wrong = [name for name in BUCKETS if there.get(name) != here.get(name)]
    mended = 0
    for start in range(0, len(wrong), _AT_ONCE):
        part = wrong[start : start + _AT_ONCE]
        epoch, rows = await source.rows_in(stream, part)
        mine = dict(row for row in held if bucket(row[0]) in part)
        missing = sorted(mine.keys() - {row["r"] for row in rows})
        _refuse_many(stream, len(missing), len(held))
        laptop.store.take_bucket(epoch, rows, missing)
        mended += len(missing) + sum(mine.get(row["r"]) != row["q"] for row in rows)
    return mended


def _refuse_many(stream: str, missing: int, had: int) -> None:
    if Removals({stream: had}, {stream: missing}).too_many():
        raise RefusedError(
            f"the server does not have {missing} of {had} records that are here;"
            " nothing was removed",
            "ask the administrator",
            code="many_removals",
        )
