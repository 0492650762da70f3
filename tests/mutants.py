"""Seeded bugs: each is put into a copy of the code, and the suite has to find it.

    python -m tests.mutants
    python -m tests.mutants --only lineage

Prints a line per bug: the test that killed it, or SURVIVED; the exit code is 1 when one
survived. docs/testing.md lists them.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.seeded import (
    forms,
    laptop,
    merge,
    personal,
    phones,
    postgres,
    quality,
    server,
    undo,
)
from tests.seeded.mutant import ROOT

PARTS = (
    "schemas",
    "server",
    "collector",
    "tests",
    "fixtures",
    "docs",
    "pyproject.toml",
)
EXAMPLES = "100"

MUTANTS = (
    *merge.MUTANTS,
    *server.MUTANTS,
    *laptop.MUTANTS,
    *quality.MUTANTS,
    *undo.MUTANTS,
    *forms.MUTANTS,
    *postgres.MUTANTS,
    *phones.MUTANTS,
    *personal.MUTANTS,
)


def hunt(mutant, folder):
    """Run the suite on code with the bug; return the test that found it, or None."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copy(source, folder / part)
    mutant.apply(folder)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            *mutant.suite,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PERMILLE_EXAMPLES": EXAMPLES},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) \S+/(\S+::\S+)", done.stdout, re.MULTILINE)
    assert found, ("a suite that cannot run finds nothing", done.stdout[-500:])
    return found[1]


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--only", default="", help="bugs whose name has this in it")
    wanted = parser.parse_args().only
    survived = 0
    for mutant in MUTANTS:
        if wanted not in mutant.name:
            continue
        with tempfile.TemporaryDirectory(prefix="permille-mutant-") as folder:
            killer = hunt(mutant, Path(folder))
        survived += killer is None
        print(f"{mutant.name}: {killer or 'SURVIVED'}", flush=True)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
