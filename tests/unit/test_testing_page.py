"""docs/testing.md says how often `make test` and `make soak` try what repeats itself."""

import re
from pathlib import Path

from hypothesis import settings

from tests import soak
from tests.faults import (
    test_day,
    test_kill_attachments,
    test_kill_derivation,
    test_kill_laptop,
    test_kill_server,
    test_power_loss,
    test_writers,
)
from tests.fuzz import test_requests
from tests.stateful import test_machine

PAGE = Path(__file__).parents[2] / "docs/testing.md"
TRIED = [
    (test_machine.EXAMPLES, soak.SEASONS),
    (settings.default.max_examples, soak.EXAMPLES),
    (test_kill_laptop.CYCLES, soak.KILLS),
    (test_kill_server.CYCLES, soak.KILLS),
    (test_kill_attachments.CYCLES, soak.KILLS),
    (test_kill_attachments.SENDS, soak.KILLS),
    (test_kill_derivation.CYCLES, soak.KILLS),
    (test_power_loss.IMAGES, soak.IMAGES),
    (test_writers.PUSHES, soak.PUSHES),
    (test_day.EDITS, soak.EDITS),
    (test_requests.REQUESTS, soak.ASKED),
]


def test_the_page_says_how_often_each_is_tried():
    rows = re.findall(
        r"^\| .* \| (\d+) \| (\d+) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    assert [(int(here), int(there)) for here, there in rows] == TRIED


def test_soak_tries_more_of_each():
    assert [pair for pair in TRIED if pair[0] >= pair[1]] == []
