"""`permille doctor` says what is wrong before somebody walks out; shells complete commands."""

import os
import subprocess

import pytest

from collector.cli import root
from collector.sync import doctor
from tests.faults.disk import flip_bits
from tests.faults.homes import Laptop
from tests.processes import PERMILLE


@pytest.fixture
def laptop(tmp_path):
    return Laptop(tmp_path / "lap")


def told(laptop, code=1):
    return {one["part"]: one for one in laptop.json("doctor", code=code)}


def test_a_new_laptop_is_told_to_enrol_and_all_else_is_good(laptop):
    found = told(laptop)
    assert found["server"]["hint"] == "permille enrol URL CODE"
    assert found["disk"]["health"] == found["database"]["health"] == "good"
    assert found["backlog"]["said"] == "nothing waits"


def test_what_waits_is_counted_with_the_command_for_it(laptop):
    laptop("project", "add", "--code", "P", "--title", "T")
    found = told(laptop)["backlog"]
    assert (found["said"], found["hint"]) == ("1 change to send", "permille sync")
    assert "1 change to send" in laptop("doctor", code=1)


@pytest.mark.parametrize(
    ("free_mib", "health"), [(100, "bad"), (1_000, "odd"), (5_000, "good")]
)
def test_a_disk_that_fills_up_is_told_early(free_mib, health):
    assert doctor._disk(free_mib * 2**20).health == health


def test_damage_is_found(laptop):
    laptop("project", "add", "--code", "P", "--title", "T")
    flip_bits(laptop.home / "permille.db", 3, 40)
    done = laptop.run("doctor")
    assert done.returncode in {1, 4}
    assert "damage" in (done.stdout + done.stderr).lower() or "BAD" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_completes_commands_is_printed_for_each_shell(laptop, shell):
    assert root.COMPLETE_VARIABLE in laptop("completion", shell)


def test_a_shell_that_asks_is_told_commands_and_options(tmp_path):
    def completed(words):
        given = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
        asked = {root.COMPLETE_VARIABLE: "bash_complete"}
        done = subprocess.run(
            PERMILLE,
            env=os.environ | given | asked,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    assert "plain,plot" in completed("permille pl")
    assert "plain,--depth-top-cm" in completed("permille sample add --depth-t")
