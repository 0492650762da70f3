"""The laptop side of Permille: record, keep, sync, show."""
