"""Keep a read copy up to what the store has: a cursor for each project, a piece at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple, TypeVar

from server.errors import StorageError, busy
from server.merge.model import Record, weight_of
from server.reading.port import FeedPiece, ReadCopy, Standing
from server.store.port import Store, Transaction

T = TypeVar("T")

#: Records of one piece, and their weight in memory.
_PIECE: Final = 2_000
_PIECE_BYTES: Final = 2**23
#: For how long a reader waits until the copy has what the store had when it asked, and where
#: there is none yet: few clients of maps and sheets ask again by themselves.
_WAIT_S: Final = 8.0
_FIRST_WAIT_S: Final = 30.0
_COME_AGAIN_S: Final = 10


class Heads(NamedTuple):
    """Where the store stands: its timeline, and the last number of each project."""

    epoch: str
    heads: Mapping[str, int]


class Follower:
    """Brings a copy up to its store, and says whether it is there."""

    def __init__(
        self,
        store: Store,
        copy: ReadCopy,
        wait_s: float = _WAIT_S,
        first_wait_s: float = _FIRST_WAIT_S,
    ) -> None:
        self.copy = copy
        self._store, self._wait_s, self._first_wait_s = store, wait_s, first_wait_s
        self._at: Standing | None = None
        self._under_way: asyncio.Task[None] | None = None

    async def catch_up(self) -> None:
        """Bring the copy up to where the store stands now; callers at once share it."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._catch_up())
        await asyncio.shield(self._under_way)

    async def read(self, heads: Heads, ask: Callable[[ReadCopy], Awaitable[T]]) -> T:
        """Ask the copy something once it is where the store stood.

        Raises
        ------
        RequestError
            503 while it is made for the first time.
        StorageError
            If it can be neither read nor made anew.
        """
        try:
            await self.until_there(heads)
            return await ask(self.copy)
        except StorageError:
            # It was damaged or removed, and is made anew.
            self._at = None
            await self.until_there(heads)
            return await ask(self.copy)

    async def until_there(self, heads: Heads) -> None:
        """Wait until the copy is where the store stood.

        After a while what is there is read as it stands, where it was ever whole.

        Raises
        ------
        RequestError
            503 while it is made for the first time.
        StorageError
            If it cannot be written.
        """
        is_first = self._at is None or self._at.epoch != heads.epoch
        with suppress(TimeoutError):
            async with asyncio.timeout(
                self._first_wait_s if is_first else self._wait_s
            ):
                while not self._is_at(heads):
                    await self.catch_up()
                    if self._at is not None and self._at.epoch != heads.epoch:
                        break  # another timeline began meanwhile
        if self._at is None or self._at.epoch != heads.epoch:
            raise busy("the tables for readers are being made", _COME_AGAIN_S)

    async def stop(self) -> None:
        """End what is under way, and let go of the copy."""
        if self._under_way is not None:
            self._under_way.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._under_way
        self.copy.close()

    def _is_at(self, heads: Heads) -> bool:
        at = self._at
        return (
            at is not None
            and at.epoch == heads.epoch
            and all(at.cursors.get(p, 0) >= head for p, head in heads.heads.items())
        )

    async def _catch_up(self) -> None:
        try:
            await self._follow()
        except Exception:
            # Whatever it was: where the copy stands is asked of it once more.
            self._at = None
            raise

    async def _follow(self) -> None:
        there = await self._store.read(_heads)
        at = self._at or await self.copy.standing()
        if at.epoch != there.epoch:
            self._at = None
            await self.copy.begin(there.epoch)
            at = Standing(there.epoch, {}, is_whole=False)
        if at.is_whole:
            self._at = at  # what is there may be read while more comes
        cursors = dict(at.cursors)
        take = self.copy.follow if at.is_whole else self.copy.fill
        for project_id, head in there.heads.items():
            while cursors.get(project_id, -1) < head:
                after = max(cursors.get(project_id, 0), 0)
                epoch, piece = await self._store.read(
                    partial(_piece, project_id=project_id, after=after)
                )
                if epoch != there.epoch:
                    return
                await take(piece)
                cursors[project_id] = piece.up_to
        if not at.is_whole:
            await self.copy.finish()
        self._at = Standing(there.epoch, cursors, is_whole=True)


def heads_of(tx: Transaction, projects: tuple[str, ...]) -> Heads:
    """Return where some projects stand."""
    found = tx.project_heads(projects)
    return Heads(tx.epoch(), {name: each.head for name, each in found.items()})


def _heads(tx: Transaction) -> Heads:
    return Heads(tx.epoch(), tx.heads())


def _piece(tx: Transaction, project_id: str, after: int) -> tuple[str, FeedPiece]:
    """Return the timeline, and what came of a project after a number."""
    records, weight = list[Record](), 0
    up_to = tx.project_heads([project_id])[project_id].head
    for record in tx.rows_after(project_id, after):
        if len(records) >= _PIECE or weight > _PIECE_BYTES:
            up_to = records[-1].seq
            break
        records.append(record)
        weight += weight_of(record.fields)
    gone = tx.purged_between(project_id, after, up_to) if after else []
    return tx.epoch(), FeedPiece(project_id, records, gone, up_to)
