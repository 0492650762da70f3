"""The HTTP client of the laptop."""
