"""Backup, restore, audit: what an administrator practises before it is needed."""
