"""What the portable program starts with."""

from collector.cli import main

main()
