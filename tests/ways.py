"""The ways that docs/contributing/where-things-live.md lists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/contributing/where-things-live.md"


def steps_of(heading):
    """Return the modules of the numbered steps under a heading, in order."""
    section = PAGE.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    steps = re.findall(r"^\d+\. .*(?:\n   .*)*", section, re.MULTILINE)
    return [name for step in steps for name in re.findall(r"`([\w/]+\.py)`", step)]
