"""What is said on labels: the code, and where the bag is from. No drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.errors import NotFoundError
from collector.laptop.laptop import Laptop
from collector.record import names
from collector.record.custody import depths_of
from collector.rules.keys import natural_order
from collector.rules.overlay import RecordView
from schemas.labels.codes import printed


@dataclass(frozen=True, slots=True)
class Label:
    """One label: the code as it is kept, and lines that are printed small."""

    code: str
    lines: Sequence[str] = ()

    @property
    def shown(self) -> str:
        """Return the code as people read it."""
        return printed(self.code)


def empty_labels(codes: Sequence[str], project: str | None) -> list[Label]:
    """Return labels for bags that are not filled yet."""
    lines = [project] if project else []
    return [Label(code, lines) for code in codes]


def labels_of(laptop: Laptop, place: str, project_id: str | None) -> list[Label]:
    """Return labels of the bags that are recorded of a core, point, plot, campaign or bag.

    Raises
    ------
    NotFoundError
        If nothing is called so, or no bag belongs to it.
    RefusedError
        If several are.
    """
    above = _named(laptop, place, project_id)
    if above.type == "sample":
        samples = [above]
    else:
        samples = laptop.store.records("sample", above.project_id, [above.id])
    if not samples:
        raise NotFoundError(
            f"no bag of {above.type} {place} is recorded on this laptop",
            "record them first: permille sample add; or print labels without --for",
        )
    found = [(_lines(laptop, sample), sample) for sample in samples]
    found.sort(key=lambda one: natural_order("/".join(one[0])))
    return [Label(str(one.fields["sample_code"]), lines) for lines, one in found]


def title_of(project: RecordView) -> str:
    """Return what labels call a project."""
    code, title = project.fields.get("code"), project.fields.get("title")
    return " - ".join(str(text) for text in (code, title) if text)


def _named(laptop: Laptop, place: str, project_id: str | None) -> RecordView:
    for kind in ("core", "point", "plot", "campaign", "sample"):
        found = names.candidates(laptop.store, kind, place, project_id)
        if found:
            return names.one(kind, place, found, laptop.store)
    raise NotFoundError(
        f"no plot, point, campaign, core or bag is called {place}",
        "see: permille core list",
    )


def _lines(laptop: Laptop, sample: RecordView) -> list[str]:
    store = laptop.store
    core = store.record(str(sample.fields.get("core_id")))
    project = store.record(sample.project_id)
    where = names.label(store, core) if core else ""
    day = str(core.fields.get("sampled_at") or "")[:10] if core else ""
    depths = ", ".join(filter(None, (depths_of(sample.fields), day)))
    return [where, depths, *([title_of(project)] if project else [])]
