"""A form as it was filled in, read from its XML. Pure.

The XML is of a stranger: `read_xml` takes no document type, so there are no entities to
expand and nothing to fetch, and bounds depth and number of elements. That is expat of the
standard library, which the files of places are read by, too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from schemas import limits
from schemas.one_line import one_line
from schemas.places.safe_xml import child, read_xml, said
from schemas.tables.refusal import TableError

#: The part of a form that is of the form and not of the field.
META: Final = "meta"
_CODE: Final = re.compile(r"[\w.:-]{1,100}", re.ASCII)


class FormError(ValueError):
    """A form that cannot be read as one; says why."""


@dataclass(frozen=True)
class FilledForm:
    """A form that was filled in: which, in which version, and the answers below `root`."""

    form_id: str
    version: str
    instance_id: str
    root: Element


def read_filled(xml: bytes) -> FilledForm:
    """Return the form of an XML document.

    Raises
    ------
    FormError
        If it is no XML, or does not say which form it is and which instance.
    """
    try:
        root = read_xml(xml)
    except TableError as error:
        raise FormError(error.refusal.reason) from None
    form_id, version = root.get("id", ""), root.get("version", "")
    if not _CODE.fullmatch(form_id):
        raise FormError("the attribute id of its root does not name a form")
    if version and not _CODE.fullmatch(version):
        raise FormError("the attribute version of its root is no version")
    try:
        named = one_line(said(child(root, META, "instanceID")), limits.NAME_CHARS)
    except ValueError as error:
        raise FormError(f"meta/instanceID names no instance: {error}") from None
    return FilledForm(form_id, version, named, root)


def answers_in(element: Element) -> Iterator[tuple[str, str, Element]]:
    """Return the answers below an element: name, text without blanks, element.

    What was not answered is left out; a group or repeat has no text of its own.
    """
    for each in element:
        if each.tag != META and "".join(each.itertext()).strip():
            yield each.tag, said(each), each
