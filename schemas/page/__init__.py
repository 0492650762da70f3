"""What the page of a laptop and the desk of a server look like."""

from importlib.resources import files
from typing import Final

#: The style sheet of both.
STYLE_SHEET: Final = files("schemas.page").joinpath("style.css")
