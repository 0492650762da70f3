"""The command line of the laptop: `permille`."""

import gc
import sys

from schemas.version import __version__

#: What `permille --version` says.
VERSION_LINE = f"permille, version {__version__}"


def collect_seldom() -> None:
    """Look for garbage seldom.

    What a start makes stays to the end, and then goes with the process: to look for
    garbage in it takes a sixth of a short command.
    """
    gc.set_threshold(500_000)


def main() -> None:
    """Run `permille`."""
    if sys.argv[1:] == ["--version"]:
        # Programs ask often; click alone takes three times what Python needs to start.
        sys.stdout.write(f"{VERSION_LINE}\n")
        return
    collect_seldom()
    from collector.cli.root import cli

    try:
        cli.main()
    finally:
        gc.freeze()
