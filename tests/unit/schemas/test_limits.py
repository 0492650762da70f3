"""The limits are those of the science, and what is accepted can be sent."""

import pytest

from schemas import hlc, limits
from schemas.messages import encode
from schemas.records import TYPES
from schemas.validate import load_patch, load_record
from tests.corpus import golden_changes, good_records


@pytest.mark.parametrize(
    ("record_type", "field", "low", "high"),
    [
        ("sample", "depth_top_cm", 0, 500),
        ("sample", "depth_bottom_cm", 0.001, 500),
        ("sample", "bulk_density_g_cm3", 0.01, 3.6),
        ("sample", "coarse_fragments_pct", 0, 99.999),
        ("sample", "fragment_density_g_cm3", 0.5, 5),
        ("sample", "water_g_g", 0, 20),
        ("core", "inner_diameter_mm", 5, 500),
        ("core", "depth_reached_cm", 0, 500),
    ],
)
def test_a_field_takes_its_limits_and_nothing_beyond(record_type, field, low, high):
    for value, code in (
        (low, None),
        (high, None),
        (low - 0.002, "out_of_range"),
        (high + 0.002, "out_of_range"),
    ):
        _, problems = load_patch(record_type, {field: value})
        assert [p.code for p in problems] == ([code] if code else [])


@pytest.mark.parametrize(
    ("analyte", "unit", "low", "high"),
    [
        ("soc", "g_kg", 0, 580),
        ("soc", "pct", 0, 58),
        ("total_carbon", "g_kg", 0, 1000),
        ("inorganic_carbon", "g_kg", 0, 120),
        ("organic_matter", "pct", 0, 100),
        ("ph_water", "none", 1.5, 13),
        ("water_content", "g_g", 0, 20),
    ],
)
def test_a_result_takes_the_limits_of_its_analyte(analyte, unit, low, high):
    for value, fits in ((low, True), (high, True), (low - 1, False), (high + 1, False)):
        record = good_records()["result"] | {
            "analyte": analyte,
            "unit": unit,
            "value": value,
        }
        _, problems = load_record("result", record)
        refused = [p.code for p in problems if not p.is_warning]
        assert refused == ([] if fits else ["out_of_range"])


@pytest.mark.parametrize(
    ("record_type", "patch", "code"),
    [
        ("sample", {"depth_bottom_cm": 60}, None),
        ("sample", {"bulk_density_g_cm3": 0.5}, None),
        ("sample", {"bulk_density_g_cm3": 1.9}, None),
        ("sample", {"coarse_fragments_pct": 60}, None),
        ("sample", {"coarse_fragments_pct": 61}, None),  # of the mass
        ("sample", {"water_g_g": 0.6}, None),
        ("sample", {"fragment_density_g_cm3": 2}, None),
        ("core", {"inner_diameter_mm": 30}, None),
        ("result", {"value": 120}, None),
        ("result", {"value": 450}, "high_carbon"),
        ("result", {"value": 0.12, "unit": "g_g"}, None),
        ("result", {"analyte": "ph_water", "unit": "none", "value": 6.99}, None),
    ],
)
def test_a_warning_begins_beyond_its_band_not_on_it(record_type, patch, code):
    _, problems = load_record(record_type, {**good_records()[record_type], **patch})
    assert [p.code for p in problems] == ([code] if code else [])


WIDE = "\N{SEEDLING}"  # a character of four bytes


def largest_boundary(bounds):
    wide, high, low = -123.45678901234567, 1234.5678901234567, -1.25e-300
    count = bounds["positions"] - 2
    ring = [[wide, -1.2345678901234567e-05 * i, high] for i in range(count)]
    return {
        "type": "Polygon",
        "coordinates": [[*ring, [wide + 1, low, high], ring[0]]],
    }


#: The value of each kind of field that takes the most bytes of JSON.
LONGEST = {
    "Text": lambda f: WIDE * f.most,
    "Code": lambda f: WIDE * f.most,
    "Geometry": lambda f: largest_boundary(f.bounds()),
    "NameSet": lambda f: [
        f"{n:02}" + WIDE * (f.bounds()["most"] - 2) for n in range(f.bounds()["items"])
    ],
    "Explanations": lambda f: [
        f"{n:02}" + WIDE * (f.bounds()["most"] - 2) for n in range(f.bounds()["items"])
    ],
    "Depths": lambda f: [
        f.bounds()["depth"]["high"] / 3 + n / 7 for n in range(f.bounds()["items"])
    ],
    "StratumAreas": lambda f: {
        f"{n:02}" + WIDE * (f.bounds()["most"] - 2): 123456.78901234567
        for n in range(f.bounds()["items"])
    },
    "Attachments": lambda f: [
        {
            "sha256": f"{n:064x}",
            "size": limits.ATTACHMENT_BYTES,
            "mime": "application/pdf",
            "name": WIDE * limits.NAME_CHARS,
            "taken_at": LONGEST["Instant"](f),
            "lon": -123.45678901234567,
            "lat": -1.2345678901234567e-05,
        }
        for n in range(f.bounds()["items"])
    ],
    "Questions": lambda _: [
        {"name": f"q{n}", "type": "text", "label": WIDE * (limits.QUESTION_CHARS // 4)}
        for n in range(limits.QUESTIONS_BYTES // limits.QUESTION_CHARS - 10)
    ],
    "Number": lambda f: f.high / 3,
    "Integer": lambda f: f.high,
    "Choice": lambda f: max(f.codes.codes, key=len),
    "Id": lambda _: "0197b7c0-1000-7000-8000-000000000001",
    "Day": lambda _: "2026-05-03",
    "Instant": lambda _: "2026-05-03T14:30:00.123456+02:00",
    "Country": lambda _: "FR",
    "Flag": lambda _: False,
}


@pytest.mark.parametrize("record_type", TYPES)
def test_the_largest_record_fits_one_line_of_the_wire(record_type):
    fields = {
        name: LONGEST[type(field).__name__](field)
        for name, field in TYPES[record_type].fields.items()
    }
    clean, problems = load_patch(record_type, fields)
    assert problems == []
    line = encode({**golden_changes()[0], "u": WIDE * 200, "f": clean})
    assert len(line) <= limits.LINE_BYTES


def test_a_clock_in_a_far_century_still_gives_stamps_that_fit_the_wire():
    year_9999 = 253_402_300_799_000
    assert hlc.tick(hlc.tick(0, year_9999), year_9999) < 2**63
