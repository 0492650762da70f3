"""Measure growth: `python -m benchmarks.growth --help`."""

import signal

from benchmarks.growth.run import main

if __name__ == "__main__":
    # Whoever is told to end stops what it started, and removes its folders.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    raise SystemExit(main())
