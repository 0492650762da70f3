"""Webhooks: what happens in a project, told to addresses of others."""
