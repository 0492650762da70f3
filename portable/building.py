"""What goes into the folder: the laptop's program, and the extras of a field day."""

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from collector.cli.root import COMMANDS
from schemas.version import __version__

_START: Final = Path(__file__).parent / "start.py"
#: Packages whose files are read while it runs: templates, texts, fonts.
_WITH_FILES: Final = (
    *("collector.speech", "collector.web", "schemas.page", "schemas.speech"),
    "fontpkg_noto_sans",
)
#: What no laptop needs: the server, what is of its extras, and what only tests use. GIS files
#: and Parquet take 300 MB more.
_LEFT_OUT: Final = (
    *("server", "numpy", "scipy", "matplotlib", "pandas", "pyarrow"),
    *("pyogrio", "pyproj", "shapely", "psycopg", "distributed", "datasette"),
    *("lxml", "mypy", "pydantic", "setuptools", "pytest", "hypothesis", "tkinter"),
)


def build(work: Path) -> Path:
    """Build into an empty folder; return the folder to copy, named for its system.

    Raises
    ------
    SystemExit
        If the builder gives up; it has said why.
    """
    from PyInstaller.__main__ import run  # noqa: PLC0415 - of an extra

    run([str(_START), *_options(work)])
    system = f"{platform.system()}-{platform.machine()}".lower()
    named = work / f"permille-{__version__}-{system}"
    return (work / "dist" / "permille").rename(named)


def _options(work: Path) -> Iterator[str]:
    yield from ("--name=permille", "--onedir", "--noconfirm", "--log-level=WARN")
    yield from (f"--distpath={work / 'dist'}", f"--workpath={work / 'work'}")
    yield f"--specpath={work}"
    # Commands are imported by their names, which nobody can read from the code.
    modules = sorted({module for module, _ in COMMANDS.values()})
    yield from (f"--hidden-import={module}" for module in modules)
    yield from (f"--collect-data={package}" for package in _WITH_FILES)
    yield from (f"--exclude-module={package}" for package in _LEFT_OUT)
