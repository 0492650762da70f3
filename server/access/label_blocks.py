"""Blocks of codes for labels: each is handed out once, to one laptop."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.labels.codes import every_block
from server.clock import Clock
from server.errors import refuse
from server.store.port import Store, Transaction
from server.store.values import Device, LabelBlock

#: Chance that the choice of a block takes: far more than there are.
_CHANCE_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Handed:
    """A block for a laptop, those that are known, and those that it has and may not use."""

    block: str
    known: Sequence[str]
    lost: Sequence[str]

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"block": self.block, "known": self.known, "lost": self.lost}


async def hand_out(
    store: Store, clock: Clock, device: Device, asked: dict[str, Any], most: int
) -> Handed:
    """Hand a block to a laptop; who repeats a request gets the same one.

    What the laptop says that it has is noted first: a server that was restored may not
    know of it. Free blocks are drawn by chance, so that such a server hardly hands out
    one that somebody has who does not speak meanwhile.

    Raises
    ------
    RequestError
        403, if the laptop has as many as it may, or none is free.
    """
    now = clock.stamp()
    chance = int.from_bytes(clock.key()[:_CHANCE_BYTES], "big")

    def job(tx: Transaction) -> Handed:
        for block in asked["has"]:
            tx.add_label_block(LabelBlock(block, device.id, "", now))
        given = {one.block: one for one in tx.label_blocks()}
        laptop = _same_laptop(tx, device)
        own = [one for one in given.values() if one.device_id in laptop]
        again = [one.block for one in own if one.request_id == asked["request"]]
        block = again[0] if again else _free(given, chance)
        if not again:
            if len(own) >= most:
                raise refuse("quota", f"{most} blocks of labels")
            tx.add_label_block(LabelBlock(block, device.id, asked["request"], now))
        lost = [one for one in asked["has"] if given[one].device_id not in laptop]
        return Handed(block, sorted({*given, block}), sorted(lost))

    return await store.write(job)


def _same_laptop(tx: Transaction, device: Device) -> set[str]:
    """Return the devices that a laptop was: each enrolment under its key made one."""
    found = {each.id for each in tx.devices() if each.public_key == device.public_key}
    return found if device.public_key else {device.id}


def _free(given: dict[str, LabelBlock], chance: int) -> str:
    free = [block for block in every_block() if block not in given]
    if not free:
        raise refuse("quota", "every block of labels is handed out")
    return free[chance % len(free)]
