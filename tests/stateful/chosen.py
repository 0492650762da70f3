"""Which invariants a run checks: all, or those of PERMILLE_INVARIANTS.

One that fails first hides the others, so each can be looked for alone.
"""

import os
from functools import wraps

CHOSEN = frozenset(filter(None, os.environ.get("PERMILLE_INVARIANTS", "").split(",")))


def is_checked(name):
    """Return whether this run checks an invariant."""
    return not CHOSEN or name in CHOSEN


def holds(name, condition, *found):
    """Fail with the name of an invariant unless it holds, or is not looked at."""
    assert condition or not is_checked(name), " ".join(map(str, (name, *found)))


def promise(name):
    """Mark a function that checks one invariant: it is skipped in a run of others."""

    def mark(check):
        @wraps(check)
        def checked(*given):
            return check(*given) if is_checked(name) else None

        return checked

    return mark
