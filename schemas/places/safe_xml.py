"""XML of strangers as a tree: no document type, so no entities of theirs, and bounded."""

from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from schemas.places.feature import refuse
from schemas.tables.refusal import TableError

#: KML nests folders; deeper is an attack.
_DEPTH: Final = 100
_MOST_ELEMENTS: Final = 1_000_000


class _BoundedTree:
    """Builds a tree while it is neither deep nor large; names lose their namespace."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > _DEPTH or self._count > _MOST_ELEMENTS:
            what = "nested too deeply" if self._depth > _DEPTH else "too large"
            raise refuse("not_xml", f"the XML of the file is {what}", "split the file")
        plain = {_local(key): value for key, value in attributes.items()}
        self._builder.start(_local(name), plain)

    def end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(_local(name))

    def text(self, text: str) -> None:
        self._builder.data(text)

    def close(self) -> Element:
        return self._builder.close()


def read_xml(data: bytes) -> Element:
    """Return the root of an XML document; names are without namespace.

    Raises
    ------
    TableError
        If it is no XML, has a document type, or is too deep or too large.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    building = _BoundedTree()
    parser.buffer_text = True
    parser.StartElementHandler = building.start
    parser.EndElementHandler = building.end
    parser.CharacterDataHandler = building.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)  # noqa: FBT003 - the last piece
        return building.close()
    except TableError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:
        line = getattr(error, "lineno", None)
        reason = "the XML of the file breaks off or is damaged"
        raise refuse("not_xml", reason, "export it again", line) from None


def child(element: Element, *path: str) -> Element | None:
    """Return the first element below another one, by the names on the way."""
    found: Element | None = element
    for name in path:
        if found is None:
            return None
        found = next((each for each in found if each.tag == name), None)
    return found


def said(element: Element | None) -> str:
    """Return the text of an element without the blanks around it."""
    return "" if element is None or element.text is None else element.text.strip()


def below(element: Element, name: str) -> Iterator[Element]:
    """Return the direct children of one name."""
    return (each for each in element if each.tag == name)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _refuse_doctype(*_: Any) -> None:  # noqa: ANN401 - as expat calls it
    reason = "the file has a document type (DOCTYPE), which it never needs"
    raise refuse("not_xml", reason, "export it again from the program it came from")
