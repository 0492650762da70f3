"""The merge: pure. One verdict per change, and its effects on a state in memory."""
