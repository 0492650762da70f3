"""Sheets of labels: how large a label is, and where each lies on its page. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from collector.errors import UsageError

Pair = tuple[float, float]

#: A label that a code and what it is of fit on; and the largest page that is printed.
_LEAST_LABEL_MM: Final = (25.0, 15.0)
_LARGEST_PAGE_MM: Final = 1_000.0
_PAIR: Final = re.compile(r"(\d+(?:[.,]\d+)?)(?:\s*[xX*,;]\s*(\d+(?:[.,]\d+)?))?")
#: What rounding of catalogues in inches may leave over.
_SLACK_MM: Final = 0.5


@dataclass(frozen=True, slots=True)
class Layout:
    """Labels in columns and rows; the margin is that on the left and at the top."""

    page_mm: Pair
    label_mm: Pair
    columns: int
    rows: int
    margin_mm: Pair = (0.0, 0.0)
    gap_mm: Pair = (0.0, 0.0)

    @property
    def on_a_page(self) -> int:
        """Return how many labels a page has."""
        return self.columns * self.rows

    def place(self, number: int) -> tuple[int, float, float]:
        """Return the page of a label, and its left upper corner in mm from that of the page.

        Examples
        --------
        >>> LAYOUTS["a4-3x8"].place(25)
        (1, 70.0, 0.5)
        """
        page, on_page = divmod(number, self.on_a_page)
        row, column = divmod(on_page, self.columns)
        step_x, step_y = (
            size + gap for size, gap in zip(self.label_mm, self.gap_mm, strict=True)
        )
        left, top = self.margin_mm
        return page, left + column * step_x, top + row * step_y


_A4: Final = (210.0, 297.0)
#: The sheets and rolls that are known by name.
LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        "a4-3x8": Layout(_A4, (70.0, 37.0), 3, 8, (0.0, 0.5)),
        "a4-4x10": Layout(_A4, (48.5, 25.4), 4, 10, (8.0, 21.5)),
        "a4-2x7": Layout(_A4, (99.1, 38.1), 2, 7, (4.65, 15.15), (2.5, 0.0)),
        "roll-62x29": Layout((62.0, 29.0), (62.0, 29.0), 1, 1),
    }
)


def custom(size: str, page: str | None, margin: str | None, gap: str | None) -> Layout:
    """Return the layout of a sheet that has no name here, as many labels as fit on it.

    Without a page each label is one of its own, as on a roll.

    Raises
    ------
    UsageError
        If a measure cannot be read, or no label fits on the page.

    Examples
    --------
    >>> found = custom("62x29", "210x297", "5x10", "2x0")
    >>> found.columns, found.rows
    (3, 9)
    """
    label_mm = _pair("--size", size)
    page_mm = _pair("--page", page) if page else label_mm
    margin_mm = _pair("--margin", margin) if margin else (0.0, 0.0)
    gap_mm = _pair("--gap", gap) if gap else (0.0, 0.0)
    if any(has < least for has, least in zip(label_mm, _LEAST_LABEL_MM, strict=True)):
        least = "x".join(f"{one:g}" for one in _LEAST_LABEL_MM)
        raise UsageError(
            f"--size {size}: a code fits on no label that is smaller than {least} mm",
            "take larger labels",
        )
    if max(page_mm) > _LARGEST_PAGE_MM:
        raise UsageError(f"--page {page}: {_LARGEST_PAGE_MM:g} mm at most")
    columns, rows = (
        int(
            (page_mm[way] + _SLACK_MM - margin_mm[way] + gap_mm[way])
            // (label_mm[way] + gap_mm[way])
        )
        for way in (0, 1)
    )
    if columns < 1 or rows < 1:
        raise UsageError(
            f"no label of {size} mm fits on the page",
            "check --size, --page and --margin, all in mm: WIDTHxHEIGHT",
        )
    return Layout(page_mm, label_mm, columns, rows, margin_mm, gap_mm)


def _pair(option: str, text: str) -> Pair:
    found = _PAIR.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"{option} {text}: WIDTHxHEIGHT in mm was expected",
            f"such as {option} 62x29",
        )
    first, second = found.groups()
    across = float(first.replace(",", "."))
    return across, float(second.replace(",", ".")) if second else across
