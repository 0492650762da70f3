"""The year page as HTML: one document that loads nothing."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from server.report.layout import TEMPLATES
from server.report.values import clean
from server.report.year import YearPage

_TEMPLATE: Final = TEMPLATES.get_template("year.html.j2")


def render_year(page: YearPage, digest: str, written_at: str = "") -> str:
    """Return the page as one HTML document; the same figures give the same bytes."""
    return clean(_TEMPLATE.render(page=page, digest=digest, written_at=written_at))


def digest_of(found: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the figures behind a page, to tell two pages apart."""
    written = json.dumps(found, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()
