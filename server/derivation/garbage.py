"""How often garbage is collected while plots are derived."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Pause the garbage collector: a batch makes many objects, all without cycles.

    It would walk them again and again, which cost a sixth of the time. Not batch by
    batch: it would walk what a batch has left as soon as it may.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(1_000_000, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
