"""Whatever a laptop did, its undo gives back what stood before, and undone again what it did."""

import random

import pytest

from schemas import hlc
from schemas.operations import OperationKind, operation
from server.clock import Clock
from server.custody.selected import Selection
from server.custody.undo import look, undo

SEEDS = range(25)
BEFORE, AFTER = 1_777_000_000_000, 1_778_000_000_000
VALUES = {
    "plot": [("note", "wet"), ("note", "dry"), ("area_ha", 2.0), ("area_ha", 3.5),
             ("name", "Haie"), ("control_plots", ["C1"]), ("control_plots", ["C1", "C2"])],
    "point": [("note", "stony"), ("note", "edge"), ("lon", 2.35), ("lon", 2.36)],
}  # fmt: skip


class Hand:
    """Records, edits, deletes and brings back what it sees, one change at a time."""

    def __init__(self, server, laptop, chance, at_ms):
        self.server, self.laptop, self.chance = server, laptop, chance
        self.stamp = hlc.at(at_ms)
        self.made = 0

    async def do(self, times):
        for _ in range(times):
            self.stamp += 1
            said = {"u": "Ada", "h": self.stamp}
            rows = await self._rows()
            step = self.chance.choice([self._add, self._edit, self._edit, self._remove])
            await step(rows, said)
            assert set((await self.laptop.sync()).outcomes) <= {"accepted", "merged"}

    async def _rows(self):
        project_id = self.server.project_id
        every = await self.server.ask(
            lambda store: store.read(lambda tx: list(tx.rows_after(project_id, 0)))
        )
        return {record.id: record for record in every if record.type in VALUES}

    async def _base(self, record):
        return [await self.server.report("epoch"), record.seq]

    async def _add(self, rows, said):
        self.made += 1
        plots = [one for one in rows.values() if one.type == "plot" and not one.deleted]
        code = f"{self.chance.randrange(10**9)}"
        if plots and self.chance.random() < 0.6:
            plot = self.chance.choice(plots).id
            self.laptop.add("point", {"plot_id": plot, "code": code}, **said)
        else:
            self.laptop.add("plot", {"code": code}, **said)

    async def _edit(self, rows, said):
        live = [one for one in rows.values() if not one.deleted]
        if not live:
            return await self._add(rows, said)
        record = self.chance.choice(live)
        name, value = self.chance.choice(VALUES[record.type])
        if self.chance.random() < 0.2:
            value = None
        whole = {name: value}
        if name == "lon":
            whole |= {"lat": None if value is None else 48.85}
        base = await self._base(record)
        self.laptop.draft(record.type, record.id, whole, base=base, **said)
        return None

    async def _remove(self, rows, said):
        parents = {
            one.fields.get("plot_id") for one in rows.values() if not one.deleted
        }
        free = [one for one in rows.values() if one.deleted or one.id not in parents]
        back = [
            one
            for one in free
            if not one.deleted
            or one.type == "plot"
            or not rows[one.fields["plot_id"]].deleted
        ]
        if not back:
            return await self._add(rows, said)
        record = self.chance.choice(back)
        op = "undel" if record.deleted else "del"
        base = await self._base(record)
        self.laptop.draft(record.type, record.id, {}, op=op, base=base, **said)
        return None


async def state(server):
    """Return what is live, by type and id."""
    return {
        one.id: (one.type, {k: v for k, v in one.fields.items() if v is not None})
        for kind in VALUES
        for one in await server.report("records", server.project_id, kind)
    }


async def taken_back(server, which):
    found = await server.ask(
        lambda store: store.read(lambda tx: look(tx, server.project_id, which))
    )
    assert found.plan.kept == []
    done = operation(OperationKind.UNDO, Clock().new_id(), "wrong")
    if found.is_empty:
        return None
    came = await server.ask(
        lambda store: undo(store, Clock(), found, done, "Bo", lambda *_: None)
    )
    assert list(came.refused) == []
    return done.id


@pytest.mark.parametrize("seed", SEEDS)
async def test_an_undo_gives_back_what_stood_before_and_can_be_undone(server, seed):
    chance = random.Random(seed)
    north, south = await server.laptop("north"), await server.laptop("south")
    await Hand(server, north, chance, BEFORE).do(8)
    before = await state(server)
    await Hand(server, south, chance, AFTER).do(14)
    after = await state(server)
    devices = await server.report("devices")
    (device,) = [one.id for one in devices if one.name == "south"]
    done = await taken_back(server, Selection(device_id=device, since_ms=AFTER))
    assert await state(server) == before
    if done is not None:
        await taken_back(server, Selection(operation=done))
        assert await state(server) == after
