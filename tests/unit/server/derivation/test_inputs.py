"""Every derived row says on which records it rests, and no other one."""

import pytest

from server.derivation.derive import derived_plots
from server.store.values import DerivationInput, Job, PlotTree

PROJECT = "0190a000-0000-7000-8000-000000000001"
YEARS = {"2010": 16.0, "2015": 17.0, "2020": 18.0}
POINTS = ("north", "south")


def names(year=None):
    """Return what belongs to a year: the records of all points, or to all years."""
    if year is None:
        return ["project", "plot", *POINTS]
    of_points = [
        f"{kind} {year} {point}"
        for kind in ("core", "sample", "soc", "clay")
        for point in POINTS
    ]
    return [year, *of_points]


#: Each record has a number of its own.
NUMBERS = {
    name: n
    for n, name in enumerate([*names(), *(n for year in YEARS for n in names(year))], 1)
}


def record(kind, name, /, **fields):
    return DerivationInput(name, kind, NUMBERS[name], fields, 0)


def soc(year, point):
    return record(
        "result",
        f"soc {year} {point}",
        sample_id=f"sample {year} {point}",
        analyte="soc",
        replicate=1,
        value=YEARS[year] + len(point) / 10,
        unit="g_kg",
        method="dry_combustion",
    )


def clay(year, point):
    """Return a result that no stock needs: it was looked at all the same."""
    sample = f"sample {year} {point}"
    said = {"analyte": "clay", "value": 20.0, "unit": "pct", "method": "pipette"}
    return record("result", f"clay {year} {point}", sample_id=sample, **said)


def core(year, point):
    said = {"point_id": point, "campaign_id": year, "number": 1}
    day = f"{year}-09-01T12:00:00Z"
    return record("core", f"core {year} {point}", sampled_at=day, **said)


def sample(year, point):
    return record(
        "sample",
        f"sample {year} {point}",
        core_id=f"core {year} {point}",
        sample_code=f"{year} {point}",
        depth_top_cm=0.0,
        depth_bottom_cm=30.0,
        bulk_density_g_cm3=1.25,
        bulk_density_definition="fine_in_total",
        bulk_density_method="ring",
    )


def tree():
    every = [(year, point) for year in YEARS for point in POINTS]
    profile = {"stock_method_profile": "fixed_depth"}
    return PlotTree(
        project=record("project", "project", code="HF", title="Highfield", **profile),
        plot=record("plot", "plot", code="A"),
        campaigns=[
            record(
                "campaign",
                year,
                name=year,
                start_date=f"{year}-09-01",
                purpose="baseline" if year == min(YEARS) else "resampling",
            )
            for year in YEARS
        ],
        points=[record("point", point, plot_id="plot", code=point) for point in POINTS],
        cores=[core(*one) for one in every],
        samples=[sample(*one) for one in every],
        results=[make(*one) for one in every for make in (soc, clay)],
        frozen={},
    )


@pytest.fixture(scope="module")
def rows():
    (derived,) = derived_plots([Job(PROJECT, "plot", 99)], [tree()])
    return derived.rows


def rests_on(*years):
    wanted = [*names(), *(name for year in years for name in names(year))]
    return {(name, NUMBERS[name]) for name in wanted}


def test_a_stock_rests_on_all_of_its_campaign_down_to_the_results(rows):
    stocks = {row.fields["campaign_id"]: row for row in rows if row.type == "stock"}
    assert {year: set(row.inputs) for year, row in stocks.items()} == {
        year: rests_on(year) for year in YEARS
    }


def test_a_change_rests_on_all_of_both_its_campaigns(rows):
    changes = [row for row in rows if row.type == "change"]
    assert changes
    for row in changes:
        years = (row.fields["from_campaign_id"], row.fields["to_campaign_id"])
        assert set(row.inputs) == rests_on(*years)


def test_a_trend_rests_on_all_campaigns(rows):
    (trend,) = [row for row in rows if row.type == "trend"]
    assert set(trend.inputs) == rests_on(*YEARS)


def test_no_input_is_named_twice(rows):
    assert all(len(row.inputs) == len(set(row.inputs)) for row in rows)
