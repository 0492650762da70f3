"""Take the pictures of docs/desk.md: each page of the desk, over the data of the demo.

    python docs/desk_screenshots.py

Needs playwright and the Chromium of the system; the demo runs first, which takes a minute.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright
from screenshots import take

from tests.processes import server_process

PICTURES: Final = Path(__file__).parent / "pictures" / "desk"
PAGES: Final = {
    "programme": "/",
    "campaign": "/desk/campaign?project=WB&campaign=2009",
    "inbox": "/desk/inbox?kind=conflict",
    "lab": "/desk/lab?project=HF",
    "year": "/desk/year?organisation=ROTH&year=2020",
    "devices": "/desk/devices",
    "people": "/desk/people",
    "exports": "/desk/exports?project=HF",
    "audit": "/desk/audit",
}
PEOPLE: Final = (
    ("Ada Diallo", "--role", "admin", "--everywhere"),
    ("Bo Ek", "--role", "manager", "--role", "lab", "--project", "HF"),
    ("Cy Ortiz", "--role", "viewer", "--project", "WB"),
)


def main() -> None:
    """Run the demo, sign in, and take the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        _run("demo", "--folder", str(demo))
        data = demo / "server"
        for words in PEOPLE:
            _run("server", "--data", str(data), "person", "add", *words)
        token = ("token", "create", "qgis-office", "--project", "HF")
        _run("server", "--data", str(data), *token)
        with server_process(data) as url:
            _take_all(data, url)


def _take_all(data: Path, url: str) -> None:
    link = ("person", "link", "Ada Diallo", "--address", url, "--json")
    said = json.loads(_run("server", "--data", str(data), *link))
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab = chromium.new_page(viewport={"width": 1024, "height": 700})
        tab.goto(said["link"])
        tab.get_by_role("button", name="Sign in").click()
        tab.wait_for_url(f"{url}/")
        for name, path in PAGES.items():
            tab.goto(url + path)
            take(tab, PICTURES / f"{name}.png")
        chromium.close()


def _run(module: str, *words: str) -> str:
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
