"""Random field seasons: three laptops, one server, every fault that is named.

Hypothesis chooses what happens; after it everybody syncs until nothing moves, and the
invariants of docs/testing.md are checked. `make soak` runs more of it, with a seed.
"""

import os
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.stateful.chosen import is_checked
from tests.stateful.history import History
from tests.stateful.invariants import check_all
from tests.stateful.machines import Machines
from tests.stateful.people import LAPTOPS, People
from tests.stateful.prepared import season_of
from tests.stateful.remembered import check_remembered
from tests.stateful.world import UnrestError, World

EXAMPLES = int(os.environ.get("PERMILLE_EXAMPLES", "60"))
# A season takes half a second; a run that was asked for may take as long as it is.
pytestmark = pytest.mark.timeout(max(600, 3 * EXAMPLES))

#: A disk in memory where there is one: databases are real, only faster.
SHELF = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


class Season(People, Machines):
    """What people, laptops and networks do in a season."""

    def __init__(self):
        super().__init__()
        folder = mkdtemp(prefix="season-", dir=SHELF)
        self.world = World(folder, LAPTOPS, template=season_of(LAPTOPS))
        self.history = History(self.world)

    def teardown(self):
        try:
            before = self.history.before_rest()
            self.world.settle()
            self.history.look()
            check_all(self.world)
            check_remembered(self.history, before)
        except UnrestError:
            if is_checked("I5"):
                raise
        finally:
            self.world.close()


#: Shrinking takes minutes: only where a person looks at the result.
SHRINKS = "PERMILLE_SHRINK" in os.environ
PHASES = [Phase.generate, *([Phase.shrink] if SHRINKS else [])]


def rounds(count):
    """Return the settings of a run; no example of an earlier run is replayed."""
    return settings(
        max_examples=count,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
        report_multiple_bugs=False,
        # The same seasons for everybody; a run that asks for more draws others.
        derandomize="PERMILLE_EXAMPLES" not in os.environ,
    )


class Autumn(Season):
    """Seasons of their own: one seed draws the same for two machines that are alike."""

    @initialize(weather=st.integers(0, 2**64))
    def autumn_comes(self, weather):
        """Draw once more, so that all that is drawn after it is other than in spring."""


# Two halves, so that two workers share them.
class TestSpring(Season.TestCase):
    settings = rounds(EXAMPLES // 2)


class TestAutumn(Autumn.TestCase):
    settings = rounds(EXAMPLES - EXAMPLES // 2)
