"""Records of every type, and exports of them."""

import csv
from contextlib import closing, contextmanager

from sqlcipher3 import dbapi2
from sqlite_utils import Database

from schemas.export.manifest import Snapshot
from schemas.export.run import ExportKind, Origin, export
from schemas.export.shape import ExportRecord

SQUARE = [[2.35, 48.85], [2.36, 48.85], [2.36, 48.86], [2.35, 48.85]]
#: One of everything; texts that spreadsheets, shells and SQL might run.
RECORDS = {
    "project": {"code": "HF", "title": '=HYPERLINK("x")', "note": 'a;b,c\n"d"'},
    "organisation": {"code": "O", "name": "@SUM(A1)", "kind": "member"},
    "plot": {
        "code": "P1",
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        "area_ha": 3.5,
        "control_plots": ["C1", "C2"],
        "note": "'); DROP TABLE plots; --",
    },
    "design": {
        "plot_id": "plot",
        "number": 1,
        "method": "systematic",
        "seed": 7,
        "points_drawn": 3,
    },
    "practice": {"plot_id": "plot", "family": "agroforestry", "what": "+hedges"},
    "campaign": {
        "name": "2026",
        "start_date": "2026-05-01",
        "purpose": "baseline",
        "note": "-2+3+cmd|' /C calc'!A0",
    },
    "point": {"plot_id": "plot", "code": "-1", "lon": 2.355, "lat": 48.852},
    "core": {
        "point_id": "point",
        "campaign_id": "campaign",
        "number": 1,
        "sampled_at": "2026-05-04T09:00:00+02:00",
    },
    "sample": {
        "core_id": "core",
        "sample_code": "HF-1",
        "depth_top_cm": 0.0,
        "depth_bottom_cm": 30.0,
        "bulk_density_g_cm3": 1.3,
        "explained": ["deep_layer (x): so it is"],
    },
    "stock": {
        "points": [
            {"plot": "P1", "campaign": "2026", "point": "1", "soc_stock_t_ha": 60.5}
        ]
    },
    "change": {
        "change": {
            "plot": "P1",
            "from_campaign": "2016",
            "to_campaign": "2026",
            "change_t_ha": 1.5,
            "change_ci95_t_ha": [-1.0, None],
            "verdict_zero": "no detectable change",
            "reasons": ["BD_ESTIMATED", "CONTESTED"],
        }
    },
}
RESULTS = {
    "r1": {"value": 1.52, "unit": "pct", "replicate": 1},
    "r2": {"value": 15.8, "unit": "g_kg", "replicate": 2},
    "r3": {"censored": "<", "detection_limit": 0.1, "unit": "pct", "replicate": 3},
}
SOC = {"sample_id": "sample", "analyte": "soc", "method": "dry_combustion"}


def records():
    for kind, fields in RECORDS.items():
        yield ExportRecord("project", kind, kind, fields)
    for name, fields in RESULTS.items():
        yield ExportRecord("project", "result", name, SOC | fields)
    yield ExportRecord("project", "unheard_of", "x", {})


@contextmanager
def opened(path):
    with closing(dbapi2.connect(str(path), isolation_level=None)) as connection:
        yield Database(connection)


def rows(folder, table):
    """Read one table of an export as CSV."""
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def written(kind, target, found=None, since=None, **more):
    """Export records; return what was written, and what was told on the way."""
    told = []
    done = export(
        ExportKind(kind),
        target,
        Origin(records() if found is None else found, Snapshot("HF@7", since), **more),
        opened,
        lambda table, count: told.append((table, count)),
    )
    return done, told
