"""What the page of a laptop and the desk of a server look like."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

#: The style sheet of both.
STYLE_SHEET: Final = files("schemas.page").joinpath("style.css")
#: Nothing comes from elsewhere, nothing is sent elsewhere, nobody frames a page.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # With no-referrer the forms of a page would carry `Origin: null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
