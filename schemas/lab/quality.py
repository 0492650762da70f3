"""Quality control of laboratories: what the controls of each batch say of its results. Pure.

Limits are the usual ones of soil laboratories and stand with the project. Units that are
no mass per mass, such as a pH, have no relative error: their controls are shown, not judged.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from statistics import fmean
from typing import Any, Final, NamedTuple

from schemas.lab.drift import Recovery, drifted
from schemas.rules import TO_G_KG

Fields = Mapping[str, Any]

#: Below, two readings may be further apart.
LOW_G_KG: Final = 10.0
#: Of so many pairs one is beyond its limit by chance: limits of repeatability hold for
#: 95 % of pairs (ISO 5725-6).
_PAIRS_BEYOND_ONE: Final = 20
#: So many bags are read before the share of second readings says anything.
_FEWEST_BAGS: Final = 20


class Limits(NamedTuple):
    """What is accepted: percent of the certified value, of the mean of a pair, g/kg."""

    recovery_pct: float = 5.0
    duplicate_pct: float = 10.0
    duplicate_low_pct: float = 20.0
    blank_g_kg: float = 0.5
    duplicates_share_pct: float = 5.0


def limits_of(project: Fields) -> Limits:
    """Return the limits of a project; the usual ones where it says nothing.

    >>> limits_of({"lab_recovery_pct": 3.0}).recovery_pct, limits_of({}).recovery_pct
    (3.0, 5.0)
    """
    said = {name: project.get(f"lab_{name}") for name in Limits._fields}
    return Limits(**{name: one for name, one in said.items() if one is not None})


class BatchKey(NamedTuple):
    """One analyte of one batch of a laboratory: what is judged, and decided on."""

    lab: str
    lab_batch: str
    analyte: str


def batch_of(fields: Fields) -> BatchKey | None:
    """Return the batch that a result, a control or a decision is of; None without one.

    >>> batch_of({"lab": "LAS", "lab_batch": "B7", "analyte": "soc"})
    BatchKey(lab='LAS', lab_batch='B7', analyte='soc')
    """
    lab, batch = fields.get("lab"), fields.get("lab_batch")
    return BatchKey(lab, batch, fields["analyte"]) if lab and batch else None


class Level(StrEnum):
    """What a finding does to its batch."""

    WITHIN = "within"
    WARNS = "warns"
    FAILS = "fails"


class Finding(NamedTuple):
    """One thing that was looked at, what it came to, and what that does to the batch."""

    what: str
    found: str
    level: Level

    @property
    def within(self) -> bool:
        """Return whether it is within its limits."""
        return self.level is Level.WITHIN


class Mark(StrEnum):
    """What the results of a batch carry."""

    FAILED = "failed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Quality:
    """The controls of a project by batch, and what people decided about batches."""

    def __init__(
        self,
        limits: Limits,
        controls: Iterable[Fields] = (),
        decisions: Iterable[Fields] = (),
    ) -> None:
        self.limits = limits
        self.controls: dict[BatchKey, list[Fields]] = defaultdict(list)
        self.decisions: dict[BatchKey, Fields] = {}
        for one in controls:
            key = batch_of(one)
            if key is not None:
                self.controls[key].append(one)
        for one in decisions:
            key = batch_of(one)
            if key is not None:
                self.decisions[key] = one

    @cached_property
    def findings(self) -> Mapping[BatchKey, Sequence[Finding]]:
        """Return what the controls of each batch say."""
        return {
            key: list(_findings(own, self.limits)) for key, own in self.controls.items()
        }

    @cached_property
    def marks(self) -> Mapping[BatchKey, Mark]:
        """Return the mark of each batch that has one.

        A rejected batch is rejected whatever its controls say; a decision to accept says
        something of a batch that fails only.
        """
        found = {
            key: Mark.FAILED for key, own in self.findings.items() if is_failed(own)
        }
        for key, decision in self.decisions.items():
            if decision["decision"] == Mark.REJECTED:
                found[key] = Mark.REJECTED
            elif key in found:
                found[key] = Mark.ACCEPTED
        return found

    def mark(self, result: Fields) -> Mark | None:
        """Return the mark of the batch that a result is of."""
        key = batch_of(result) if self.marks else None
        return self.marks.get(key) if key is not None else None

    def too_few_pairs(self, key: BatchKey, bags: int) -> Finding | None:
        """Return how many of the bags of a batch were read twice; None for a few bags."""
        if bags < _FEWEST_BAGS:
            return None
        read = {
            one.get("duplicate_of") or one["code"]
            for one in self.controls.get(key, ())
            if one["kind"] == "duplicate"
        }
        share_pct = 100.0 * len(read) / bags
        enough = share_pct >= self.limits.duplicates_share_pct
        level = Level.WITHIN if enough else Level.WARNS
        return Finding("read twice", f"{share_pct:.0f}% of the bags", level)

    def mean_recovery(self, key: BatchKey) -> Recovery | None:
        """Return the mean of what was found of certified values in a batch: its bias."""
        own = self.controls.get(key, ())
        shares = [share for one in own if (share := recovery(one)) is not None]
        return fmean(shares) if shares else None

    def drifts(self) -> Iterator[tuple[BatchKey, Finding]]:
        """Yield how reference materials drift from batch to batch, with the last batch."""
        for (_, _, code), own in self.recoveries().items():
            dated = sorted((on, key) for key, on in _days(own).items())
            means = [
                fmean(one.recovery for one in own if one.key == key) for _, key in dated
            ]
            said = drifted(means, self.limits.recovery_pct)
            if said:
                what = f"reference {code} from batch to batch"
                yield dated[-1][1], Finding(what, said, Level.WARNS)

    def recoveries(
        self,
    ) -> Mapping[tuple[str, str, str], Sequence["MeasuredReference"]]:
        """Return what was found of each laboratory's analyte and reference material."""
        found: dict[tuple[str, str, str], list[MeasuredReference]] = defaultdict(list)
        for key, own in self.controls.items():
            for one in references(own):
                share = recovery(one)
                if share is not None:
                    place = (key.lab, key.analyte, one["code"])
                    found[place].append(
                        MeasuredReference(
                            key, one["number"], share, one.get("analysed_on")
                        )
                    )
        return found


class MeasuredReference(NamedTuple):
    """One reading of a reference material as a share of its certified value."""

    key: BatchKey
    number: int
    recovery: Recovery
    analysed_on: str | None


def _days(own: Iterable[MeasuredReference]) -> dict[BatchKey, str]:
    """Return the first day of each batch that has one."""
    days: dict[BatchKey, str] = {}
    for one in own:
        if one.analysed_on is not None:
            days[one.key] = min(days.get(one.key, one.analysed_on), one.analysed_on)
    return days


def is_failed(findings: Iterable[Finding]) -> bool:
    """Return whether something of a batch fails it."""
    return any(one.level is Level.FAILS for one in findings)


def references(controls: Iterable[Fields]) -> list[Fields]:
    """Return the reference materials among controls, in the order of analysis."""
    found = [one for one in controls if one["kind"] == "reference"]
    return sorted(found, key=lambda one: (str(one["code"]), int(one["number"])))


def recovery(control: Fields) -> Recovery | None:
    """Return what was found of a certified value, as a share of it.

    >>> recovery({"value": 2.2, "certified_value": 2.0, "unit": "pct"})
    1.1
    """
    value, certified = control.get("value"), control.get("certified_value")
    if value is None or not certified or control["unit"] not in TO_G_KG:
        return None
    return float(value / certified)


def blank_limit_g_kg(control: Fields, own: Iterable[Fields], limits: Limits) -> float:
    """Return what a blank is to be below: the laboratory's detection limit, where known."""
    said = [
        one["detection_limit"] * TO_G_KG.get(one["unit"], 1.0)
        for one in (control, *own)
        if one.get("detection_limit")
    ]
    return said[0] if said else limits.blank_g_kg


def pair_g_kg(control: Fields) -> tuple[float, float] | None:
    """Return both readings of a duplicate; None where one is missing or no mass per mass."""
    scale = TO_G_KG.get(control["unit"])
    first, second = control.get("first_value"), control.get("value")
    if scale is None or first is None or second is None:
        return None
    return first * scale, second * scale


def pair_limit_pct(pair: tuple[float, float], limits: Limits) -> float:
    """Return how far two readings may be apart, percent of their mean."""
    is_low = fmean(pair) < LOW_G_KG
    return limits.duplicate_low_pct if is_low else limits.duplicate_pct


def apart_pct(pair: tuple[float, float]) -> float:
    """Return how far two readings are apart, percent of their mean.

    >>> apart_pct((9.5, 10.5)), apart_pct((0.0, 0.0))
    (10.0, 0.0)
    """
    mean = fmean(pair)
    return 100.0 * abs(pair[0] - pair[1]) / mean if mean else 0.0


def _findings(own: Sequence[Fields], limits: Limits) -> Iterator[Finding]:
    yield from _of_references(own, limits)
    for one in own:
        if one["kind"] == "blank" and one["unit"] in TO_G_KG:
            yield _of_blank(one, own, limits)
    yield from _of_pairs(own, limits)


def _of_references(own: Sequence[Fields], limits: Limits) -> Iterator[Finding]:
    by_code: dict[str, list[float]] = defaultdict(list)
    for one in references(own):
        if one["unit"] not in TO_G_KG:
            continue
        found = _of_reference(one, limits)
        yield found
        share = recovery(one)
        if share is not None:
            by_code[one["code"]].append(share)
    for code, shares in by_code.items():
        said = drifted(shares, limits.recovery_pct)
        if said:
            yield Finding(f"reference {code} within the batch", said, Level.WARNS)


def _of_reference(one: Fields, limits: Limits) -> Finding:
    what = f"reference {one['code']}"
    certified = one.get("certified_value")
    if certified is None:
        named = (
            one["code"]
            if one["analyte"] == "soc"
            else f"{one['code']}/{one['analyte']}"
        )
        why = f"{written(one)}; no certified value, say --reference {named}=VALUE"
        return Finding(what, why, Level.WARNS)
    share = recovery(one)
    if share is None:
        return Finding(what, f"{written(one)} of {certified:g}", Level.FAILS)
    said = f"{one['value']:g}, {share:.1%} of {certified:g}"
    within = _is_at_most(100.0 * abs(share - 1.0), limits.recovery_pct)
    return Finding(what, said, Level.WITHIN if within else Level.FAILS)


def _of_blank(one: Fields, own: Sequence[Fields], limits: Limits) -> Finding:
    what = f"blank {one['code']}"
    value = one.get("value")
    if value is None:
        return Finding(what, written(one), Level.WITHIN)
    limit = blank_limit_g_kg(one, own, limits)
    within = abs(value) * TO_G_KG[one["unit"]] < limit
    said = f"{written(one)}, to be below {limit:g} g/kg"
    return Finding(what, said, Level.WITHIN if within else Level.FAILS)


def _of_pairs(own: Sequence[Fields], limits: Limits) -> Iterator[Finding]:
    pairs = [
        (one, pair)
        for one in own
        if one["kind"] == "duplicate" and (pair := pair_g_kg(one)) is not None
    ]
    beyond = [one for one, pair in pairs if not is_near(pair, limits)]
    by_chance = len(pairs) // _PAIRS_BEYOND_ONE
    level = Level.FAILS if len(beyond) > by_chance else Level.WARNS
    for one, pair in pairs:
        said = (
            f"{one['first_value']:g} and {one['value']:g}, {apart_pct(pair):.1f}% apart"
        )
        near = is_near(pair, limits)
        yield Finding(_called(one), said, Level.WITHIN if near else level)


def is_near(pair: tuple[float, float], limits: Limits) -> bool:
    """Return whether two readings are no further apart than their limit."""
    return _is_at_most(apart_pct(pair), pair_limit_pct(pair, limits))


def _is_at_most(percent: float, limit_pct: float) -> bool:
    """Compare without the last digits: 95 % is 95 % however it is computed."""
    return percent <= limit_pct + 1e-9


def _called(one: Fields) -> str:
    first = one.get("duplicate_of")
    if first is None or first == one["code"]:
        return f"bag {one['code']} twice"
    return f"bags {first} and {one['code']}"


def written(one: Fields) -> str:
    """Return a control's value with its unit."""
    if one.get("value") is None:
        return f"<{one['detection_limit']:g} {one['unit']}"
    return f"{one['value']:g} {one['unit']}"
