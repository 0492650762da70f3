"""Measure Permille beside bare yardsticks: `make bench`, or `python -m benchmarks`."""
