"""What is possible but odd between records: each rule by itself, on records in memory."""

from datetime import UTC, datetime

import pytest

from schemas.explained import explanation
from schemas.plausibility.every import every_warning
from schemas.plausibility.records import Records
from schemas.plausibility.skeletons import skeleton
from schemas.plausibility.tenfold import odd_columns

NOW = datetime(2030, 1, 1, tzinfo=UTC)
#: A field of 3.3 ha near Paris.
SQUARE = [
    [2.35, 48.85],
    [2.3525, 48.85],
    [2.3525, 48.8516],
    [2.35, 48.8516],
    [2.35, 48.85],
]
FIELD = {"type": "Polygon", "coordinates": [SQUARE]}
HOLE = [
    [2.351, 48.8505],
    [2.352, 48.8505],
    [2.352, 48.851],
    [2.351, 48.851],
    [2.351, 48.8505],
]
RECORDS = {
    ("project", "P"): {"code": "P1", "title": "Valley", "reference_depth_cm": 20.0},
    ("plot", "HF"): {"code": "HF"},
    ("campaign", "C"): {
        "name": "Spring",
        "start_date": "2026-05-01",
        "end_date": "2026-05-10",
        "purpose": "baseline",
    },
    ("point", "1"): {"plot_id": "HF", "code": "1"},
    ("core", "K"): {
        "point_id": "1",
        "campaign_id": "C",
        "number": 1,
        "sampled_at": "2026-05-04T09:00:00+02:00",
        "sampled_precision": "instant",
    },
    ("sample", "A"): {
        "core_id": "K",
        "sample_code": "A",
        "depth_top_cm": 0.0,
        "depth_bottom_cm": 30.0,
    },
    ("result", "R"): {
        "sample_id": "A",
        "analyte": "soc",
        "replicate": 1,
        "value": 15.0,
        "unit": "g_kg",
        "method": "dry_combustion",
    },
}


def found_in(*changes, base=RECORDS):
    """Every warning as (code, record, detail), the records changed or added so."""
    kept = dict(base)
    for (record_type, name), fields in changes:
        kept[record_type, name] = kept.get((record_type, name), {}) | fields
    records = Records((kind, name, fields) for (kind, name), fields in kept.items())
    return [
        (one.warning.code, one.record_id, one.warning.detail)
        for one in every_warning(records, NOW)
        if one.explained is None
    ]


def codes(*changes, base=RECORDS):
    return [(code, name) for code, name, _ in found_in(*changes, base=base)]


def bag(name, top, bottom, **more):
    fields = {"core_id": "K", "sample_code": name, "depth_top_cm": float(top)}
    return ("sample", name), fields | {"depth_bottom_cm": float(bottom)} | more


def test_ordinary_records_are_not_odd():
    assert found_in() == []
    assert found_in((("plot", "HF"), {"geometry": FIELD, "area_ha": 3.3})) == []


@pytest.mark.parametrize(
    ("core", "odd"),
    [
        ({"sampled_at": "2016-05-04T09:00:00+02:00"}, True),
        ({"sampled_at": "2026-05-11T09:00:00+02:00"}, True),
        ({"sampled_at": "2026-04-30T23:59:00+02:00"}, True),
        # The day is that of the place.
        ({"sampled_at": "2026-05-01T01:00:00+05:00"}, False),
        ({"sampled_at": "2026-05-10T23:00:00-09:00"}, False),
        ({"sampled_at": "2026-05-15T12:00:00Z", "sampled_precision": "month"}, False),
        ({"sampled_at": "2026-06-15T12:00:00Z", "sampled_precision": "month"}, True),
        ({"sampled_at": "2026-11-01T12:00:00Z", "sampled_precision": "year"}, False),
        ({"sampled_at": "2025-07-01T12:00:00Z", "sampled_precision": "year"}, True),
    ],
)
def test_a_core_outside_its_campaign_is_odd(core, odd):
    expected = [("core_outside_campaign", "K")] if odd else []
    assert codes((("core", "K"), core)) == expected


def test_a_campaign_without_an_end_lasts_a_year():
    open_end = (("campaign", "C"), {"end_date": None})
    assert codes(open_end) == []
    later = (("core", "K"), {"sampled_at": "2027-06-01T09:00:00Z"})
    assert codes(open_end, later) == [("core_outside_campaign", "K")]
    ((_, _, detail),) = found_in(
        (("core", "K"), {"sampled_at": "2016-05-04T09:00:00Z"})
    )
    assert detail == "Spring: 2026-05-01 to 2026-05-10"


@pytest.mark.parametrize(
    ("bags", "odd"),
    [
        ([bag("B", 0, 30)], [("layer_twice", "B")]),
        ([bag("B", 20, 50)], [("layers_overlap", "B")]),
        ([bag("B", 10, 20)], [("layers_overlap", "B")]),
        ([bag("B", 30, 50), bag("D", 60, 80)], [("layer_gap", "D")]),
        ([bag("A", 5, 30)], [("layer_gap", "A")]),
        ([bag("B", 30, 50), bag("D", 50, 80)], []),
        ([bag("B", 30.05, 50)], []),
        # One that lies in the first, after a shorter one that does not reach so far.
        (
            [bag("B", 5, 10), bag("D", 12, 25)],
            [("layers_overlap", "B"), ("layers_overlap", "D")],
        ),
        ([bag("B", 0, 20)], [("layers_overlap", "A")]),
    ],
)
def test_bags_of_one_core_follow_each_other(bags, odd):
    assert sorted(codes(*bags)) == sorted(odd)


def test_a_ring_that_stands_for_the_plot_lies_where_it_likes():
    ring = (("core", "K"), {"represents": "plot"})
    assert codes(ring, bag("A", 5, 10)) == []


@pytest.mark.parametrize(
    ("sample", "core", "odd"),
    [
        ({"fine_dry_mass_g": 260.0}, {"inner_diameter_mm": 50.0}, False),
        ({"fine_dry_mass_g": 2600.0}, {"inner_diameter_mm": 50.0}, True),
        ({"fine_dry_mass_g": 26.0}, {"inner_diameter_mm": 50.0}, True),
        ({"fine_dry_mass_g": 260.0}, {"inner_diameter_mm": 5.0}, True),
        ({"fine_dry_mass_g": 260.0}, {"inner_diameter_mm": 500.0}, True),
        (
            {"fine_dry_mass_g": 1300.0},
            {"inner_diameter_mm": 50.0, "cores_composited": 5},
            False,
        ),
        (
            {"fine_dry_mass_g": 260.0},
            {"inner_diameter_mm": 50.0, "cores_composited": 5},
            True,
        ),
        ({"field_mass_g": 3300.0}, {"inner_diameter_mm": 50.0}, True),
        ({"field_mass_g": 330.0}, {"inner_diameter_mm": 50.0}, False),
        ({"field_mass_g": 3300.0, "volume_cm3": 196.0}, {}, True),
        ({"fine_dry_mass_g": 260.0}, {}, False),
    ],
)
def test_a_density_that_no_soil_has_is_odd(sample, core, odd):
    changes = [bag("A", 0, 10, **sample), (("core", "K"), core)]
    found = [code for code, _ in codes(*changes)]
    assert ("density_unlikely" in found) is odd


def test_a_density_that_no_soil_has_is_told_with_its_figures():
    changes = [bag("A", 0, 10, fine_dry_mass_g=2600.0)]
    changes.append((("core", "K"), {"inner_diameter_mm": 50.0}))
    details = [detail for code, _, detail in found_in(*changes) if "density" in code]
    assert details == ["2600 g in 196.3 cm3 are 13.2 g/cm3"]


@pytest.mark.parametrize(
    ("analysed", "precision", "odd"),
    [
        ("2026-05-03", "instant", ["analysed_too_early"]),
        ("2026-05-04", "instant", []),
        ("2026-05-01", "month", []),
        ("2026-04-30", "month", ["analysed_too_early"]),
        ("2031-05-01", "instant", ["in_the_future"]),
    ],
)
def test_a_bag_is_analysed_after_it_was_filled(analysed, precision, odd):
    changes = [(("result", "R"), {"analysed_on": analysed})]
    changes.append((("core", "K"), {"sampled_precision": precision}))
    assert [code for code, _ in codes(*changes)] == odd


def place(kind, name, lon, lat, **more):
    return (kind, name), {"lon": lon, "lat": lat} | more


@pytest.mark.parametrize(
    ("lon", "lat", "odd", "said"),
    [
        (2.351, 48.851, [], ""),
        (48.851, 2.351, ["position_exchanged"], "exchanged"),
        (-2.351, 48.851, ["position_exchanged"], "longitude 2.351 fits"),
        (2.351, -48.851, ["position_exchanged"], "latitude 48.851 fits"),
        (0.0, 0.0, ["position_at_zero"], ""),
        (0.0001, -0.0002, ["position_at_zero"], ""),
        (2.8, 48.6, ["position_outside"], "by 43."),
        (2.353, 48.851, ["position_outside"], "by 37 m"),
        (2.3526, 48.851, [], ""),  # within what a telephone knows
    ],
)
@pytest.mark.parametrize("kind", ["point", "core"])
def test_a_position_off_its_plot_is_odd(kind, lon, lat, odd, said):
    name = {"point": "1", "core": "K"}[kind]
    boundary = (("plot", "HF"), {"geometry": FIELD})
    found = found_in(boundary, place(kind, name, lon, lat))
    assert [code for code, _, _ in found] == odd
    assert all(said in detail and where == name for _, where, detail in found)


def test_what_a_receiver_does_not_know_is_not_held_against_a_core():
    boundary = (("plot", "HF"), {"geometry": FIELD})
    off = place("core", "K", 2.353, 48.851, accuracy_m=40.0)
    assert codes(boundary, off) == []


def test_a_hole_is_outside_and_each_part_of_a_plot_is_inside():
    holed = {"type": "Polygon", "coordinates": [SQUARE, HOLE]}
    inside_hole = place("point", "1", 2.3515, 48.8507)
    boundary = (("plot", "HF"), {"geometry": holed})
    assert codes(boundary, inside_hole) == [("position_outside", "1")]
    parts = {
        "type": "MultiPolygon",
        "coordinates": [[[[0.0, *p[1:]] for p in SQUARE]], [SQUARE]],
    }
    both = (("plot", "HF"), {"geometry": parts})
    assert codes(both, inside_hole) == []


def test_without_a_boundary_places_of_a_plot_are_held_against_each_other():
    near = [(("point", str(n)), {"plot_id": "HF", "code": str(n)}) for n in range(2, 5)]
    here = [place("point", str(n), 2.35 + n / 10_000, 48.85) for n in range(2, 5)]
    assert codes(*near, *here, place("point", "1", 2.35, 48.85)) == []
    far = place("point", "1", 2.35, 48.95)
    assert codes(*near, *here, far) == [("far_from_points", "1")]
    swapped = place("point", "1", 48.85, 2.35)
    assert codes(*near, *here, swapped) == [("position_exchanged", "1")]


def test_the_only_place_of_a_plot_is_held_against_the_other_plots():
    boundary = (("plot", "X"), {"code": "X", "geometry": FIELD})
    assert codes(boundary, place("point", "1", 2.6, 48.9)) == []
    found = codes(boundary, place("point", "1", 48.9, 2.6))
    assert found == [("position_exchanged", "1")]
    others = [
        ((kind, name), fields)
        for n in range(3)
        for kind, name, fields in (
            ("plot", f"Y{n}", {"code": f"Y{n}"}),
            (
                "point",
                f"y{n}",
                {"plot_id": f"Y{n}", "code": "1", "lon": 2.3, "lat": 48.8},
            ),
        )
    ]
    assert codes(*others, place("core", "K", 48.8, 2.3)) == [
        ("position_exchanged", "K")
    ]
    assert codes(*others, place("core", "K", 2.35, 48.8)) == []


def test_a_core_is_taken_at_its_point():
    at = place("point", "1", 2.351, 48.851)
    assert codes(at, place("core", "K", 2.3512, 48.851)) == []
    assert codes(at, place("core", "K", 2.353, 48.851)) == [("far_from_point", "K")]


@pytest.mark.parametrize(
    ("area_ha", "odd"),
    [(3.3, False), (3.1, False), (250.0, True), (0.33, True), (4.0, True)],
)
def test_an_area_that_is_not_that_of_the_boundary_is_odd(area_ha, odd):
    found = codes((("plot", "HF"), {"geometry": FIELD, "area_ha": area_ha}))
    assert found == ([("area_differs", "HF")] if odd else [])


def test_a_plot_of_another_continent_is_odd():
    others = [(("plot", name), {"code": name, "geometry": FIELD}) for name in "XYZ"]
    turned = {"type": "Polygon", "coordinates": [[[lat, lon] for lon, lat in SQUARE]]}
    exchanged = (("plot", "HF"), {"geometry": turned})
    assert codes(*others, exchanged) == [("position_exchanged", "HF")]
    south = [[lon + 30.0, lat - 60.0] for lon, lat in SQUARE]
    away = (("plot", "HF"), {"geometry": {"type": "Polygon", "coordinates": [south]}})
    assert codes(*others, away) == [("far_from_plots", "HF")]


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("P1", "p1", True),
        ("P1", "\N{CYRILLIC CAPITAL LETTER ER}1", True),
        ("NH", "\N{GREEK CAPITAL LETTER NU}\N{GREEK CAPITAL LETTER ETA}", True),
        ("OV-1", "ov-1", True),
        ("OV-1", "0V-1", True),
        ("0071", "71", True),
        ("HF-0001", "HF-1", True),
        ("A 7", "A7", True),
        ("Spring 2026", "spring  2026", True),
        ("a-2", "a\N{EN DASH}2", True),
        ("a_2", "a-2", True),
        ("10", "1O", True),
        ("1000", "l000", True),
        ("71", "\N{ARABIC-INDIC DIGIT SEVEN}\N{ARABIC-INDIC DIGIT ONE}", True),
        ("71", "\N{FULLWIDTH DIGIT SEVEN}1", True),
        ("71", "71.0", True),
        ("A1", "A2", False),
        ("A1", "A10", False),
        ("1.05", "1.5", False),
        ("N1", "NO1", False),
        ("e1", "\N{LATIN SMALL LETTER E WITH ACUTE}1", False),
        ("B8", "BB", False),
    ],
)
def test_codes_that_a_reader_takes_for_each_other_have_one_skeleton(
    first, second, alike
):
    assert (skeleton(first) == skeleton(second)) is alike
    twin = (("plot", "X"), {"code": second})
    found = codes((("plot", "HF"), {"code": first}), twin)
    assert [code for code, _ in found] == (["looks_alike"] if alike else [])


def test_codes_are_held_against_those_they_have_to_be_told_from():
    other_plot = (("plot", "X"), {"code": "X"})
    point = (("point", "2"), {"plot_id": "X", "code": "01"})
    assert codes(other_plot, point) == []
    same_plot = (("point", "2"), {"plot_id": "HF", "code": "01"})
    assert [code for code, _ in codes(same_plot)] == ["looks_alike"]
    spring = (
        ("campaign", "D"),
        {"name": "SPRING", "start_date": "2027-01-01", "purpose": "resampling"},
    )
    assert ("looks_alike", "C") in codes(spring)
    assert ("looks_alike", "a") in codes(bag("a", 30, 50))


def test_a_name_that_others_spell_otherwise_is_odd():
    strata = [(("plot", name), {"code": name, "stratum": "clay"}) for name in "XY"]
    odd = (("plot", "HF"), {"stratum": "Clay "[:4]})
    assert codes(*strata, odd) == [("looks_alike", "HF")]


def bags(campaign, values, unit="g_kg", analyte="soc", first=10, **more):
    """Cores of a campaign at points of their own, with a bag and a result each."""
    found = []
    for n, value in enumerate(values, start=first):
        name = f"{campaign}{n}"
        core = RECORDS["core", "K"] | {"point_id": str(n), "campaign_id": campaign}
        result = RECORDS["result", "R"] | {"sample_id": name, "analyte": analyte}
        found += [
            (("point", str(n)), {"plot_id": "HF", "code": str(n)}),
            (("core", name), core),
            (
                ("sample", name),
                RECORDS["sample", "A"] | {"core_id": name, "sample_code": name},
            ),
            (("result", name), result | {"value": value, "unit": unit} | more),
        ]
    return found


LATER = (
    ("campaign", "D"),
    {"name": "2032", "start_date": "2026-05-02", "purpose": "resampling"},
)


def test_a_campaign_in_another_unit_is_odd_beside_the_others():
    before = bags("C", [14.0, 15.0, 16.0, 15.5])
    assert codes(*before, LATER, *bags("D", [14.2, 15.1, 16.3])) == []
    wrong = codes(*before, LATER, *bags("D", [0.142, 0.151, 0.163], unit="pct"))
    assert ("tenfold", "D") in wrong
    right = codes(*before, LATER, *bags("D", [1.42, 1.51, 1.63], unit="pct"))
    assert right == []


@pytest.mark.parametrize(
    ("analyte", "values", "odd"),
    [
        ("soc", [1.4, 1.5, 1.6, 1.2], True),
        ("soc", [14.0, 15.0, 16.0], False),
        ("soc", [1.4, 1.5], False),
        ("total_nitrogen", [0.12, 0.13, 0.15], True),
        ("total_nitrogen", [1.2, 1.3, 1.5], False),
        ("clay", [2.0, 3.0, 2.5], True),
        ("clay", [200.0, 300.0, 250.0], False),
    ],
)
def test_a_file_of_one_unit_off_is_odd_by_itself(analyte, values, odd):
    base = {key: fields for key, fields in RECORDS.items() if key[0] != "result"}
    added = bags("C", values, analyte=analyte)
    kept = base | dict(added)
    records = Records((kind, name, fields) for (kind, name), fields in kept.items())
    new_ids = {name for (_, name), _ in added}
    found = [problem.code for problem in odd_columns(records, new_ids)]
    assert found == (["tenfold"] if odd else [])


def test_a_batch_in_another_unit_is_odd_beside_the_rest_of_its_campaign():
    rest = bags("C", [14.0, 15.0, 16.0, 15.5], lab_batch="1")
    odd = bags("C", [140.0, 150.0, 160.0], first=30, lab_batch="2")
    details = [d for code, _, d in found_in(*rest, *odd) if code == "tenfold"]
    assert details
    assert any(detail.startswith("batch 2:") for detail in details)


def test_a_value_with_its_decimal_sign_in_the_wrong_place_is_odd():
    rest = bags("C", [14.0, 15.0, 16.0, 15.5, 152.0])
    assert codes(*rest) == [("high_carbon", "C14"), ("unlike_others", "C14")]
    assert codes(*bags("C", [14.0, 15.0, 16.0, 15.5, 31.0])) == []


def test_a_core_that_ends_where_the_stock_does_is_odd():
    deep = (("project", "P"), {"reference_depth_cm": 30.0})
    assert codes(deep) == [("ends_at_depth", "K")]
    assert codes(deep, (("core", "K"), {"stop_reason": "bedrock"})) == []
    assert codes(deep, (("core", "K"), {"depth_reached_cm": 50.0})) == []


def test_a_core_as_deep_as_its_project_asks_is_not_odd_but_the_project_is():
    asked = (("project", "P"), {"reference_depth_cm": 30.0, "layer_depths_cm": [30.0]})
    assert codes(asked) == [("depths_end_at_depth", "P")]
    shallow = (("core", "K"), {"depth_reached_cm": 25.0})
    assert codes(asked, shallow) == [
        ("depths_end_at_depth", "P"),
        ("ends_at_depth", "K"),
    ]
    deeper = {"reference_depth_cm": 30.0, "layer_depths_cm": [30.0, 50.0]}
    assert codes((("project", "P"), deeper)) == [("ends_at_depth", "K")]
    fixed = {**asked[1], "stock_method_profile": "fixed_depth"}
    assert codes((("project", "P"), fixed)) == []


def test_a_skip_of_a_point_that_has_a_core_is_odd():
    core = RECORDS["core", "K"]
    place = {name: core[name] for name in ("point_id", "campaign_id")}
    skip = (("skip", "S"), {**place, "because": "flooded"})
    assert codes(skip) == [("skipped_and_sampled", "S")]
    elsewhere = (("skip", "S"), {**skip[1], "point_id": "other"})
    assert codes(elsewhere) == []


def test_an_explanation_ends_a_warning_until_it_says_something_else():
    records = Records((kind, name, fields) for (kind, name), fields in RECORDS.items())
    late = {"sampled_at": "2026-05-20T09:00:00+02:00"}
    odd = Records(
        (kind, name, fields | (late if kind == "core" else {}))
        for (kind, name), fields in RECORDS.items()
    )
    (one,) = every_warning(odd, NOW)
    said = {"explained": [explanation(one.warning, "the road was flooded (Ada)")]}
    assert codes((("core", "K"), late | said)) == []
    later = {"sampled_at": "2026-06-20T09:00:00+02:00"}
    assert codes((("core", "K"), later | said)) == [("core_outside_campaign", "K")]
    assert list(every_warning(records, NOW)) == []


def test_what_lacks_a_field_is_left_out():
    assert codes((("sample", "B"), {"core_id": "K", "sample_code": "B"})) == []


def test_a_baseline_is_the_first_campaign_of_a_plot():
    purpose = (("campaign", "D"), {"purpose": "baseline"})
    later = bags("D", [14.0])
    first = bags("C", [14.0])
    assert codes(LATER, purpose, *first, *later) == [("baseline_again", "D")]
    assert codes(LATER, *first, *later) == []
    elsewhere = (("point", "10"), {"plot_id": "X"})
    other_plot = (("plot", "X"), {"code": "X"})
    assert codes(LATER, purpose, *later, other_plot, elsewhere) == []
