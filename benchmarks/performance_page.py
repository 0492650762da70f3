"""Parts of docs/performance.md that a run writes, between two marks each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[1] / "docs/performance.md"


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between the marks of one run."""

    name: str

    @property
    def begin(self) -> str:
        """The mark before it."""
        return f"<!-- {self.name}: written by make bench-{self.name} BENCH_ARGS=--write -->"

    @property
    def end(self) -> str:
        """The mark after it."""
        return f"<!-- {self.name}: end -->"

    def put(self, page: str, text: str) -> str:
        """Return a page with this part replaced.

        Raises
        ------
        ValueError
            If a mark is missing.
        """
        before, begin, rest = page.partition(self.begin)
        _, end, after = rest.partition(self.end)
        if not begin or not end:
            raise ValueError(f"the page lacks {self.begin} or {self.end}")
        return f"{before}{begin}\n\n{text}\n\n{end}{after}"

    def write(self, page: Path, text: str) -> None:
        """Write a page with this part replaced."""
        page.write_text(self.put(page.read_text("utf-8"), text), encoding="utf-8")


def row(cells: Iterable[str]) -> str:
    """Return a row of a table of Markdown."""
    return f"| {' | '.join(cells)} |"


def head(names: Sequence[str], words: int) -> list[str]:
    """Return the first two rows: some columns of words, then numbers."""
    rules = ["---" if place < words else "--:" for place in range(len(names))]
    return [row(names), row(rules)]


def words_of(when: Mapping[str, Any]) -> str:
    """Return when and where it was measured."""
    return (
        f"Measured {when['at']} on {when['cores']} cores at a load of {when['load']},\n"
        f"Python {when['python']}, commit {when['commit']}."
    )
