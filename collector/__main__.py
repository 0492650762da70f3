"""Run the command line as `python -m collector`."""

from collector.cli import main

main()
