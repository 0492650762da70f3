"""A laptop that was updated, and one that is older than what it is sent."""

import json

import pytest

from schemas.messages import decode_response
from schemas.records import TYPES
from tests.corpus import FIXTURES
from tests.unit.collector.replies import EPOCH, end, hello, reply, row
from tests.unit.collector.test_records import sample
from tests.unit.collector.test_store import take

pytestmark = pytest.mark.slow

RESULT = "0190a000-0000-7000-8000-0000000000aa"
SAMPLE = "0190a000-0000-7000-8000-0000000000bb"
V1_RESPONSE = (FIXTURES / "wire/v1/response.ndjson").read_bytes().splitlines()


def test_a_response_of_version_1_is_read_and_shown_lifted(store, moment):
    messages = [decode_response(line) for line in reversed(V1_RESPONSE)]
    rows = {m["r"]: m for m in messages if m["k"] == "row" and m["t"] in TYPES}
    told = [
        row(m["q"], name, m["t"], m["s"], m["x"], **m["f"]) for name, m in rows.items()
    ]
    take(store, moment, reply(hello(), *told, end(99)))
    found = {name: store.record(name) for name in rows}
    assert {name: view.type for name, view in found.items()} == {
        name: m["t"] for name, m in rows.items()
    }
    fields = {view.type: view.fields for view in found.values()}
    assert fields["result"]["lab_batch"] == "2026-118"
    assert "batch" not in fields["result"]
    samples = [v.fields for v in found.values() if v.type == "sample"]
    assert "none" in {f.get("carbonate_class") for f in samples}
    assert not any("carbonate_reaction" in f for f in samples)


def test_a_field_of_a_newer_server_is_shown_kept_and_never_sent(field, moment):
    plot = field.json("plot", "show", "HF")
    store = field.open_store()
    project_id = store.record(plot["id"]).project_id
    told = row(7, plot["id"], "plot", project_id, **plot["fields"], salinity_ds_m=1.5)
    last = end(cursors={project_id: [EPOCH, 7]})
    take(store, moment, reply(hello(), *_verdicts(store), told, last))
    store.close()
    assert field.json("plot", "show", "HF")["fields"]["salinity_ds_m"] == 1.5
    field("plot", "edit", "HF", "--note", "wet", "--area-ha", 2)
    shown = field.json("plot", "show", "HF")["fields"]
    assert (shown["salinity_ds_m"], shown["note"]) == (1.5, "wet")
    store = field.open_store()
    (raw,) = store.tail(store.head().n - 1, 1)
    assert json.loads(raw)["f"] == {"note": "wet", "area_ha": 2.0}
    assert store.base(plot["id"]).fields["salinity_ds_m"] == 1.5
    store.close()


def _verdicts(store):
    lines = [json.loads(raw) for raw in store.tail(0, 99)]
    return [
        {"k": "v", "n": line["n"], "r": "accepted", "q": line["n"]} for line in lines
    ]


def test_the_batch_is_known_by_its_old_name_and_kept_under_the_new_one(field):
    sample(field, "HF-1")
    given = "result add --sample HF-1 --analyte soc --value 14 --unit g_kg"
    field(*given.split(), "--method", "tinsley", "--batch", "A-1")
    shown = field.json("result", "show", "HF-1/soc")["fields"]
    assert (shown["lab_batch"], "batch" in shown) == ("A-1", False)
    field("result", "edit", "HF-1/soc", "--clear", "batch")
    assert "lab_batch" not in field.json("result", "show", "HF-1/soc")["fields"]


MAPPING = """
create = ["plot", "point", "campaign", "core", "sample", "result"]
[[date]]
value = "{day}"
[depth]
top = 0
bottom = 30
[plot]
code = "{plot}"
[point]
code = "1"
[campaign]
name = "2026"
[core]
[sample]
sample_code = "{bag}"
carbonate_reaction = "{fizz}"
[[result]]
analyte = "soc"
value = "{soc}"
unit = "pct"
method = "tinsley"
batch = "{lot}"
"""


def test_a_mapping_of_version_1_still_reads_its_table(permille, tmp_path):
    (tmp_path / "m.toml").write_text(MAPPING)
    (tmp_path / "t.csv").write_text(
        "plot,bag,day,soc,lot,fizz\n"
        "A,A-1,2026-05-01,1.2,L7,yes\n"
        "B,B-1,2026-05-01,1.3,L7,FALSE\n"
        "C,C-1,2026-05-01,1.4,L7,strong\n"
        "D,D-1,2026-05-01,1.5,L7,\n"
    )
    permille("import", "layers", "t.csv", "--mapping", "m.toml", "--write")
    found = {
        one["name"]: one["fields"].get("carbonate_class")
        for one in permille.json("sample", "list")
    }
    assert found == {"A-1": "present", "B-1": "none", "C-1": "strong", "D-1": None}
    results = permille.json("result", "list")
    assert {one["fields"]["lab_batch"] for one in results} == {"L7"}
