"""Pages of long lists: which rows, and how many pages there are."""

from math import ceil
from typing import Final, NamedTuple

from server.errors import NotFoundError


class PageChoice(NamedTuple):
    """The page that is asked for, counted from 1, and how many rows it has."""

    number: int = 1
    size: int = 50

    @property
    def skip(self) -> int:
        """Return how many rows stand on the pages before."""
        return max(self.number - 1, 0) * self.size

    def pages(self, total: int) -> int:
        """Return how many pages so many rows make; one where there are none."""
        return max(ceil(total / self.size), 1)

    def check(self, total: int) -> None:
        """Refuse a page that is not there.

        Raises
        ------
        NotFoundError
            If there are fewer pages.
        """
        last = self.pages(total)
        if not 1 <= self.number <= last:
            raise NotFoundError(
                f"there is no page {self.number}", f"pages are 1 to {last}"
            )


FIRST_PAGE: Final = PageChoice()
