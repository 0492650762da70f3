"""Run the command with `python -m server`."""

from server.cli import main

main()
