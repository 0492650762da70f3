"""Phones that fill in forms: what is asked, what was answered, how it becomes changes."""
