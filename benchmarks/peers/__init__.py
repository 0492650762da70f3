"""Permille beside other programs that sync, on the same records: `make bench-peers`."""
