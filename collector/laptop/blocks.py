"""Numbers for labels: asked of the server a block at a time, and taken for sheets."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from collector.errors import RefusedError, UnreachableError
from collector.laptop.laptop import Laptop
from collector.store.port import LabelRange
from schemas import limits
from schemas.labels.codes import label_code
from schemas.told import counted

_RESERVE: Final = "while this laptop is connected, run: permille label reserve"


class Blocks(Protocol):
    """A way to the server that hands out blocks."""

    async def labels(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for a block of labels."""


def numbers_left(laptop: Laptop) -> int:
    """Return how many labels this laptop may print before it needs a block."""
    return sum(left for _, left in laptop.store.own_blocks())


def runs_low(laptop: Laptop) -> bool:
    """Return whether a laptop that prints labels has few numbers left."""
    own = laptop.store.own_blocks()
    return bool(own) and numbers_left(laptop) < limits.LABELS_LOW


async def reserve_with(laptop: Laptop, server: Blocks) -> str:
    """Ask for a block and keep it; a request that was cut is asked again as it was.

    Raises
    ------
    UnreachableError
        If no whole answer came.
    RefusedError
        If the server gives this laptop no more.
    """
    store = laptop.store
    request = store.label_request(laptop.clock.new_id())
    has = [block for block, _ in store.own_blocks()]
    answer = await server.labels({"request": request, "has": has})
    store.keep_block(answer["block"], answer["known"], answer["lost"])
    return str(answer["block"])


async def reserve_if_low(laptop: Laptop, server: Blocks) -> None:
    """Ask for more numbers where few are left; whatever the answer, what was synced stays."""
    if not runs_low(laptop):
        return
    try:
        await reserve_with(laptop, server)
    except (RefusedError, UnreachableError) as error:
        laptop.tell(f"few numbers for labels are left: {error.text}; {error.hint}")


async def reserve(laptop: Laptop) -> str:
    """Ask this laptop's server for a block, and keep it.

    Raises
    ------
    UnreachableError
        If no whole answer came.
    RefusedError
        If this laptop is not enrolled, or the server gives it no more.
    """
    from collector.client.sync import SyncClient  # noqa: PLC0415 - aiohttp, for a server
    from collector.laptop.address import enrolled_at  # noqa: PLC0415 - as above

    server, token = enrolled_at(laptop)
    with laptop.sync_lock():
        async with SyncClient(server, token, laptop.clock) as client:
            return await reserve_with(laptop, client)


def take(laptop: Laptop, count: int) -> list[LabelRange]:
    """Take the numbers of so many labels: they are never given again.

    Raises
    ------
    RefusedError
        If this laptop has no block, or not as many numbers.
    """
    if not laptop.store.own_blocks():
        raise RefusedError(
            "this laptop has no numbers for labels", _RESERVE, code="no_block"
        )
    taken = laptop.store.take_numbers(count, laptop.clock.stamp())
    if not taken:
        left = numbers_left(laptop)
        raise RefusedError(
            f"{count} labels were asked for, and {counted(left, 'number')} are left",
            f"{_RESERVE}; or print fewer",
            code="no_block",
        )
    return taken


def codes_of(ranges: list[LabelRange]) -> list[str]:
    """Return the codes of numbers that were taken, in their order."""
    return [
        label_code(one.block, number)
        for one in ranges
        for number in range(one.first, one.last + 1)
    ]
