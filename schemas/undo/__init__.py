"""Undo: what it takes to take changes back, and how it is told."""
