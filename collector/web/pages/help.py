"""The page of help: keys, a test of the scanner, and whom to ask."""

from collector.laptop.laptop import Laptop
from collector.web.page import Asked, Page


def show(laptop: Laptop, asked: Asked) -> Page:
    """Show the keys of the page, and try a scanner."""
    del laptop, asked
    return Page("help.html.j2", "permille --help")
