"""A plot that was visited twice, with its figures, exported as tables."""

import asyncio

import pytest

from tests.processes import typed

DEPTHS = ((0.0, 10.0), (10.0, 30.0), (30.0, 50.0))


async def admin(server, *words):
    await asyncio.to_thread(typed, server.data.path, *words)


def visit(laptop, point, campaign, year, number):
    """Add a core with three bags, each with SOC and a density with stones in it."""
    core = laptop.add(
        "core",
        {
            "point_id": point,
            "campaign_id": campaign,
            "number": 1,
            "sampled_at": f"{year}-05-04T09:00:00Z",
        },
    )
    for depth, (top, bottom) in enumerate(DEPTHS):
        bag = laptop.add(
            "sample",
            {
                "core_id": core,
                "sample_code": f"{year}-{number}-{depth}",
                "depth_top_cm": top,
                "depth_bottom_cm": bottom,
                "bulk_density_g_cm3": 1.2 + 0.1 * depth + 0.01 * number,
                "bulk_density_definition": "whole",
                "coarse_fragments_pct": 4.0 + number,
                "coarse_fragments_basis": "mass",
            },
        )
        grown = 1 + 0.03 * (year - 2016) / 10
        laptop.add(
            "result",
            {
                "sample_id": bag,
                "analyte": "soc",
                "replicate": 1,
                "value": (2.1, 1.5, 0.8)[depth] * grown + 0.05 * number,
                "unit": "pct",
                "method": "dry_combustion",
            },
        )


@pytest.fixture
async def tables(server, tmp_path):
    """Return the export of one plot that was visited twice at four points."""
    await admin(server, "project", "edit", "HF", "--stock-method", "permille")
    north = await server.laptop("north")
    plot = north.add("plot", {"code": "P1", "stratum": "=S1", "area_ha": 2.0})
    points = [north.add("point", {"plot_id": plot, "code": str(n)}) for n in range(4)]
    for year, purpose in ((2016, "baseline"), (2026, "resampling")):
        named = {"name": str(year), "start_date": f"{year}-05-01", "purpose": purpose}
        campaign = north.add("campaign", named)
        for number, point in enumerate(points):
            visit(north, point, campaign, year, number)
    await north.sync()
    await server.derived()
    await admin(server, "export", "csv", tmp_path / "t")
    return tmp_path / "t"
