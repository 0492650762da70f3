"""Peers are installed when they are first asked for, in versions that are written down."""

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.figures import say

HERE: Final = Path(__file__).parent
_PACKAGES: Final = HERE / "package.json"
_PINNED: Final = HERE / "kinto.txt"
_PATIENCE_S: Final = 600


class NotHereError(Exception):
    """A peer cannot be had on this machine; its text says why."""


def pouchdb(cache: Path) -> Path:
    """Install PouchDB and its server; return the folder of its modules.

    Raises
    ------
    NotHereError
        If that fails.
    """
    folder = _folder(cache, "pouchdb", _PACKAGES)
    modules = folder / "node_modules"
    if _done(folder):
        return modules
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise NotHereError(f"there is no {program} on this machine")
    say("  PouchDB is installed, once")
    _begin(folder)
    shutil.copy(_PACKAGES, folder)
    _run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", cwd=folder)
    _finish(folder)
    return modules


def kinto(cache: Path) -> Path:
    """Install Kinto in an environment of its own; return the folder of its programs.

    Raises
    ------
    NotHereError
        If that fails.
    """
    folder = _folder(cache, "kinto", _PINNED)
    programs = folder / "bin"
    if _done(folder):
        return programs
    say("  Kinto is installed, once")
    _begin(folder)
    venv.create(folder, with_pip=True)
    pip = (str(programs / "python"), "-m", "pip", "install", "--quiet")
    _run(*pip, "-r", str(_PINNED), cwd=folder)
    _finish(folder)
    return programs


def _folder(cache: Path, name: str, pinned: Path) -> Path:
    """Return where a peer lives: other versions live elsewhere."""
    pins = pinned.read_bytes() + sys.version.encode()
    return cache / f"{name}-{hashlib.sha256(pins).hexdigest()[:12]}"


def _done(folder: Path) -> bool:
    return (folder / ".done").exists()


def _begin(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _finish(folder: Path) -> None:
    (folder / ".done").touch()


def _run(*command: str, cwd: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHereError(str(error)) from error
    if done.returncode:
        raise NotHereError(f"{command[0]}: {_reason(done.stderr.splitlines())}")


def _reason(lines: Sequence[str]) -> str:
    """Return the first line that says what is wrong."""
    said = [line.strip() for line in lines if line.strip()]
    wrong = [line for line in said if "error" in line.lower()]
    return next(iter([*wrong, *said]), "it failed and said nothing")
