"""The composition root: data directory and service."""
