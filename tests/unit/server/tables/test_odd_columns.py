"""A table of layers whose unit, or whose names, are odd says so beside its figures."""

import pytest

from server.cli.stocks_compute import compute_document

HEAD = "plot,campaign,date,point,top_cm,bottom_cm,soc_g_kg,bd_fine_g_cm3"


def warnings(tmp_path, *rows):
    path = tmp_path / "layers.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", "utf-8")
    document = compute_document(path)
    assert document["problems"] == []
    return [(one["code"], one["detail"]) for one in document["warnings"]]


def rows(campaign, *values, plot="P1", point="{}"):
    return [
        f"{plot},{campaign},{campaign}-05-01,{point.format(n)},0,30,{value},1.3"
        for n, value in enumerate(values)
    ]


GOOD = rows(2010, 15.1, 16.2, 14.7)


def test_an_ordinary_table_is_not_odd(tmp_path):
    assert warnings(tmp_path, *GOOD, *rows(2020, 15.3, 16.4, 15.0)) == []


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (rows(2020, 1.53, 1.64, 1.5), "the middle of 3 values is 1.53, elsewhere 15.1"),
        (rows(2020, 153, 164, 150), "the middle of 3 values is 153, elsewhere 15.1"),
    ],
)
def test_a_campaign_in_another_unit_is_odd(tmp_path, later, said):
    found = dict(warnings(tmp_path, *GOOD, *later))
    assert found["tenfold"].endswith(said) or "elsewhere" in found["tenfold"]


def test_a_whole_table_in_another_unit_is_odd(tmp_path):
    (found,) = warnings(tmp_path, *rows(2010, 1.51, 1.62, 1.47))
    assert found == ("tenfold", "campaign 2010: the middle of 3 values is 1.51 g/kg")


def test_names_that_read_alike_are_odd(tmp_path):
    cyrillic = "\N{CYRILLIC CAPITAL LETTER ER}1"
    found = warnings(
        tmp_path, *GOOD, *rows(2010, 15.0, plot="p1"), *rows(2010, 15, plot=cyrillic)
    )
    assert [code for code, _ in found] == ["looks_alike", "looks_alike"]
    points = rows(2010, 15.0, point="A-{}") + rows(2010, 15.0, point="a-{}")
    assert warnings(tmp_path, *points) == [
        ("looks_alike", "point A-0 is in the table, too")
    ]
