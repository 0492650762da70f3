"""Whatever was done on a laptop, its undo gives back what stood before, and undone again what it did."""

import random

import pytest

pytestmark = pytest.mark.slow

VALUES = [
    ("--note", "wet"), ("--note", "dry"), ("--area-ha", "2"), ("--area-ha", "3.5"),
    ("--name", "Haie"), ("--control-plots", "C1"), ("--clear", "note"),
    ("--clear", "area-ha"),
]  # fmt: skip


def do(permille, chance, times, mark):
    """Add, edit, delete and bring back plots and points, one command at a time."""
    for number in range(times):
        plots = [one["name"] for one in permille.json("plot", "list")]
        points = [one["name"] for one in permille.json("point", "list")]
        gone = [one["name"] for one in permille.json("plot", "list", "--deleted")]
        what = chance.choice(["add", "point", "edit", "edit", "delete", "restore"])
        code = f"{mark}{number}"
        if what == "point" and plots:
            permille("point", "add", "--plot", chance.choice(plots), "--code", code)
        elif what == "edit" and plots:
            words = chance.choice(VALUES)
            permille("plot", "edit", chance.choice(plots), *words)
        elif what == "delete" and points:
            permille("point", "delete", chance.choice(points), "--yes")
        elif what == "delete" and plots:
            permille("plot", "delete", chance.choice(plots), "--yes")
        elif what == "restore" and gone:
            permille("plot", "restore", chance.choice(gone))
        else:
            permille("plot", "add", "--code", code)


def state(permille):
    """Return what is live, by type and id."""
    return {
        one["id"]: one["fields"]
        for kind in ("plot", "point")
        for one in permille.json(kind, "list")
    }


@pytest.mark.parametrize("seed", range(12))
def test_an_undo_gives_back_what_stood_before_and_can_be_undone(permille, seed):
    chance = random.Random(seed)
    do(permille, chance, 8, "a")
    before = state(permille)
    permille.app.clock.at = permille.app.clock.at.replace(hour=15)
    do(permille, chance, 14, "b")
    after = state(permille)
    why = ["--write", "--reason", "wrong"]
    done = permille.json("undo", "--since", "2026-06-01T15:00Z", *why)
    assert state(permille) == before
    if done["written"]:
        permille.json("undo", done["operation"], *why)
        assert state(permille) == after
