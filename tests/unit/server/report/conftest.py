"""Reports to render: rows as the stock engine writes them, nothing from a store."""

import itertools

import pytest

from server.report.model import (
    CampaignFacts,
    OpenCounts,
    PlotFacts,
    ReasonText,
    ReportPage,
)
from server.report.page import render
from tests.unit.server.report.samples import PROJECT, change, square, stocks


@pytest.fixture
def empty():
    return ReportPage(project=PROJECT, written_at="2026-10-05 09:30 UTC")


@pytest.fixture
def small():
    """Two plots: one drawn and judged, one whose boundary and second campaign lack."""
    return ReportPage(
        project=PROJECT,
        written_at="2026-10-05 09:30 UTC",
        plots=[
            PlotFacts(code="A", name="Acre", area_ha=3.0, geometry=square()),
            PlotFacts(code="B", area_ha=1.0),
        ],
        stocks=[
            *stocks(values=(49.0, 50.0, 51.0)),
            *stocks(campaign="2021", values=(50.0, 51.0, 52.0)),
            *stocks("B", values=(40.0, None, None), reasons=["GAP"]),
        ],
        changes=[change()],
        campaigns=[CampaignFacts(name="2016", date="2016-10-01")],
        custody=OpenCounts(),
        reasons={"GAP": ReasonText("layers are missing", "enter them", "stays")},
    )


@pytest.fixture(scope="session")
def many():
    """Sixty plots on a grid, their rates from -30 to 29."""
    verdicts = itertools.cycle(["above", "below", "not distinguishable"])
    codes = [f"P{number}" for number in range(60)]
    return ReportPage(
        project=PROJECT,
        written_at="2026-10-05 09:30 UTC",
        plots=[
            PlotFacts(
                code=code, area_ha=2.0, geometry=square(7 + n % 8 / 100, 47 + n / 800)
            )
            for n, code in enumerate(codes)
        ],
        stocks=[
            row
            for code in codes
            for campaign in ("2016", "2021")
            for row in stocks(code, campaign)
        ],
        changes=[
            change(code, rate_permille_year=n - 30.0, verdict_4permille=next(verdicts))
            for n, code in enumerate(codes)
        ],
    )


@pytest.fixture(scope="session")
def many_page(many):
    return render(many)
