"""What a laptop tells in its requests: lines of a log, and what it says of itself."""

import shutil
from collections.abc import Sequence
from typing import Final

from collector.laptop.laptop import Laptop
from collector.rules.log_heads import LogHead
from collector.rules.request import Batch, Now

_MIB: Final = 2**20


def batch_of(laptop: Laptop, head: LogHead, lines: Sequence[bytes]) -> Batch:
    """Return lines that follow what is acknowledged of a log, as they are sent."""
    last_n = head.acked_n + len(lines)
    return Batch(lines, laptop.store.stood(head.acked_n, last_n, head.number))


def now_of(laptop: Laptop) -> Now:
    """Return what the laptop says of itself."""
    free = shutil.disk_usage(laptop.home.path).free // _MIB
    return Now(laptop.clock.stamp(), free)
