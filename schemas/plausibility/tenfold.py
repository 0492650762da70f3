"""Values, columns and files that are about ten times too large or too small."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from schemas.plausibility.middles import middle
from schemas.plausibility.records import Fields, Records, Warned
from schemas.problems import Problem
from schemas.rules import TO_G_KG

#: The middle of a campaign differs by less, whatever the land use; a unit differs by ten.
COLUMN_TIMES: Final = 5.0
#: A value differs by less from others of its plot and depth.
VALUE_TIMES: Final = 7.0
#: So many values have a middle.
FEWEST: Final = 3
#: What the middle of many mineral soils lies between, g/kg.
_USUAL_G_KG: Final[Mapping[str, tuple[float, float]]] = {
    "soc": (2.0, 200.0),
    "total_carbon": (2.0, 250.0),
    "organic_matter": (4.0, 400.0),
    "total_nitrogen": (0.2, 20.0),
    "clay": (10.0, 900.0),
}
_OF_BAGS: Final = (
    *("bulk_density_g_cm3", "volume_cm3"),
    *("field_mass_g", "fine_dry_mass_g"),
)


class Measured(NamedTuple):
    """One number of one bag, and where it belongs."""

    name: str
    value: float
    record_type: str
    record_id: str
    campaign_id: str
    plot_id: str
    depths_cm: tuple[float, float]
    batch: str = ""

    @property
    def path(self) -> str:
        """Return the field that holds the number."""
        return "value" if self.record_type == "result" else self.name


def of_values(records: Records) -> Iterator[Warned]:
    """Return campaigns, batches and single values that differ by about ten from others."""
    by_name: dict[str, list[Measured]] = defaultdict(list)
    for one in measured(records):
        by_name[one.name].append(one)
    for name, every in by_name.items():
        yield from _campaigns(name, every)
        yield from _single(every)


def odd_columns(records: Records, new_ids: Container[str]) -> Iterator[Problem]:
    """Return what is odd about all values of a file beside those that are here."""
    inside: dict[str, list[float]] = defaultdict(list)
    others: dict[str, list[float]] = defaultdict(list)
    for one in measured(records):
        (inside if one.record_id in new_ids else others)[one.name].append(one.value)
    for name, values in inside.items():
        problem = odd_column(name, values, others[name])
        if problem is not None:
            yield problem


def measured(records: Records) -> Iterator[Measured]:
    """Return the numbers of every bag, what was found in it in g/kg."""
    for sample_id, sample in records.of_type("sample").items():
        core = records.get("core", sample["core_id"]) or {}
        plot_id, _ = records.plot_of_core(core)
        campaign_id = core.get("campaign_id", "")
        depths_cm = round(sample["depth_top_cm"]), round(sample["depth_bottom_cm"])
        place = campaign_id, plot_id, depths_cm
        for name in _OF_BAGS:
            if sample.get(name):
                yield Measured(name, sample[name], "sample", sample_id, *place)
        for result_id, result in records.below("result", sample_id):
            found = value_g_kg(result)
            if found is not None:
                batch = result.get("lab_batch") or ""
                what = result["analyte"], found, "result", result_id
                yield Measured(*what, *place, batch)


def value_g_kg(result: Fields) -> float | None:
    """Return the value of a result in g/kg, or None where it has none in such a unit."""
    value, scale = result.get("value"), TO_G_KG.get(result["unit"])
    if value is None or scale is None or result["analyte"] == "water_content":
        return None
    return float(value) * scale


def odd_column(
    name: str, values: Sequence[float], others: Sequence[float]
) -> Problem | None:
    """Return what is odd about the middle of some values beside that of others.

    Without others the middle of many soils tells, for what is known of it.

    >>> odd_column("soc", [1.5, 1.6, 1.4], [15.0, 16.0, 14.0]).detail
    'the middle of 3 values is 1.5, elsewhere 15'
    >>> odd_column("soc", [15.0, 16.0, 14.0], []) is None
    True
    """
    if len(values) < FEWEST:
        return None
    found = middle(values)
    said = f"the middle of {len(values)} values is {found:.3g}"
    usual = middle(others) if len(others) >= FEWEST else 0.0
    if usual > 0.0:
        if not 1.0 / COLUMN_TIMES <= found / usual <= COLUMN_TIMES:
            return Problem("tenfold", name, None, f"{said}, elsewhere {usual:.3g}")
        return None
    low, high = _USUAL_G_KG.get(name, (0.0, float("inf")))
    if not low <= found <= high:
        return Problem("tenfold", name, None, f"{said} g/kg")
    return None


def _campaigns(name: str, every: Sequence[Measured]) -> Iterator[Warned]:
    """Compare each campaign with the others, and each batch with the rest of its campaign."""
    for campaign_id, own in _grouped(every, "campaign_id").items():
        others = [one for one in every if one.campaign_id != campaign_id]
        problem = odd_column(name, _values(own), _values(others))
        if problem is not None:
            yield Warned("campaign", campaign_id, problem)
        for batch, inside in _grouped(own, "batch").items():
            rest = [one for one in own if one.batch != batch]
            problem = odd_column(name, _values(inside), _values(rest))
            if problem is not None and len(rest) >= FEWEST:
                detail = f"batch {batch}: {problem.detail}"
                yield Warned("campaign", campaign_id, replace(problem, detail=detail))


def _grouped(every: Sequence[Measured], part: str) -> dict[str, list[Measured]]:
    """Return what was measured by one part of where it belongs, where that is known."""
    groups: dict[str, list[Measured]] = defaultdict(list)
    for one in every:
        if name := getattr(one, part):
            groups[name].append(one)
    return groups


def _values(every: Sequence[Measured]) -> list[float]:
    return [one.value for one in every]


def _single(every: Sequence[Measured]) -> Iterator[Warned]:
    """Compare each value with others of its plot and layer, of its campaign if it can be."""
    layers: dict[tuple[str, tuple[float, float]], list[Measured]] = defaultdict(list)
    for one in every:
        if one.plot_id:
            layers[one.plot_id, one.depths_cm].append(one)
    for layer in layers.values():
        for own in _grouped(layer, "campaign_id").values():
            # One value that is far off does not move the middle of four.
            others = own if len(own) > FEWEST else layer
            yield from _far_off(own, others)


def _far_off(own: Sequence[Measured], others: Sequence[Measured]) -> Iterator[Warned]:
    if len(others) <= FEWEST:
        return
    usual = middle(other.value for other in others)
    if usual <= 0.0:
        return
    for one in own:
        times = one.value / usual
        if one.value > 0.0 and not 1.0 / VALUE_TIMES < times < VALUE_TIMES:
            detail = f"{one.value:.3g}, the middle of its plot and depth is {usual:.3g}"
            problem = Problem("unlike_others", one.path, one.value, detail)
            yield Warned(one.record_type, one.record_id, problem)
