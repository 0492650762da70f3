"""How records are listed: the columns of each type, and what a list leaves out."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import click

from collector.cli.output import say, table
from collector.record import names
from schemas.ids import starts
from schemas.printing import TableForm, prose
from schemas.records import TYPES
from schemas.told import option_name

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.rules.overlay import RecordView

#: So many are listed where nobody says how many.
LIST_LIMIT: Final = 100

#: What a list shows of each type besides its name: fields, or a place of its parents.
_SHOWN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "organisation": ("name", "kind", "country"),
        "project": ("title", "organisation", "id"),
        "plot": ("name", "land_use", "area_ha", "stratum", "farm"),
        "practice": ("family", "from_date", "to_date"),
        "design": ("method", "points_drawn", "seed", "min_distance_m"),
        "point": ("plot", "lon", "lat"),
        "campaign": ("start_date", "end_date", "purpose"),
        "core": ("sampled_at", "tool", "depth_reached_cm"),
        "sample": ("plot", "point", "campaign", "core", "depth cm"),
        "question_form": ("title", "asked_from", "source"),
        "answer": ("value", "note"),
        "skip": ("because", "decided_on"),
        "custody_event": ("who", "to_whom", "box", "place"),
        "result": ("value", "unit", "method", "place", "depth cm"),
        "lab_control": ("value", "certified_value", "first_value", "unit"),
        "lab_batch": ("decision", "reason", "decided_by"),
    }
)
#: Types whose names are words that may be broken.
_IN_WORDS: Final = frozenset(
    {"practice", "organisation", "lab_control", "lab_batch", "custody_event"}
)
_PROSE: Final = frozenset(
    {
        *("name", "title", "farm", "method", "stratum", "reason", "decided_by"),
        *("because", "who", "to_whom", "place", "value", "note", "source"),
    }
)

#: The list of each type; with the project where a laptop has several.
LISTS: Final[Mapping[tuple[str, bool], TableForm]] = MappingProxyType(
    {
        (kind, in_many): TableForm(
            f"{kind} list of {'many projects' if in_many else 'one project'}",
            *([prose(kind)] if kind in _IN_WORDS else [kind]),
            *(["project"] if in_many else []),
            *(prose(name) if name in _PROSE else option_name(name) for name in shown),
            prose("state"),
        )
        for kind, shown in _SHOWN.items()
        for in_many in (False, True)
    }
)


def print_list(
    laptop: "Laptop", record_type: str, views: Sequence["RecordView"]
) -> None:
    """Print records of a type, each by its name."""
    projects = names.project_names(laptop.store)
    in_many = len(projects) > 1 and record_type != "project"
    told = _Places(laptop)
    rows = [
        [
            names.label(laptop.store, view),
            *([projects.get(view.project_id, "")] if in_many else []),
            *(told.of(view, name) for name in _SHOWN[record_type]),
            view.state,
        ]
        for view in views
    ]
    table(LISTS[record_type, in_many], rows)


def tell_left_out(shown: int, total: int, noun: str) -> None:
    """Say on stderr that a list goes on, if it does."""
    if shown < total:
        say(f"{shown} of {total} {noun}s; --limit N or --all", err=True)


def refuse_both(limit: int | None, *, everything: bool) -> None:
    """Refuse a limit beside all.

    Raises
    ------
    UsageError
        If both were given.
    """
    if limit is not None and everything:
        raise click.UsageError("--limit and --all exclude each other")


class _Places:
    """What lists say of a record beyond its own fields: its parents, by name."""

    def __init__(self, laptop: "Laptop") -> None:
        self._laptop = laptop
        self._parents: dict[str, RecordView | None] = {}
        self._short: dict[str, str] = {}

    def of(self, view: "RecordView", name: str) -> object:
        """Return a field of a record, or what a place is called that it is of."""
        made = {
            "id": self._start,
            "organisation": self._runner,
            "place": self._where,
            "depth cm": self._depth,
        }
        if name in made:
            return made[name](view)
        if name in TYPES and name not in TYPES[view.type].fields:
            return self._place(view, name)
        return view.fields.get(name)

    def _start(self, view: "RecordView") -> str:
        every = self._laptop.store.records("project")
        self._short = self._short or starts(each.id for each in every)
        return self._short.get(view.id, view.id[:8])

    def _runner(self, view: "RecordView") -> str | None:
        return names.runner(self._laptop.store, view)

    def _where(self, view: "RecordView") -> str:
        """Return plot, point and campaign of a record in one word."""
        parts = (self._place(view, kind) for kind in ("plot", "point", "campaign"))
        return "/".join(str(part) for part in parts if part is not None)

    def _depth(self, view: "RecordView") -> str:
        sample = self._above(view, "sample")
        return _depth(sample) if sample else ""

    def _place(self, view: "RecordView", record_type: str) -> object:
        found = self._above(view, record_type)
        if found is None:
            return None
        own = {"core": "number", "campaign": "name"}.get(record_type, "code")
        return found.fields.get(own)

    def _above(self, view: "RecordView", record_type: str) -> "RecordView | None":
        """Return the record of a type that this one belongs to, or is."""
        if view.type == record_type:
            return view
        parents = (
            self._record(view, field)
            for field in TYPES[view.type].references
            if field != "revisits_point_id"
        )
        above = (self._above(parent, record_type) for parent in parents if parent)
        return next((found for found in above if found), None)

    def _record(self, view: "RecordView", field: str) -> "RecordView | None":
        target = str(view.fields.get(field) or "")
        if target not in self._parents:
            self._parents[target] = self._laptop.store.record(target)
        return self._parents[target]


def _depth(sample: "RecordView") -> str:
    top, bottom = (sample.fields.get(f"depth_{end}_cm") for end in ("top", "bottom"))
    return f"{top:g}-{bottom:g}" if top is not None and bottom is not None else ""
