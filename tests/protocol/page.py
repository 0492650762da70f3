"""docs/protocol.md as data: its tables by heading, and its worked examples."""

import json
import re
from itertools import groupby
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "protocol.md").read_text("utf-8")


def tables(page=PAGE):
    """Return every table as rows of cells, its head first, with the heading above it."""
    heading, found = "", []
    for is_table, lines in groupby(
        page.splitlines(), lambda line: line.startswith("|")
    ):
        block = list(lines)
        if is_table:
            cells = [[cell.strip() for cell in _cells(line)] for line in block]
            found.append((heading, [cells[0], *cells[2:]]))
        else:
            heading = next(
                (x.lstrip("# ") for x in reversed(block) if x.startswith("#")), heading
            )
    return found


def rows_of(*head, page=PAGE):
    """Return the rows of every table with this head."""
    return [
        row for _, rows in tables(page) if rows[0] == list(head) for row in rows[1:]
    ]


def example(name):
    """Return a worked example."""
    (text,) = re.findall(rf"```json example={name}\n(.*?)\n```", PAGE, re.DOTALL)
    return json.loads(text)


def plain(cell):
    """Return what a cell says without its marks."""
    return cell.replace("`", "")


def _cells(line):
    return line.strip().strip("|").split("|")
