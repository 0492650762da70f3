"""Formats that enter and leave the server as files."""
