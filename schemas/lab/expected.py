"""Bags that were sent to a laboratory, and those whose results are still expected."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from schemas.additions import Addition
from schemas.lab.bags import Bags
from schemas.lab.judging import quality_here
from schemas.lab.quality import Mark
from schemas.lab.saying import SayingError
from schemas.lab.sheet import read_sheets
from schemas.lab.words import role_of
from schemas.plausibility.records import Fields, Records
from schemas.validate import load_patch


def expected(
    records: Records, analyte: str, today: date | None = None
) -> Iterator[dict[str, Any]]:
    """Return the bags without a result of an analyte, by campaign, laboratory and batch.

    A bag is of the batch it was sent in; where nobody said so, of that of its other
    results. A result of a rejected batch is expected again.
    """
    quality, campaigns = quality_here(records), records.of_type("campaign")
    found = []
    for sample_id, sample in records.of_type("sample").items():
        results = [one for _, one in records.below("result", sample_id)]
        if any(
            one["analyte"] == analyte and quality.mark(one) is not Mark.REJECTED
            for one in results
        ):
            continue
        core = records.get("core", sample["core_id"]) or {}
        campaign: Fields = campaigns.get(core.get("campaign_id", ""), {})
        found.append(
            {
                "campaign": campaign.get("name"),
                **_sent(sample, results, today),
                "bag": sample["sample_code"],
                "core": records.name("core", sample["core_id"]),
                "depth_top_cm": sample["depth_top_cm"],
                "depth_bottom_cm": sample["depth_bottom_cm"],
            }
        )
    yield from sorted(found, key=_order)


def _sent(
    sample: Fields, results: Sequence[Fields], today: date | None
) -> dict[str, Any]:
    """Return where a bag is, as far as anybody said, and how many days."""
    if sample.get("sent_to_lab"):
        lab, batch = sample["sent_to_lab"], sample.get("sent_batch")
    else:
        known: Fields = next((one for one in results if one.get("lab")), {})
        lab, batch = known.get("lab"), known.get("lab_batch")
    on = sample.get("sent_on")
    days = (today - date.fromisoformat(on)).days if today and on else None
    return {"lab": lab, "batch": batch, "sent_on": on, "waiting_days": days}


def _order(one: Mapping[str, Any]) -> list[str]:
    return [str(one[name] or "") for name in ("campaign", "lab", "batch", "bag")]


def by_batch(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return how many bags each laboratory is to say something of, longest wait first shown."""
    groups: dict[tuple[Any, Any, Any], dict[str, Any]] = {}
    for one in found:
        key = one["campaign"], one["lab"], one["batch"]
        group = groups.setdefault(
            key,
            dict(zip(("campaign", "lab", "batch"), key, strict=True))
            | {"bags": 0, "sent_on": None, "waiting_days": None},
        )
        group["bags"] += 1
        if one["sent_on"] and (
            not group["sent_on"] or one["sent_on"] < group["sent_on"]
        ):
            group |= {name: one[name] for name in ("sent_on", "waiting_days")}
    return list(groups.values())


def group_rows(groups: Iterable[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """Return groups of expected bags as rows of a list."""
    return [
        (
            one["campaign"],
            one["lab"] or "not sent",
            one["batch"],
            one["bags"],
            one["sent_on"],
            one["waiting_days"],
        )
        for one in groups
    ]


def expected_rows(found: Iterable[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """Return bags that are expected as rows of a list."""
    return [
        (
            one["campaign"],
            one["lab"],
            one["batch"],
            one["bag"],
            one["core"],
            f"{one['depth_top_cm']:g}-{one['depth_bottom_cm']:g}",
        )
        for one in found
    ]


class Sent(NamedTuple):
    """Where bags were sent, in which batch, on which day."""

    lab: str
    batch: str | None
    on: str

    @property
    def place(self) -> str:
        """Return where in words."""
        return f"{self.lab}, batch {self.batch}" if self.batch else self.lab

    @property
    def fields(self) -> dict[str, Any]:
        """Return the fields of a bag that was sent."""
        return {
            "sent_to_lab": self.lab,
            "sent_batch": self.batch,
            "sent_on": self.on,
        }


class Sending(NamedTuple):
    """What becomes of the labels of bags that were sent."""

    additions: Sequence[Addition]
    sent: Sequence[str]
    already: Sequence[str]
    elsewhere: Sequence[str]
    unknown: Sequence[str]

    def as_data(self) -> dict[str, Any]:
        """Return the labels as JSON."""
        lists = self._asdict()
        return {name: list(lists[name]) for name in self._fields[1:]}


def sending(
    records: Records, labels: Iterable[str], where: Sent, *, again: bool = False
) -> Sending:
    """Return what keeps that bags were sent; `again` moves those that were sent elsewhere.

    A label that reads like several bags, or like none, is unknown.

    Raises
    ------
    SayingError
        If laboratory, batch or day cannot be kept.
    """
    _, problems = load_patch("sample", where.fields)
    if problems:
        first = problems[0]
        raise SayingError(f"{first.path}: {first.text}", first.hint)
    bags = Bags(records)
    additions, names = [], {name: list[str]() for name in Sending._fields[1:]}
    for label in dict.fromkeys(labels):
        meant = bags.meant(label)
        if len(meant) != 1:
            names["unknown"].append(label)
            continue
        sample = records.of_type("sample")[meant[0]]
        known = sample.get("sent_to_lab"), sample.get("sent_batch")
        if known == (where.lab, where.batch):
            names["already"].append(sample["sample_code"])
        elif known[0] and not again:
            names["elsewhere"].append(sample["sample_code"])
        else:
            names["sent"].append(sample["sample_code"])
            additions.append(Addition("sample", meant[0], where.fields))
    return Sending(additions, **names)


def labels_in(name: str, data: bytes) -> list[str]:
    """Return the labels of a table: its column of bags, else the first cell of each row.

    Raises
    ------
    TableError
        If it is no table.
    """
    found = []
    for sheet in read_sheets(name, data):
        place, first = _column(sheet.rows)
        for _, cells in sheet.rows[first:]:
            if len(cells) > place and cells[place]:
                found.append(cells[place])
    return found


def _column(rows: Sequence[tuple[int, Sequence[str]]]) -> tuple[int, int]:
    """Return the column of labels, and the first row below its head."""
    for number, (_, cells) in enumerate(rows):
        for place, cell in enumerate(cells):
            if role_of(cell) == "code":
                return place, number + 1
    return 0, 0


def labels_of_campaign(records: Records, name: str) -> list[str]:
    """Return the labels of the bags of a campaign."""
    campaigns = {
        key for key, one in records.of_type("campaign").items() if one["name"] == name
    }
    cores = {
        key
        for key, core in records.of_type("core").items()
        if core["campaign_id"] in campaigns
    }
    return [
        sample["sample_code"]
        for sample in records.of_type("sample").values()
        if sample["core_id"] in cores
    ]


def sentences(found: Sending, where: Sent) -> Iterator[str]:
    """Return in words what became of the labels."""
    yield f"{len(found.sent)} sent to {where.place} on {where.on}"
    if found.already:
        yield f"{len(found.already)} known as sent there"
    if found.elsewhere:
        yield (
            f"sent elsewhere before: {', '.join(found.elsewhere)}; if they were sent on,"
            " add: --again"
        )
    if found.unknown:
        yield f"no bag, or several, have the label: {', '.join(found.unknown)}"
