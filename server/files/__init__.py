"""Attached files on the server's disk."""
