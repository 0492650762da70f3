"""A sync: push, pull, repair, and what came of it."""
