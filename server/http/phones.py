"""What every request of a phone has: an address with a token, and answers in words. Pure.

The addresses have the shape of ODK Central's for app users, which Collect knows from a
scanned code. The token stands in no log.
"""

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from schemas.one_line import UNSAFE

XML: Final = "text/xml"
_TOKEN: Final = re.compile(r"^(/v1/key/)[^/]*")
_RESPONSE: Final = "http://openrosa.org/http/response"


def is_of_phone(path: str) -> bool:
    """Return whether an address is one of phones.

    Examples
    --------
    >>> is_of_phone("/v1/key/secret/projects/p/formList"), is_of_phone("/v1/sync")
    (True, False)
    """
    return _TOKEN.match(path) is not None


def without_token(path: str) -> str:
    """Return an address as it may be logged or repeated.

    Examples
    --------
    >>> without_token("/v1/key/secret/projects/p/formList")
    '/v1/key/.../projects/p/formList'
    """
    return _TOKEN.sub(r"\1...", path)


def message(text: str, nature: str) -> bytes:
    """Return an answer in words, which Collect shows; its nature is success or error."""
    root = Element("OpenRosaResponse", xmlns=_RESPONSE)
    # XML has no way to write most control characters.
    say(root, "message", UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)).set(
        "nature", nature
    )
    return written(root)


def say(parent: Element, name: str, text: str) -> Element:
    """Add an element with a text."""
    found = SubElement(parent, name)
    found.text = text
    return found


def written(root: Element) -> bytes:
    """Return a document."""
    found: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return found
