"""A real Chromium, and a page of a laptop that it looks at."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.processes import stop, until

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing")

#: Debian's name of it first; others call it otherwise.
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium():
    """The browser of the system, without a window.

    Its driver runs a loop in this thread: no other test could run one before it ends.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@contextmanager
def page_of(home):
    """Serve the page of a home; its address opens it once."""
    process = subprocess.Popen(
        [sys.executable, "-m", "collector", "ui", "--no-browser"],
        env={**os.environ, "PERMILLE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = until(process.stdout.readline)
        yield re.search(r"http://\S+", said)[0]
    finally:
        code = stop(process)
    assert code == 0


class Looking:
    """One tab of the browser: what it asked for, and what it complained of."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**options)
        self.tab = self.context.new_page()
        self.asked, self.complaints = [], []
        self.tab.on("request", lambda one: self.asked.append(one.url))
        self.tab.on("console", self._note)
        self.tab.on("pageerror", lambda one: self.complaints.append(str(one)))
        self.tab.on("dialog", lambda one: self.complaints.append(one.message))

    def _note(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def went_elsewhere(self):
        """Return what was asked of any other host."""
        own = re.compile(r"(http://127\.0\.0\.1:\d+/|data:)")
        return [url for url in self.asked if not own.match(url)]

    def close(self):
        self.context.close()
