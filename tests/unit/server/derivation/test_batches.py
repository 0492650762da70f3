"""Plots that are derived together have the rows that each has by itself, to the last bit."""

import random

import pytest

from schemas.records import record_id
from server.derivation.derive import derived_plots
from server.stocks.settings import PROFILES
from server.store.values import DerivationInput, Job, PlotTree

PROJECT = "0190a000-0000-7000-8000-000000000001"
YEARS = ("2010", "2018", "2026")
LAYERS_CM = ((0.0, 10.0), (10.0, 20.0), (20.0, 30.0), (30.0, 50.0))
#: What a bag may say of its density, and a result of its carbon, beside numbers.
DENSITIES = (
    {"bulk_density_definition": "fine_in_total", "bulk_density_method": "ring"},
    {"bulk_density_definition": "whole", "coarse_fragments_pct": 0.0},
    {"bulk_density_definition": "fine_earth_only", "coarse_fragments_pct": 12.0}
    | {"coarse_fragments_basis": "mass"},
    {},
)
RESULTS = (
    {"analyte": "soc", "unit": "g_kg", "method": "dry_combustion"},
    {"analyte": "soc", "unit": "g_kg", "method": "walkley_black"},
    {"analyte": "total_carbon", "unit": "g_kg", "method": "dry_combustion"},
)


class Site:
    """A made-up project; the same seed makes the same plots."""

    def __init__(self, seed, profile):
        self.chance = random.Random(seed)
        self.numbers = iter(range(1, 1_000_000))
        fields = {"code": "HF", "title": "Highfield", "stock_method_profile": profile}
        self.project = self.record("project", fields)
        self.campaigns = [
            self.record("campaign", {"name": year, "start_date": f"{year}-03-01"})
            for year in YEARS
        ]

    def record(self, kind, fields):
        name = record_id(PROJECT, kind, fields)
        conflicts = int(self.chance.random() < 0.01)
        return DerivationInput(name, kind, next(self.numbers), fields, conflicts)

    def plot(self, number):
        plot = self.record("plot", {"code": f"P{number}"})
        campaigns = self.campaigns[: self.chance.choice([1, 2, 2, 3])]
        points = [
            self.record("point", {"plot_id": plot.id, "code": str(code)})
            for code in range(self.chance.randint(1, 6))
        ]
        cores = [
            self.core(point, campaign)
            for point in points
            for campaign in campaigns
            if self.chance.random() < 0.9
        ]
        density = self.chance.choice(DENSITIES)
        samples = [bag for core in cores for bag in self.bags(core, density)]
        said = self.chance.choice(RESULTS)
        results = [
            self.record("result", {"sample_id": bag.id, "replicate": 1, **said, **soc})
            for bag in samples
            if (soc := self.soc(bag)) is not None
        ]
        return PlotTree(
            project=self.project,
            plot=plot,
            campaigns=campaigns,
            points=points,
            cores=cores,
            samples=samples,
            results=results,
            frozen={},
            quarantined=self.chance.choice([0, 0, 0, 2]),
        )

    def core(self, point, campaign):
        day = f"{campaign.fields['name']}-0{self.chance.randint(3, 6)}-01T12:00:00Z"
        where = {"point_id": point.id, "campaign_id": campaign.id, "number": 1}
        return self.record("core", {**where, "sampled_at": day})

    def bags(self, core, density):
        for top, bottom in LAYERS_CM[: self.chance.randint(2, 4)]:
            value = round(self.chance.gauss(1.35, 0.1), 3)
            yield self.record(
                "sample",
                {
                    "core_id": core.id,
                    "sample_code": f"{core.id} {top:g}",
                    "depth_top_cm": top,
                    "depth_bottom_cm": bottom,
                    **({"bulk_density_g_cm3": value} | density if density else {}),
                },
            )

    def soc(self, bag):
        if self.chance.random() < 0.03:
            return None
        top_cm = bag.fields["depth_top_cm"]
        return {"value": round(self.chance.gauss(18 - top_cm / 5, 2), 2)}


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_plots_one_by_one_have_the_rows_that_they_have_in_a_batch(profile):
    site = Site(7, profile)
    trees = [site.plot(number) for number in range(50)]
    jobs = [Job(PROJECT, tree.plot.id, 1) for tree in trees]
    together = derived_plots(jobs, trees)
    kinds = [row.type for plot in together for row in plot.rows]
    assert {"stock", "change", "trend"} == set(kinds)
    for job, tree, plot in zip(jobs, trees, together, strict=True):
        assert derived_plots([job], [tree]) == [plot]
