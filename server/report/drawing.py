"""From a matplotlib figure to an SVG element that stands alone and can be read aloud."""

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from server.report.colours import INK
from server.report.values import clean

#: Begins the ids of texts that stand on top of a drawing and need a white rim.
RIM: Final = "rim"
FONTS: Final = "'DejaVu Sans', Verdana, 'Segoe UI', Roboto, sans-serif"

_SETTINGS: Final[dict[Any, object]] = {
    "svg.fonttype": "none",  # text stays text: to be searched, read aloud, copied
    "svg.hashsalt": "permille",
    "text.parse_math": False,  # a dollar in the name of a plot is a dollar
    "axes.unicode_minus": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 7.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
_XLINK: Final = "{http://www.w3.org/1999/xlink}href"
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_FAMILY: Final = re.compile(r"font-family:[^;]*;?\s*")
_NO_TURN: Final = re.compile(r"rotate\(-?0 ")
_RIM_STYLE: Final = "paint-order:stroke;stroke:#fff;stroke-width:3px;"


@dataclass(frozen=True, slots=True)
class Picture:
    """One finished picture: `summary` says in words what it shows."""

    key: str
    title: str
    summary: str
    svg: str

    def __html__(self) -> str:
        # Written by ElementTree, which escapes all texts: a template takes it as it is.
        return self.svg


@contextmanager
def canvas(width_in: float, height_in: float) -> Iterator[Figure]:
    """Open an empty figure; only what is drawn inside of the block has our settings."""
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # Names in any script: the reader's fonts draw them, not ours.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield Figure(figsize=(width_in, height_in))


def axes_in(
    figure: Figure, left: float, bottom: float, width: float, height: float
) -> Axes:
    """Add axes by inches from the lower left corner."""
    across, up = figure.get_size_inches()
    axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def finish(figure: Figure, *, key: str, title: str, summary: str) -> Picture:
    """Write the figure; call it inside of the block of `canvas`.

    `key` is unique on the page; ids in the picture begin with it.
    """
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    root = ET.fromstring(written.getvalue())  # noqa: S314 - written one line above
    _tidy(root)
    _own_ids(root, key)
    _describe(root, key, clean(title), clean(summary))
    return Picture(key, title, summary, ET.tostring(root, encoding="unicode"))


def _tidy(root: ET.Element) -> None:
    """Leave out metadata, styles of the whole page and namespaces."""
    dropped = ("}metadata", "}style")
    for parent in [*root.iter()]:
        for child in [each for each in parent if each.tag.endswith(dropped)]:
            parent.remove(child)
    for element in root.iter():
        element.tail = None
        element.tag = element.tag.partition("}")[2]
        if _XLINK in element.attrib:
            element.set("href", element.attrib.pop(_XLINK))
        if element.tag == "text":
            _tidy_text(element)
            continue
        element.text = None
        if element.tag == "path":
            element.set("d", " ".join(element.attrib["d"].split()))


def _tidy_text(element: ET.Element) -> None:
    """Set the font of the picture, and leave out rotations by nothing."""
    element.set("style", _FAMILY.sub("", element.get("style", "")).rstrip("; "))
    if _NO_TURN.match(element.get("transform", "")):
        del element.attrib["transform"]


def _own_ids(root: ET.Element, key: str) -> None:
    """Drop ids that nothing refers to, and keep the others apart from other pictures."""
    used = {
        name
        for element in root.iter()
        for value in element.attrib.values()
        for name in _REFERENCE.findall(value)
    }
    used |= {value[1:] for e in root.iter() if (value := e.get("href", ""))[:1] == "#"}
    for element in root.iter():
        name = element.attrib.pop("id", "")
        if name in used:
            element.set("id", f"{key}-{name}")
        if name.startswith(RIM):
            for words in element.iter("text"):
                words.set("style", _RIM_STYLE + words.get("style", ""))
        for attribute, value in element.attrib.items():
            element.set(attribute, _REFERENCE.sub(rf"url(#{key}-\1)", value))
        if "href" in element.attrib:
            element.set("href", f"#{key}-{element.attrib['href'][1:]}")


def _describe(root: ET.Element, key: str, title: str, summary: str) -> None:
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg",
        "role": "img",
        "aria-label": title,
        "aria-describedby": f"{key}-desc",
        "font-family": FONTS,
        "stroke-linejoin": "round",
    }
    heading, words = ET.Element("title"), ET.Element("desc", id=f"{key}-desc")
    heading.text, words.text = title, summary
    root[:0] = [heading, words]
