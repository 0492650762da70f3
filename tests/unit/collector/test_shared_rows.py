"""What rows of a table say in the same cells is read and judged once; all else by itself."""

from collector.tables.layers import LayerReader
from collector.tables.mapping import CHAIN, read_mapping
from collector.tables.table import read_table

MAPPING = {
    "create": [*CHAIN, "result"],
    "date": [{"value": "{date}"}],
    "depth": {"top": "{top}", "bottom": "{bottom}"},
    "plot": {"code": "{plot}", "area_ha": "{area}"},
    "point": {"code": "{point}"},
    "campaign": {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"},
    "sample": {"sample_code": "{bag}", "bulk_density_g_cm3": "1.3"},
    "result": [
        {"analyte": "soc", "value": "{soc}", "unit": "pct", "method": "dry_combustion"},
        {"analyte": "clay", "value": "{clay}", "unit": "g_kg", "method": "pipette"},
    ],
}
HEAD = "plot,area,point,date,top,bottom,bag,soc,clay"
ROWS = (
    "A,4.2,1,2026-05-03,0,10,b1,1.6,210",
    "A,4.2,1,2026-05-03,10,20,b2,1.4,220",
    "A,4.2,1,2026-05-04,0,10,b3,1.7,230",
    "A,pending,2,2026-05-04,0,10,b4,1.5,240",
    "B,4.2,1,2026-05-04,0,10,b5,1.5,250",
)


def layers(*rows):
    mapping = read_mapping(MAPPING)
    table = read_table("\n".join([HEAD, *rows]) + "\n", mapping)
    return list(map(LayerReader(mapping).read, table.rows))


def test_rows_in_one_table_are_read_as_each_by_itself():
    alone = [layers(row)[0]._replace(line=0) for row in ROWS]
    assert [each._replace(line=0) for each in layers(*ROWS)] == alone


def test_each_result_of_a_row_has_the_words_of_its_own():
    first = layers(*ROWS)[0]
    assert [(each["analyte"], each["unit"]) for each in first.results] == [
        ("soc", "pct"),
        ("clay", "g_kg"),
    ]


def test_a_cell_without_a_value_is_told_for_each_row_that_has_it():
    twice = layers(*ROWS, "A,pending,2,2026-05-04,10,20,b6,1.5,240")
    assert [len(each.left_out) for each in twice] == [0, 0, 0, 1, 0, 1]


def test_rows_share_what_they_are_of():
    first, second, other_day, other_cell, elsewhere = (
        each.records for each in layers(*ROWS)
    )
    for kind in ("plot", "point", "campaign", "core"):
        assert second[kind] is first[kind]
    assert other_day["point"] is first["point"]
    assert other_day["core"] is not first["core"]
    assert other_cell["plot"] == {"code": "A"}
    assert elsewhere["campaign"] is first["campaign"]
