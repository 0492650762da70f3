"""A simulated field season over the real code: laptops, a server, and a bad network.

Databases, merge, feed and settling are the real ones on real SQLite files. Simulated
are the clocks and the wire between them: bytes are written and read by the real
codecs, and lost, repeated or delivered late on demand.
"""

import asyncio
import json
import shutil
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

from collector.client.traffic import Traffic
from collector.config import Home
from collector.errors import RefusedError, UnreachableError
from collector.laptop import settings
from collector.laptop.keys import check_receipt
from collector.laptop.laptop import Laptop
from collector.laptop.recover import recover
from collector.rules.reply import RemovalGuard, read_reply
from collector.store.sqlite import LaptopStore
from collector.store.vault import Vault
from collector.sync.session import SyncOptions, sync_with
from schemas.changes import Draft
from schemas.digest import buckets_of
from schemas.messages import decode_response
from schemas.records import record_id
from schemas.version import PROTOCOL
from server.errors import RequestError, refuse
from server.intake.answer import answer_of
from server.intake.feed import row_line
from server.intake.push import sync
from server.intake.request import read_push
from server.operations.copy_detection import notice_copy, renew
from server.store.rows import RECORD_COLUMNS, record_of
from server.store.sqlite import SqliteStore as ServerStore
from tests.lines import kept_lines
from tests.stateful.template import KEY, template_of
from tests.stateful.ticks import LaptopTime, ServerTime

QUIET = lambda _left, _received: None  # noqa: E731


class UnrestError(AssertionError):
    """I5: something stays pending, or goes round for ever."""


@dataclass
class Link:
    """The way from one laptop to the server, with what goes wrong on it.

    `fault` is one of: "" (nothing), "request" (never arrives), "response" (the server
    has done its work, the laptop does not hear), "late" (as response, kept for later),
    "twice" (the request arrives twice).
    """

    world: "World"
    device: str
    fault: str = ""
    most: int = 2000
    traffic: Traffic = field(default_factory=Traffic)
    kept: list = field(default_factory=list)

    async def sync(self, body, asked_epoch=""):
        if self.fault == "request":
            raise UnreachableError("lost")
        raw = await self._served(body)
        if self.fault == "twice":
            raw = await self._served(body)
        if self.fault == "late":
            self.kept.append((body, raw))
        if self.fault in {"response", "late"}:
            raise UnreachableError("lost")
        return read_reply(raw.split(b"\n"), asked_epoch)

    async def _served(self, body):
        self.traffic.requests += 1
        if self.traffic.requests >= 300:
            raise UnrestError("I5: a sync without end", body[-600:])
        if self.most != 2000:
            wanted = f'{{"k":"hello","want":{self.most},'.encode()
            body = body.replace(b'{"k":"hello",', wanted, 1)
        self.world.requests.append((self.device, body))
        return await self.world.serve(self.device, body)

    async def buckets(self, project_id):
        rows = await self.world.ask(lambda tx: tx.digest_items(project_id))
        return {name: found.as_data() for name, found in buckets_of(rows).items()}

    async def rows_in(self, project_id, buckets):
        def job(tx):
            rows = tx.sent_in(project_id, buckets)
            return tx.epoch(), [row_line(tx, row) for row in rows]

        epoch, rows = await self.world.ask(job)
        return epoch, [decode_response(row) for row in rows]


class World:
    """One server with two projects, and laptops that were enrolled for them."""

    def __init__(self, folder, laptops=3, skews=(), template=None):
        template = template or template_of(laptops)
        # Time goes on from the template's: else ids it has drawn are drawn again.
        self.folder, self.ticks = Path(folder), copy(template.ticks)
        self.clock = ServerTime(self.ticks)
        self.loop = asyncio.new_event_loop()
        self.requests, self.late, self.is_old = [], [], False
        self._server_path = self.folder / "server" / "permille.db"
        self._laptops = {}
        shutil.copytree(template.folder, self.folder, dirs_exist_ok=True)
        self.project_ids = template.project_ids
        self.server = ServerStore(self._server_path)
        self.mark = self.folder / "server" / "mark"
        self.run(notice_copy(self.server, self.mark, self.clock))
        for number in range(laptops):
            skew = skews[number] if number < len(skews) else 0.0
            self._open(f"laptop-{number}", skew)

    def shut(self):
        """Close every database; the files stay."""
        for laptop in self._laptops.values():
            laptop.store.close()
        self.server.close()
        self.loop.close()

    def close(self):
        self.shut()
        shutil.rmtree(self.folder, ignore_errors=True)

    # The server -----------------------------------------------------------------

    def run(self, work):
        return self.loop.run_until_complete(work)

    async def ask(self, job):
        return await self.server.read(job)

    def read(self, job):
        return self.run(self.server.read(job))

    def sql(self, text, *values):
        return self.read(lambda tx: tx.connection.execute(text, values).fetchall())

    def all_records(self):
        """Return all records of the server, as its merge reads them."""
        rows = self.sql(f"SELECT {RECORD_COLUMNS} FROM record")  # noqa: S608 - a constant
        return [record_of(row) for row in rows]

    def lines(self, where="1", *values):
        """Return lines that the server keeps."""
        return self.read(lambda tx: kept_lines(tx.connection, where, *values))

    async def serve(self, device, body):
        """Answer as the service does: the same steps, without HTTP.

        A server with an old program reads protocol 1, and says nothing of another one.
        """
        try:
            push = read_push(body)
            if self.is_old and push.protocol != PROTOCOL:
                raise refuse("protocol_unknown")
            found = await self.server.read(
                lambda tx: next(d for d in tx.devices() if d.id == device)
            )
            accepted, pulled = await sync(self.server, self.clock, found, push)
        except RequestError as error:
            refused = RefusedError(str(error), code=error.problem.code)
            refused.document = error.more
            raise refused from None
        answer = answer_of(accepted, pulled, push, self.clock.stamp())
        return answer.replace(b',"speaks":2', b"", 1) if self.is_old else answer

    def backup_server(self):
        self.server.close()
        shutil.copy(self._server_path, self.folder / "server.backup")
        self.server = ServerStore(self._server_path)

    def restore_server(self, how="command"):
        """Put the backup in place: by the `command`, by `hand`, or `whole`.

        By hand the mark beside the database stays as the server left it; whole means that
        it was put back with its mark, so that only laptops can notice.
        """
        if not (self.folder / "server.backup").exists():
            return False
        self.run(renew(self.server, self.mark, self.clock))
        self.server.close()
        for old in self._server_path.parent.glob("permille.db*"):
            old.unlink()
        shutil.copy(self.folder / "server.backup", self._server_path)
        self.server = ServerStore(self._server_path)
        if how == "hand":
            assert self.run(notice_copy(self.server, self.mark, self.clock))
        if how == "command":
            epoch, now = self.clock.new_id(), self.clock.stamp()
            self.run(
                self.server.write(lambda u: u.begin_epoch(epoch, now, "restored", None))
            )
        return True

    def grant(self, name, project_id):
        device = self.device(name)
        self.run(self.server.write(lambda tx: tx.set_access(device, project_id, None)))

    def withdraw(self, name, project_id):
        device, now = self.device(name), self.clock.stamp()
        self.run(self.server.write(lambda tx: tx.set_access(device, project_id, now)))

    def records(self, project_id):
        """Return the server's rows of a project: id to type, number, fields, deleted."""
        rows = self.sql(
            "SELECT id, type, seq, fields, deleted FROM record WHERE project_id = ?",
            project_id,
        )
        return {row[0]: row[1:] for row in rows}

    # The laptops ----------------------------------------------------------------

    def laptop(self, name):
        return self._laptops[name]

    def device(self, name):
        """Return the device that a laptop says it is: a copy is the same one."""
        return self._laptops[name].store.setting(settings.DEVICE)

    @property
    def names(self):
        return sorted(self._laptops)

    def _open(self, name, skew_s):
        home = Home(self.folder / name)
        clock = LaptopTime(self.ticks, skew_s)
        store = LaptopStore(home.database, KEY)
        self._laptops[name] = Laptop(home, store, clock, Vault(home.attachments, KEY))

    def _copy(self, source, target):
        target.mkdir(exist_ok=True)
        for old in target.iterdir():
            old.unlink()
        for file in source.iterdir():
            shutil.copy(file, target / file.name)

    def backup_laptop(self, name):
        laptop = self._laptops[name]
        laptop.store.close()
        self._copy(laptop.home.path, self.folder / f"{name}.backup")
        self._open(name, laptop.clock.skew_s)

    def restore_laptop(self, name):
        if not (self.folder / f"{name}.backup").exists():
            return False
        laptop = self._laptops[name]
        laptop.store.close()
        self._copy(self.folder / f"{name}.backup", laptop.home.path)
        self._open(name, laptop.clock.skew_s)
        return True

    def clone_laptop(self, name, onto):
        """Copy one laptop over another, token and all."""
        for one in (name, onto):
            self._laptops[one].store.close()
        skews = {one: self._laptops[one].clock.skew_s for one in (name, onto)}
        self._copy(self.folder / name, self.folder / onto)
        for one in (name, onto):
            self._open(one, skews[one])

    def recover(self, name):
        return recover(self._laptops[name])

    def save(self, name, *drafts):
        """Record something on a laptop; return the changes."""
        laptop = self._laptops[name]
        laptop.store.save(list(drafts), laptop.timestamp(), name)
        found = {c.id: c for d in drafts for c in laptop.store.changes(d.record_id)}
        newest = sorted(found.values(), key=lambda change: change.place)
        return newest[-len(drafts) :]

    def draft(self, name, project_id, record_type, fields, record=None, **more):
        """Draft a change from what the laptop sees now."""
        laptop = self._laptops[name]
        record = record or record_id(project_id, record_type, fields)
        base = laptop.store.base(record)
        more.setdefault("base", base.seen if base else None)
        return Draft(project_id, record_type, record, fields=fields, **more)

    def put(self, name, project_id, record_type, fields, record=None, **more):
        draft = self.draft(name, project_id, record_type, fields, record, **more)
        return self.save(name, draft)[0]

    def sync(self, name, fault="", most=2000, *, accepts_removals=True, checks=False):
        """Sync a laptop; return its report, or None when the link failed it."""
        link = Link(self, self.device(name), fault, most)
        options = SyncOptions(accepts_removals=accepts_removals, checks=checks)
        try:
            return self.run(sync_with(self._laptops[name], link, QUIET, options))
        except UnreachableError:
            self.late += [(name, body, raw) for body, raw in link.kept]
            return None

    def settle(self, rounds=40):
        """Sync everybody until nothing moves; fail when that never comes."""
        for _ in range(rounds):
            reports = [self.sync(name) for name in self.names]
            if not any(
                r.pushed or r.received or r.settled_late or r.pending or r.new_logs
                for r in reports
            ):
                return
        raise UnrestError("I5: the laptops never come to rest", reports)


def deliver_late(world, place):
    """Return a laptop an answer that comes long after it asked."""
    name, body, raw = world.late.pop(place % len(world.late))
    laptop = world.laptop(name)
    hello = json.loads(body.split(b"\n")[0])
    reply = read_reply(raw.split(b"\n"), hello.get("epoch", ""))
    logs = {log.id: log for log in laptop.store.logs()}
    if hello["log"]["id"] not in logs or reply.need_from is not None:
        return
    asked = dict.fromkeys(laptop.store.cursors())
    asked |= read_push(body).cursors
    try:
        check_receipt(laptop, reply)
    except (RefusedError, UnreachableError):
        return  # the laptop was restored meanwhile: its log says other things
    accepting = RemovalGuard(are_accepted=True)
    laptop.store.apply(
        reply, logs[hello["log"]["id"]], asked, laptop.timestamp(), accepting
    )
