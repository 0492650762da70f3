"""Holes of a composite, counted one by one until its core is recorded."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record.field_place import FieldPoint
from collector.record.local_day import here_now
from collector.rules.overlay import RecordView
from collector.store.port import Beside, KeptDraft
from schemas import limits
from schemas.phrases import _
from schemas.problems import Problem
from schemas.records import TYPES
from schemas.validate import load_patch

HOLES: Final = "holes"
#: Where a hole is: fields of a core, by which they are judged.
PLACED: Final = ("lon", "lat", "accuracy_m")


class CountedHoles(NamedTuple):
    """The holes of one composite so far, each with its time and perhaps its place."""

    draft: int
    holes: Sequence[Mapping[str, Any]]

    @property
    def in_all(self) -> int:
        """Return how many there are."""
        return len(self.holes)

    @property
    def words(self) -> str:
        """Return where the holes are, for the note of their core; empty where nobody says.

        >>> CountedHoles(
        ...     1,
        ...     [
        ...         {"at": "2026-05-03T09:30:00+02:00", "lon": 2.35, "lat": 48.85},
        ...         {"at": "2026-05-03T09:34:00+02:00"},
        ...     ],
        ... ).words
        'holes: 09:30 at 2.35 48.85; 09:34'
        """
        if not any("lon" in hole for hole in self.holes):
            return ""
        said = []
        for hole in self.holes:
            where = (
                f" at {hole['lon']:.10g} {hole['lat']:.10g}" if "lon" in hole else ""
            )
            near = f" +-{hole['accuracy_m']:g} m" if "accuracy_m" in hole else ""
            said.append(f"{hole['at'][11:16]}{where}{near}")
        return f"holes: {'; '.join(said)}"[: limits.NOTE_CHARS]


def holes_of(laptop: Laptop, point_id: str, campaign_id: str) -> CountedHoles | None:
    """Return the holes that were counted at a point in a campaign, if any were."""
    found = _draft_of(laptop, point_id, campaign_id)
    return CountedHoles(found.number, found.typed["holes"]) if found else None


def count_hole(
    laptop: Laptop,
    point: FieldPoint,
    campaign: RecordView,
    place: Mapping[str, Any],
) -> CountedHoles:
    """Count one more hole of the composite of a point, now and perhaps here.

    Raises
    ------
    RefusedError
        If the position is none, or there are as many holes as a composite can have.
    """
    before = _draft_of(laptop, point.id, campaign.id)
    holes = [*before.typed["holes"]] if before else []
    if len(holes) >= limits.CORES_MAX:
        raise RefusedError(
            _("a composite has {most} holes at most", most=limits.CORES_MAX),
            _("record it: permille core add {point}", point=point.label),
        )
    holes.append({"at": here_now(laptop.clock), **_judged(place)})
    return _kept(laptop, before, point, campaign, holes)


def uncount_hole(
    laptop: Laptop, point: FieldPoint, campaign: RecordView
) -> CountedHoles:
    """Take the last hole of a composite back.

    Raises
    ------
    NotFoundError
        If none was counted.
    """
    before = _draft_of(laptop, point.id, campaign.id)
    if before is None:
        name = campaign.fields["name"]
        raise NotFoundError(
            _(
                "no hole was counted at {point} in {campaign}",
                point=point.label,
                campaign=name,
            ),
            _("see: permille draft list"),
        )
    return _kept(laptop, before, point, campaign, before.typed["holes"][:-1])


def _kept(
    laptop: Laptop,
    before: KeptDraft | None,
    point: FieldPoint,
    campaign: RecordView,
    holes: list[Mapping[str, Any]],
) -> CountedHoles:
    number = before.number if before else laptop.store.next_draft()
    draft = KeptDraft(
        number,
        HOLES,
        campaign.project_id,
        f"{point.label} in {campaign.fields['name']}",
        {"point_id": point.id, "campaign_id": campaign.id, "holes": holes},
        laptop.person,
        here_now(laptop.clock),
    )
    drop = [number] if before else []
    laptop.store.write_drafts(Beside([draft] if holes else [], drop))
    return CountedHoles(number, holes)


def _draft_of(laptop: Laptop, point_id: str, campaign_id: str) -> KeptDraft | None:
    for draft in laptop.store.drafts():
        of = draft.typed.get("point_id"), draft.typed.get("campaign_id")
        if draft.kind == HOLES and of == (point_id, campaign_id):
            return draft
    return None


def _judged(place: Mapping[str, Any]) -> dict[str, Any]:
    """Return a position that can be one, or nothing where none is given."""
    fields = TYPES["core"].fields
    read = {name: fields[name].read(str(text)) for name, text in place.items()}
    clean, problems = load_patch("core", read)
    if ("lon" in read) != ("lat" in read):
        missing = "lat" if "lon" in read else "lon"
        problems.append(Problem("required", missing))
    if problems:
        raise RefusedError(
            _("no hole was counted"),
            _("correct it and type the command again"),
            problems,
        )
    return clean
