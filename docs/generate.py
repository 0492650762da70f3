"""Write the references of docs/reference from the program itself, or check them.

Example:
    python docs/generate.py --check
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import commands
import export_pages
import pages
import rights_pages

REFERENCE = Path(__file__).parent / "reference"
HEADER = "<!-- Written by docs/generate.py. Do not edit; run: make docs -->\n\n"

PAGES: Mapping[str, Callable[[], str]] = {
    "records.md": pages.records,
    "problems.md": pages.problems,
    "reasons.md": pages.reasons,
    "limits.md": pages.server_limits,
    "rights.md": rights_pages.rights,
    "exports.md": export_pages.exports,
    "cli.md": commands.page,
}


def main() -> int:
    """Write every page, or name the stale ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a page is stale"
    )
    treat = check if parser.parse_args().check else write
    try:
        stale = [name for name, page in PAGES.items() if not treat(name, page())]
    except commands.UndocumentedError as error:
        print(error, file=sys.stderr)
        return 1
    for name in stale:
        print(f"docs/reference/{name} is stale; run: make docs", file=sys.stderr)
    return 1 if stale else 0


def write(name: str, page: str) -> bool:
    """Write a page."""
    REFERENCE.mkdir(exist_ok=True)
    (REFERENCE / name).write_text(HEADER + page, encoding="utf-8")
    return True


def check(name: str, page: str) -> bool:
    """Return whether the written page is the page of today."""
    path = REFERENCE / name
    return path.is_file() and path.read_text(encoding="utf-8") == HEADER + page


if __name__ == "__main__":
    sys.exit(main())
