"""Killed while labels are printed: no number is given twice, no sheet is cut."""

import json
import os
import re
import signal
import subprocess
import time
from random import Random

import pypdfium2
import pytest

from collector.store.sqlite import LaptopStore
from tests.processes import PERMILLE

pytestmark = pytest.mark.slow

KILLS = 8
COUNT = 240


def started(home, out):
    words = ["label", "sheet", "--count", COUNT, "--out", out, "--json"]
    return subprocess.Popen(
        [*PERMILLE, "--home", str(home), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def codes_of(path):
    document = pypdfium2.PdfDocument(path)
    try:
        text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
    return re.findall(r"K7F-\d{4}-\w", text)


def test_no_number_is_printed_twice_whenever_the_laptop_is_killed(tmp_path):
    home, chance = tmp_path / "home", Random(7)
    subprocess.run(
        [*PERMILLE, "--home", str(home), "init", "--name", "lap-1"], check=True
    )
    key = bytes.fromhex((home / "key").read_text().strip())
    store = LaptopStore(home / "permille.db", key)
    store.keep_block("K7F", ["K7F"], [])
    store.close()
    began_s = time.monotonic()
    first = started(home, tmp_path / "whole.pdf")
    assert first.wait() == 0
    first.communicate()
    whole_s = time.monotonic() - began_s
    for number in range(KILLS):
        process = started(home, tmp_path / f"{number}.pdf")
        try:
            process.wait(timeout=chance.uniform(0.5, 1.1) * whole_s)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    last = started(home, tmp_path / "last.pdf")
    said, _ = last.communicate()
    sheets = sorted(tmp_path.glob("*.pdf"))
    every = [code for sheet in sheets for code in codes_of(sheet)]
    assert len(every) == COUNT * len(sheets), "a sheet is whole"
    assert len(set(every)) == len(every)
    assert max(every) == max(codes_of(tmp_path / "last.pdf"))
    assert json.loads(said)["labels"] == COUNT
