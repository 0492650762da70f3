"""Blocks of labels in any store."""

from server.store.values import LabelBlock
from tests.contract.values import at


async def test_a_block_belongs_to_who_had_it_first(store):
    first = LabelBlock("K7F", "one", "request-1", at(1))
    other = LabelBlock("C0D", "one", "", at(2))
    for block in (first, other, first, first._replace(device_id="two")):
        await store.write(lambda tx, block=block: tx.add_label_block(block))
    assert await store.read(lambda tx: tx.label_blocks()) == [other, first]
