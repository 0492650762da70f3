"""Run the demo: `make demo`, or `make demo DEMO_ARGS=--json`."""

import argparse
import dataclasses
import json
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console

from demo.commands import UnexpectedError
from demo.expectations import check
from demo.show import show
from demo.story import play


def main() -> int:
    """Play, check, show; return the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--folder", type=Path, default=Path("demo-run"), help="where it happens"
    )
    given = parser.parse_args()
    folder = given.folder.absolute()
    if folder.exists() and not (folder / ".permille-demo").exists():
        print(f"{folder} is not a folder of the demo; name another", file=sys.stderr)
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / ".permille-demo").touch()
    # A pipe gets whole lines, a terminal its own width.
    console = Console(stderr=given.json, width=None if sys.stdout.isatty() else 190)
    begun = time.monotonic()
    try:
        outcome = play(folder, lambda text: console.print(text, highlight=False))
    except UnexpectedError as error:
        print(f"The demo stopped: {error}", file=sys.stderr)
        return 1
    checked = check(outcome)
    seconds = round(time.monotonic() - begun, 1)
    if given.json:
        document = dataclasses.asdict(outcome) | {
            "folder": str(folder),
            "expectations": [dataclasses.asdict(e) for e in checked],
            "duration_s": seconds,
        }
        document |= document.pop("stocks")
        print(json.dumps(document, indent=2, allow_nan=False))
    else:
        show(console, outcome, checked)
        console.print(
            f"\n{len(outcome.typed)} commands in {seconds} s.", highlight=False
        )
    return 0 if all(e.holds for e in checked) else 1


if __name__ == "__main__":
    raise SystemExit(main())
