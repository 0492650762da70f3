"""Bags that are here, tables of laboratories, and what becomes of their values."""

import io

from openpyxl import Workbook

from schemas.lab.check import check
from schemas.lab.layout import LabHabits
from schemas.plausibility.records import Records
from schemas.tables.differing import Differing

CORE = "0197b7c0-1000-7000-8000-00000000000c"
SAYS = LabHabits(methods={"soc": "dry_combustion", "inorganic_carbon": "calcimeter"})


def sample_id(n):
    return f"0197b7c0-1000-7000-8000-0000000000{n:02}"


def bags(*codes, results=(), **more):
    """Records with a bag for each code, ten centimetres each."""
    found = [
        (
            "campaign",
            "C",
            {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"},
        ),
        ("plot", "P", {"code": "P1"}),
        ("point", "T", {"plot_id": "P", "code": "1"}),
        (
            "core",
            CORE,
            {
                "point_id": "T",
                "campaign_id": "C",
                "number": 1,
                "sampled_at": "2026-05-04T09:00:00Z",
            },
        ),
    ]
    for n, code in enumerate(codes):
        fields = {"core_id": CORE, "sample_code": code, "depth_top_cm": 10.0 * n}
        found.append(
            ("sample", sample_id(n), fields | {"depth_bottom_cm": 10.0 * n + 10} | more)
        )
    for n, (bag, value, unit) in enumerate(results):
        fields = {
            "sample_id": sample_id(codes.index(bag)),
            "analyte": "soc",
            "replicate": n + 1,
        }
        fields |= {"value": value, "unit": unit, "method": "dry_combustion"}
        found.append(("result", f"r{n}", fields))
    return Records(found)


def judged(text, records, habits=SAYS, keys=None, name="lab.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    return check({name: data}, records, habits, "LAS", keys or {})


def outcomes(found):
    return [
        (line.bag, line.reading.analyte, str(line.standing))
        for line in found.every_line
    ]


def values(found, how=Differing.KEEP):
    return [
        (line.bag, one.fields.get("value"), one.fields["unit"], one.fields["replicate"])
        for line, one in found.wanted(how)
    ]


def workbook(**sheets):
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
