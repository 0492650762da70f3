"""Run the demo: `make demo`, or `make demo DEMO_ARGS=--json`."""

import argparse
import dataclasses
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from demo.commands import UnexpectedError
from demo.expectations import check
from demo.show import show
from demo.story import play
from server.config import DATABASE_VARIABLE


def main() -> int:
    """Play, check, show; return the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--folder", type=Path, default=Path("demo-run"), help="where it happens"
    )
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="what the server keeps its records in; a PostgreSQL is started for it",
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
        with _database(given.database):
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


@contextmanager
def _database(name: str) -> Iterator[None]:
    """Run the database that the commands of the server are to use."""
    if name == "sqlite":
        yield
        return
    from demo.postgres import cluster  # noqa: PLC0415 - for those who ask for it

    with cluster() as found:
        os.environ[DATABASE_VARIABLE] = found.new_database()
        yield
        del os.environ[DATABASE_VARIABLE]


if __name__ == "__main__":
    raise SystemExit(main())
