"""Attached files of records: listed, attached, sent."""
