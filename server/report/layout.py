"""How templates of pages are read: what is in a record is text, and nothing is left out."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

TEMPLATES: Final = Environment(
    loader=PackageLoader("server.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
