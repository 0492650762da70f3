"""One table, five ways to look at it: the same verdict, reasons and words in each."""

import asyncio
import csv
import io
from html import unescape
from itertools import pairwise

import pytest
from click.testing import CliRunner

from schemas.stock_words import notes
from server.cli import main
from server.cli.stocks_compute import compute_document
from server.clock import Clock
from server.custody.own_log import edit_project

HEADER = "plot,campaign,date,point,top_cm,bottom_cm,soc_g_kg,bd_fine_g_cm3"
DAYS = {"2010": "2010-10-01", "2020": "2020-10-01"}


def rows(campaign, depths, soc, density, points=6):
    """One core per point; `soc` and `density` are functions of point and depth."""
    for point in range(points):
        for top, bottom in pairwise(depths):
            value = soc(point, (top + bottom) / 2)
            yield (
                f"P1,{campaign},{DAYS[campaign]},{point},{top},{bottom},"
                f"{value:.4f},{density(point):.5f}"
            )


def profile(point, depth):
    return (26.0 + 0.7 * point) * 2.0 ** (-depth / 20.0)


def wobble(point, by):
    return 1.0 + by * (((7 * point + 3) % 5) - 2) / 2.0


def own(base, by=0.03):
    return lambda point: base * wobble(point + 1, by)


THIRDS, HALVES = (0, 10, 20, 30), (0, 15, 45)
#: Name -> layers of both campaigns, the reason that must show, and the verdict.
TABLES = {
    "lighter cores than the reference": (
        [
            *rows("2010", THIRDS, profile, own(1.35, 0.02)),
            *rows("2020", THIRDS, profile, lambda p: 1.35 * wobble(p, 0.05)),
        ],
        "COMMON_MASS",
        "no detectable change",
    ),
    "far lighter cores": (
        [
            *rows("2010", THIRDS, profile, own(1.35)),
            *rows("2020", THIRDS, profile, own(1.0)),
        ],
        "MASS_NOT_REACHED",
        "not assessable",
    ),
    "other layers": (
        [
            *rows("2010", (0, 15, 60), profile, own(1.35)),
            *rows("2020", (0, 15, 40, 60), profile, own(1.36)),
        ],
        "DEPTHS_DIFFER",
        "not assessable",
    ),
    "one ring a campaign": (
        [
            *rows("2010", HALVES, profile, lambda _: 1.29),
            *rows("2020", HALVES, lambda p, d: 1.03 * profile(p, d), lambda _: 1.35),
        ],
        "BD_SHARED_ASSUMED",
        "no detectable change",
    ),
    "a tenth": (
        [
            *rows("2010", THIRDS, lambda p, d: 10 * profile(p, d) / 10, own(1.35)),
            *rows("2020", THIRDS, lambda p, d: profile(p, d) / 10, own(1.36)),
        ],
        "CHANGE_IMPLAUSIBLE",
        "not assessable",
    ),
    "one place that gained most": (
        [
            *rows("2010", (0, 20, 40, 60), profile, own(1.35), 9),
            *rows(
                "2020",
                (0, 20, 40, 60),
                lambda p, d: profile(p, d) * (1.3 if p == 4 else 1.01 + p / 400),
                own(1.35),
                9,
            ),
        ],
        "SKEWED",
        None,
    ),
}


def record(laptop, text):
    """Record a table of layers as a laptop does."""
    plot = laptop.add("plot", {"code": "P1", "area_ha": 1.0})
    made = {}
    for number, row in enumerate(csv.DictReader(io.StringIO(text))):
        campaign = made.get(row["campaign"])
        if campaign is None:
            start = {
                "name": row["campaign"],
                "start_date": row["date"],
                "purpose": "baseline" if row["campaign"] == "2010" else "resampling",
            }
            campaign = made[row["campaign"]] = laptop.add("campaign", start)
        place = row["point"]
        if place not in made:
            made[place] = laptop.add("point", {"plot_id": plot, "code": place})
        key = row["campaign"], place
        if key not in made:
            core = {
                "point_id": made[place],
                "campaign_id": campaign,
                "number": 1,
                "sampled_at": f"{row['date']}T12:00:00Z",
            }
            made[key] = laptop.add("core", core)
        bag = {
            "core_id": made[key],
            "sample_code": f"B{number}",
            "depth_top_cm": float(row["top_cm"]),
            "depth_bottom_cm": float(row["bottom_cm"]),
            "bulk_density_g_cm3": float(row["bd_fine_g_cm3"]),
            "bulk_density_definition": "fine_in_total",
        }
        result = {
            "sample_id": laptop.add("sample", bag),
            "analyte": "soc",
            "replicate": 1,
            "value": float(row["soc_g_kg"]),
            "unit": "g_kg",
            "method": "dry_combustion",
        }
        laptop.add("result", result)


@pytest.mark.parametrize("name", TABLES)
async def test_every_way_to_look_says_the_same(server, tmp_path, name):
    layers, reason, verdict = TABLES[name]
    path = tmp_path / "layers.csv"
    path.write_text("\n".join([HEADER, *layers]) + "\n", encoding="utf-8")
    (computed,) = compute_document(path)["changes"]
    assert reason in computed["reasons"]
    assert verdict in {None, computed["verdict_zero"]}
    await server.ask(
        lambda store: edit_project(
            store, Clock(), "HF", {"stock_method_profile": "permille"}
        )
    )
    laptop = await server.laptop("north")
    record(laptop, path.read_text())
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    await server.derived()
    arrived = [
        row["f"]["change"] for row in (await laptop.sync()).rows if row["t"] == "change"
    ]
    words = list(notes(computed))
    for seen in arrived:
        assert seen["reasons"] == computed["reasons"]
        assert seen["verdict_zero"] == computed["verdict_zero"]
        assert seen["verdict_4permille"] == computed["verdict_4permille"]
        assert seen["change_t_ha"] == pytest.approx(computed["change_t_ha"])
        assert seen["change_ci95_t_ha"] == pytest.approx(computed["change_ci95_t_ha"])
        assert list(notes(seen)) == words
    assert len(arrived) == 1
    shown = await told(server, "stocks", "show", "--project", "HF")
    explained = await told(
        server, "stocks", "explain", "P1", "2010", "2020", "--project", "HF"
    )
    page = tmp_path / "report.html"
    await told(server, "stocks", "report", "HF", "--html", str(page))
    html = unescape(page.read_text(encoding="utf-8"))
    for note in words:
        assert note in shown
        assert note in explained
        assert note in html
    assert reason in shown
    assert reason in explained


async def told(server, *words):
    words = ["--data", str(server.data.path), *words]
    done = await asyncio.to_thread(CliRunner().invoke, main, words)
    assert done.exit_code == 0, done.output
    return done.stdout
