"""What is asked of a read copy; another database may fill this role.

A copy holds what the feed says, as tables of an export and ready features, and nothing
that is not elsewhere: it may be thrown away at any time. It is filled through the port of
the store alone (server.reading.follow).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from server.merge.model import Record
from server.reading.cells import Cell
from server.reading.features import Box
from server.reading.moments import Period


class FeedPiece(NamedTuple):
    """What came of one project, up to a number of the feed.

    `gone` names records whose deletion is no longer in the feed.
    """

    project_id: str
    records: Sequence[Record]
    gone: Collection[str]
    up_to: int


class Standing(NamedTuple):
    """Up to where a copy follows: the timeline, the number of each project.

    `is_whole` says whether it was ever filled up to its end: before that nothing is read.
    """

    epoch: str
    cursors: Mapping[str, int]
    is_whole: bool


class FeatureVeil(Protocol):
    """What somebody may not see exactly; `is_coarse` says whether places are coarsened."""

    @property
    def is_coarse(self) -> bool:
        """Return whether boxes and extents are those of squares of the grid."""

    def shown(self, collection: str, text: bytes, cell: Cell | None) -> bytes:
        """Return a feature as it is shown; `cell` is the square that it lies in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSelection:
    """Which rows of a collection, in the order of their ids: those of some projects.

    `boxes` are two where one crosses the 180th meridian; a row is in one of them.
    `equal` holds values by column, all of which a row has. `after` is an id. Through a
    `veil` that coarsens, a box finds what is in a square that it touches.
    """

    collection: str
    projects: Sequence[str]
    boxes: Sequence[Box] = ()
    period: Period | None = None
    equal: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""
    skip: int = 0
    most: int = 100
    most_bytes: int = 2**24
    veil: FeatureVeil | None = None


class FeaturePage(NamedTuple):
    """Features as GeoJSON texts, the id to go on after where there are more, and a count."""

    texts: list[bytes]
    next_after: str | None
    matched: int


class RowPage(NamedTuple):
    """Rows by the names of their columns, the id to go on after, and a count."""

    rows: list[dict[str, Any]]
    next_after: str | None
    matched: int


class Extent(NamedTuple):
    """Where and when the features of a collection lie; open ends are None."""

    box: Box | None
    begin: int | None
    end: int | None


class Match(NamedTuple):
    """A record that has the words: what it is, of which project, what people call it.

    `snippet` is the text around the words, each of them in [brackets].
    """

    type: str
    id: str
    project_id: str
    project: str
    name: str
    snippet: str


class ReadCopy(Protocol):
    """A copy: read by many at once, written by one."""

    async def standing(self) -> Standing:
        """Return up to where the copy follows."""

    async def begin(self, epoch: str) -> None:
        """Empty the copy, to be filled with a timeline."""

    async def fill(self, piece: FeedPiece) -> None:
        """Write records of a copy that is not whole yet; their features come at the end."""

    async def finish(self) -> None:
        """Make every feature: the copy is whole from now on."""

    async def follow(self, piece: FeedPiece) -> None:
        """Write what changed, and the features that show it.

        A number that the copy has passed already changes nothing.
        """

    async def features(self, asked: RowSelection) -> FeaturePage:
        """Return a page of features."""

    async def rows(self, asked: RowSelection) -> RowPage:
        """Return a page of rows."""

    async def extents(
        self, projects: Sequence[str], *, is_coarse: bool = False
    ) -> Mapping[str, Extent]:
        """Return the extent of each collection, of some projects; or that of its squares."""

    async def search(
        self,
        words: str,
        projects: Sequence[str],
        most: int,
        record_type: str | None = None,
    ) -> list[Match]:
        """Return the records of some projects that have all words, each as the beginning of one.

        Looked through are codes, names, labels, crews, laboratories and notes
        (server.reading.tables.WORDS); the best come first.
        """

    async def check(self) -> None:
        """Look through all of it, beside those who read: what is damaged is removed."""

    def close(self) -> None:
        """Finish what was begun and let go."""
