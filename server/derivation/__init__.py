"""Derivation: which plots are affected, their layers, the rows and where each came from."""
