"""Which records are meant, as people type it."""

import pytest

from schemas.conditions import found_by, read_conditions
from schemas.plausibility.records import Records
from schemas.settings import SettingError

AT = "2026-05-04T09:00:00+02:00"
RECORDS = Records(
    [
        ("plot", "p1", {"code": "HF"}),
        ("plot", "p2", {"code": "WB", "area_ha": 2.0}),
        ("point", "o1", {"plot_id": "p1", "code": "1"}),
        ("point", "o2", {"plot_id": "p2", "code": "1"}),
        ("campaign", "c1", {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline",
                            "crew": ["Ada", "Bo"]}),
        ("core", "k1", {"point_id": "o1", "campaign_id": "c1", "number": 1, "sampled_at": AT}),
        ("core", "k2", {"point_id": "o2", "campaign_id": "c1", "number": 2, "sampled_at": AT}),
        ("sample", "A", {"core_id": "k1", "sample_code": "A", "depth_top_cm": 0.0,
                         "depth_bottom_cm": 20.0, "note": "Very wet"}),
        ("sample", "B", {"core_id": "k1", "sample_code": "B", "depth_top_cm": 20.0,
                         "depth_bottom_cm": 40.0}),
        ("sample", "C", {"core_id": "k2", "sample_code": "C", "depth_top_cm": 20.0,
                         "depth_bottom_cm": 30.0}),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "texts", "found"),
    [
        ("sample", ["plot=HF"], ["A", "B"]),
        ("sample", ["plot!=HF"], ["C"]),
        ("sample", ["point=HF/1", "depth-top-cm>=20"], ["B"]),
        ("sample", ["core=WB/1/2026/2"], ["C"]),
        ("sample", ["campaign=2026", "depth_bottom_cm < 40"], ["A", "C"]),
        ("sample", ["note="], ["B", "C"]),
        ("sample", ["note!="], ["A"]),
        ("sample", ["note~WET"], ["A"]),
        ("sample", ["note>a"], []),
        ("sample", ["sample-code>A"], ["B", "C"]),
        ("plot", ["area-ha=2"], ["p2"]),
        ("plot", ["area-ha>1"], ["p2"]),
        ("core", ["number=2"], ["k2"]),
        ("core", ["sampled-at=2026-05-04"], ["k1", "k2"]),
        ("core", ["sampled-at<2026-05-04"], []),
        ("core", ["sampled-at=2026-05-04T07:00:00+00:00"], ["k1", "k2"]),
        ("core", ["sampled-at>2026-05-04T07:30:00+00:00"], []),
        ("campaign", ["crew=Ada"], ["c1"]),
        ("campaign", ["crew=Cy"], []),
    ],
)
def test_conditions_mean_what_people_type(kind, texts, found):
    met = found_by(RECORDS, kind, read_conditions(kind, texts))
    assert [one.record_id for one in met] == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("HF", "is no condition"),
        ("colour=red", "is no condition"),
        ("depth-top-cm=deep", "is a number"),
    ],
)
def test_what_is_no_condition_is_told_with_what_is_one(text, said):
    with pytest.raises(SettingError) as caught:
        read_conditions("sample", [text])
    assert said in caught.value.text
    assert caught.value.hint
