"""Keep -> sync: trade changes for verdicts and rows until nothing waits.

Laptop and server work at the same time. Where an answer tells by itself where the laptop
stands after it, the laptop asks on before it takes the answer in. Had taking in led
elsewhere after all, that request counts as one whose answer was lost: the server repeats it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from collector.client.http import Patience
from collector.client.traffic import Traffic
from collector.errors import PermilleError, RefusedError, UnreachableError
from collector.laptop import settings
from collector.laptop.address import allow_insecure, enrolled_at
from collector.laptop.blocks import reserve_if_low
from collector.laptop.keys import check_receipt, named_log, sign
from collector.laptop.laptop import Laptop
from collector.laptop.receipts import without_receipt
from collector.laptop.renewal import renew_token
from collector.record.names import project_name
from collector.rules.fork import find_fork
from collector.rules.log_heads import LogHead
from collector.rules.reply import Message, RemovalGuard, Reply
from collector.rules.request import (
    Now,
    Reading,
    Request,
    Stand,
    first_batch,
    foretold,
    speaking,
    write_request,
)
from collector.sync import sizes
from collector.sync.repair import is_check_due, mend_counts, note_check, repair
from collector.sync.tally import SyncReport, Tally
from schemas import limits
from schemas.told import counted
from schemas.version import NEWEST_PROTOCOL, PROTOCOL

#: Told at the beginning and after each round: changes still to push, rows received so far.
Progress = Callable[[int, int], None]
#: Pages of one sync: 7 GB, more than a laptop has of all its projects.
PAGES: Final = 20_000
#: Refusals of a server that cannot read a request of a newer protocol.
_UNREADABLE: Final = frozenset(
    {"protocol_unknown", "bad_message", "bad_json", "bad_chain"}
)
#: How long a request may take to leave before the answer before it is taken in.
_SENDING_S: Final = 0.002
#: Pages that bring nothing and say that more follows.
EMPTY_PAGES: Final = 20


class Transport(Protocol):
    """A way to the server."""

    traffic: Traffic

    async def sync(self, body: bytes, asked_epoch: str = "") -> Reply:
        """Send one sync request, which names a timeline or none, and read its answer."""

    async def buckets(self, project_id: str) -> Mapping[str, list[int | str]]:
        """Ask for the digest of each bucket of a project."""

    async def rows_in(
        self, project_id: str, buckets: list[str]
    ) -> tuple[str, list[Message]]:
        """Ask for the rows of some buckets, with the server's epoch."""


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How to sync: let much be taken away, compare every row, send the token openly."""

    accepts_removals: bool = False
    checks: bool = False
    insecure: bool = False


async def sync(
    laptop: Laptop,
    progress: Progress,
    options: SyncOptions = SyncOptions(),
) -> SyncReport:
    """Push what waits and pull what is new, round by round.

    Raises
    ------
    UnreachableError
        If the server cannot be reached; what was agreed before stays.
    RefusedError
        If this laptop is not enrolled, or the server refuses it.
    """
    from collector.client.sync import SyncClient  # noqa: PLC0415 - aiohttp is not for every flow

    if options.insecure:
        allow_insecure(laptop)
    server, token = enrolled_at(laptop)
    with laptop.sync_lock():
        async with SyncClient(server, token, laptop.clock) as client:
            report = await sync_with(laptop, client, progress, options)
            await reserve_if_low(laptop, client)
            if client.renew_code is not None:
                await renew_token(laptop, client, client.renew_code)
            return report


async def sync_with(
    laptop: Laptop, transport: Transport, progress: Progress, options: SyncOptions
) -> SyncReport:
    """Sync over a transport that is open."""
    began_s = laptop.clock.monotonic_s()
    is_first = not any(laptop.store.cursors().values())
    wants_digest = options.checks or is_check_due(laptop)
    if wants_digest:
        mend_counts(laptop)
    had = laptop.store.count_live()
    removals = RemovalGuard(had, are_accepted=options.accepts_removals)
    for unsigned in without_receipt(laptop.store) if options.checks else ():
        # Who sends the last change again is given the receipt for all of them.
        laptop.store.rewind(unsigned.number, unsigned.n - 1)
    exchange = _Exchange(laptop, transport, removals, wants_digest)
    progress(laptop.store.count_unacknowledged(), 0)
    goes_on = True
    try:
        while goes_on:
            goes_on = await exchange.round()
            progress(laptop.store.count_unacknowledged(), exchange.tally.received)
    finally:
        await exchange.end()
    if wants_digest:
        exchange.tally.repaired = await repair(laptop, transport, exchange.digests)
    if wants_digest or is_first:
        note_check(laptop)
    return exchange.tally.report(
        pending=laptop.store.count_unacknowledged(),
        traffic=transport.traffic,
        duration_s=laptop.clock.monotonic_s() - began_s,
        clock_skew_s=-int(laptop.store.setting(settings.CLOCK_OFFSET) or 0) / 1000,
    )


class SentAhead(NamedTuple):
    """A request that is under way."""

    request: Request
    answer: asyncio.Task[Reply]

    async def drop(self) -> None:
        """Wait for its answer no longer."""
        self.answer.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self.answer


@dataclass(slots=True)
class _Exchange:
    """The rounds of one sync."""

    laptop: Laptop
    transport: Transport
    removals: RemovalGuard
    wants_digest: bool
    tally: Tally = field(default_factory=Tally)
    digests: dict[str, list[int | str]] = field(default_factory=dict)
    _detours: int = 0
    _pages: int = 0
    _empty_pages: int = 0
    _probe: tuple[int, int] | None = None  # log and place to ask the server about
    _proof: tuple[str, str] | None = None  # a receipt for what the server lost
    _sent: SentAhead | None = None

    async def round(self) -> bool:
        """Do one request; tell whether another one is needed."""
        store = self.laptop.store
        here = Stand(speaking(store.logs()), store.cursors(), self.laptop.late)
        request, answer = await self._begun(here)
        head = here.head
        try:
            reply = await answer
        except (RefusedError, UnreachableError) as error:
            if error.code == "fork":
                return self._follow_fork(error)
            if error.code not in sizes.TOO_LARGE:
                raise
            sizes.halve_batch(self.laptop, request, error)
            return True
        if reply.need_from is not None:
            return self._rewind(reply, head)
        check_receipt(self.laptop, reply)
        await self._go_ahead(request, reply)
        asked, batch = request.stand.cursors, request.batch
        applied = store.apply(
            reply, head, asked, self.laptop.timestamp(), self.removals
        )
        self.tally.add(applied, len(batch))
        self.tally.note_figures(applied, batch, reply.rows)
        self.removals = applied.removals
        self._refuse_removals()
        self.digests = {**self.digests, **reply.end["digest"]}
        left = store.count_unacknowledged()
        is_probe = request.stand.head.acked_n != head.acked_n
        if batch and not is_probe and applied.acked_n == head.acked_n:
            raise UnreachableError(
                "the server did not take the changes", "nothing is lost; permille sync"
            )
        self._count_page(reply)
        return bool(left) or reply.more or applied.stale

    async def _begun(self, here: Stand) -> tuple[Request, Awaitable[Reply]]:
        """Return what to ask from here, and its answer; it may have been asked already."""
        sent, self._sent = self._sent, None
        if sent is not None and sent.request.stand.says_as(here):
            return sent.request, sent.answer
        if sent is not None:
            await sent.drop()
        spoken = here._replace(head=self._probing(here.head))
        request = self._from(spoken, self._take_proof())
        return request, self._ask(request)

    async def _go_ahead(self, request: Request, reply: Reply) -> None:
        """Send the next request where an answer tells by itself what that is."""
        stand = foretold(request, reply)
        following = None if stand is None else self._from(stand)
        if following is not None and (following.batch or reply.more):
            self._sent = SentAhead(following, asyncio.create_task(self._ask(following)))
            # What follows goes on once it has left.
            await asyncio.wait({self._sent.answer}, timeout=_SENDING_S)

    async def end(self) -> None:
        """Wait no longer for what was sent ahead."""
        if self._sent is not None:
            await self._sent.drop()

    def _from(self, stand: Stand, proof: tuple[str, str] | None = None) -> Request:
        """Return the request that follows where a laptop stands."""
        store = self.laptop.store
        place = (stand.head.acked_n, limits.BATCH_CHANGES + 1, stand.head.number)
        waiting = store.tail(*place)
        most = int(store.setting(settings.BATCH_BYTES) or limits.BATCH_BYTES)
        batch = first_batch(waiting, most_bytes=most)
        known = {s: cursor for s, cursor in stand.cursors.items() if cursor}
        reading = Reading(known, stand.late, self.wants_digest, proof)
        return Request(stand, batch, waiting, most, reading)

    def _count_page(self, reply: Reply) -> None:
        """Stop where a server goes on and on."""
        brings = bool(reply.rows or reply.verdicts or reply.purged or reply.resets)
        self._pages += 1
        self._empty_pages = 0 if brings else self._empty_pages + 1
        if reply.more and (self._empty_pages >= EMPTY_PAGES or self._pages >= PAGES):
            raise RefusedError(
                f"the server says that more follows, page after page ({self._pages} by now)",
                "what came is kept; tell the administrator of the server, or go on with:"
                " permille sync",
                code="endless_answer",
            )

    async def _ask(self, request: Request) -> Reply:
        """Send what waits, in the first protocol where the server cannot read the newest."""
        epoch, protocol = request.reading.epoch or "", self.laptop.protocol
        body = self._written(request, protocol)
        try:
            reply = await self._send(body, epoch)
        except RefusedError as error:
            if protocol == PROTOCOL or error.code not in _UNREADABLE:
                raise
            protocol = PROTOCOL
            self._note_protocol(None)
            body = self._written(request, protocol)
            reply = await self._send(body, epoch)
        newest = min(reply.hello.get("speaks", PROTOCOL), NEWEST_PROTOCOL)
        if newest > protocol:
            self._note_protocol(str(newest))
        return reply

    def _note_protocol(self, newest: str | None) -> None:
        self.laptop.store.set_settings({settings.PROTOCOL: newest})

    def _written(self, request: Request, protocol: int) -> bytes:
        laptop, head = self.laptop, request.stand.head
        return write_request(
            head,
            laptop.batch_after(head, request.batch),
            request.reading,
            Now(laptop.clock.stamp(), laptop.free_mib),
            lambda text: sign(laptop, text),
            protocol,
        )

    async def _send(self, body: bytes, asked_epoch: str) -> Reply:
        """Send a request, and again while the server is away for a moment."""
        clock = self.laptop.clock
        patience = Patience(clock)
        while True:
            began_ms = clock.now_ms()
            try:
                reply = await self.transport.sync(body, asked_epoch)
            except UnreachableError as error:
                await patience.wait(error)
            else:
                self._note_offset(reply, (began_ms + clock.now_ms()) // 2)
                return reply

    def _note_offset(self, reply: Reply, here_ms: int) -> None:
        """Keep by how much the server's clock is ahead; stamps follow it."""
        try:
            there = datetime.fromisoformat(str(reply.hello["now"])).timestamp()
        except (ValueError, OverflowError):
            return
        offset_ms = int(there * 1000) - here_ms
        known_ms = int(self.laptop.store.setting(settings.CLOCK_OFFSET) or 0)
        if abs(offset_ms - known_ms) > 1000:
            self.laptop.store.set_settings({settings.CLOCK_OFFSET: str(offset_ms)})

    def _follow_fork(self, error: PermilleError) -> bool:
        """Begin a new log where this laptop's log and the server's still agree."""
        self._count_detour()
        store, document = self.laptop.store, error.document
        log = named_log(store.logs(), str(document.get("log")))
        try:
            fork = find_fork(document, log.n, lambda n: store.hash_at(n, log.number))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise RefusedError(
                "the server says that this log went on elsewhere, and not where",
                "nothing is lost; tell the administrator of the server",
                code="bad_reply",
            ) from None
        if fork.is_found:
            moved = store.split(log.number, fork.agreed, self.laptop.clock.new_id())
            self.tally.moved += moved
            self.tally.new_logs += 1
        elif fork.agreed < log.acked_n:
            store.rewind(log.number, fork.agreed)
        else:
            self._probe = (log.number, fork.agreed)
        return True

    def _probing(self, head: LogHead) -> LogHead:
        """Return the log as if it were acknowledged up to where a fork is looked for."""
        probe, self._probe = self._probe, None
        if probe is None or probe[0] != head.number:
            return head
        digest = self.laptop.store.hash_at(probe[1], head.number)
        assert digest is not None, "both sides have what they agree on"
        return head._replace(acked_n=probe[1], acked_hash=digest)

    def _rewind(self, reply: Reply, head: LogHead) -> bool:
        """Send again what a restored server has lost."""
        self._count_detour()
        store = self.laptop.store
        log = named_log(store.logs(), reply.need_log or head.id)
        have = max(int(reply.need_from or 1) - 1, 0)
        if have >= log.n:
            raise UnreachableError(
                "the server asks for changes that were never made",
                "ask the administrator",
            )
        signed = {receipt.log_id: receipt for receipt in store.receipts()}
        if log.number in signed:
            self._proof = (signed[log.number].raw, signed[log.number].signature)
        store.rewind(log.number, min(have, log.acked_n))
        return True

    def _take_proof(self) -> tuple[str, str] | None:
        """Return the receipt that the next request shows."""
        proof, self._proof = self._proof, None
        return proof

    def _count_detour(self) -> None:
        # Each halves what is not known of a fork, or goes back in one log.
        self._detours += 1
        if self._detours > 200:
            raise UnreachableError(
                "the server and this laptop do not find where their logs agree",
                "nothing is lost; ask the administrator",
                code="no_common_log",
            )

    def _refuse_removals(self) -> None:
        for project_id, (gone, had) in self.removals.too_many().items():
            name = project_name(self.laptop.store, project_id)
            raise RefusedError(
                f"the server would take away {gone} of {counted(had, 'record')} of project {name};"
                " nothing was removed",
                "ask the administrator; if it is right: permille sync --accept-removals",
                code="many_removals",
            )
