"""Questions that a project asks of its own: what they are, what an answer may be. Pure."""
