"""A flipped bit in a laptop's database is found, wherever it is."""

import shutil
from random import Random

import pytest
from click.testing import CliRunner

from collector.cli.root import cli
from tests.faults.disk import flip_bits
from tests.faults.homes import Laptop, write_table

pytestmark = pytest.mark.timeout(240)

FLIPS = 100
SEED = 7


def flip_laptop_bits(path, seed, count):
    """Flip single bits of copies of a database; return those that were not found."""
    laptop = Laptop(path / "home")
    laptop("project", "add", "--code", "P", "--title", "P")
    laptop(*write_table(path / "t.csv", "A", 50))
    assert not is_damaged(laptop.home)
    rng, copy = Random(seed), path / "copy"
    missed = []
    for _ in range(count):
        shutil.copytree(laptop.home, copy)
        offsets = flip_bits(copy / "permille.db", rng.randrange(2**32))
        if not is_damaged(copy):
            missed.append(offsets)
        shutil.rmtree(copy)
    return missed


def is_damaged(home):
    """Return whether the program says that the database of a home is damaged."""
    words = ["--home", str(home), "status", "--check"]
    done = CliRunner().invoke(cli, words)
    if done.exit_code == 0:
        return False
    assert "Traceback" not in done.output
    assert "damaged" in done.output, done.output
    return True


def test_every_flipped_bit_of_a_laptops_database_is_found(tmp_path):
    assert flip_laptop_bits(tmp_path, SEED, FLIPS) == []
