"""Change lines by columns come back byte for byte, or are not written so."""

import json
import random

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.soil import survey
from schemas import limits
from schemas.changes import Draft, write_change
from schemas.columns import START, fold, unfold
from schemas.messages import MessageError, encode
from schemas.records import TYPES
from schemas.strict_json import values_at_most
from tests.corpus import FIXTURES
from tests.unit.schemas.strategies import any_json, any_text, ids

PROJECT_ID = "0190a000-0000-7000-8000-000000000001"
FIRST_STAMP = 2**57


def bags(count):
    """Return lines of bags as a laptop writes them in the field."""
    samples = survey(PROJECT_ID, count).samples
    return [
        write_change(
            Draft(PROJECT_ID, e.type, e.id, fields=e.fields), n, FIRST_STAMP + n, "Ada"
        )
        for n, e in enumerate(samples, start=1)
    ]


def folded(**more):
    """Return a line by columns of two plots that differ as said."""
    shape = {
        "k": ["c"],
        "n": [1],
        "h": [1],
        "s": [PROJECT_ID],
        "t": ["plot"],
        "r": [None],
        "f": {"code": ["A", "B"]},
    }
    return encode({"k": "cs", "at": [0, 0], "of": [shape | more]})


# There and back -----------------------------------------------------------------------


def change_lines():
    """Return lines that are much like changes of a log, and often alike."""
    names = st.sampled_from(["area_ha", "code", "note", "x"])
    fields = st.dictionaries(names, any_json, max_size=3) | any_json
    return st.builds(
        lambda n, h, s, t, r, f, more: {
            "k": "c",
            "n": n,
            "h": h,
            "s": s,
            "t": t,
            "r": r,
            "f": f,
            **more,
        },
        st.integers(0, 2**63 - 1) | any_json,
        st.integers(0, 2**63 - 1),
        st.just(PROJECT_ID) | ids,
        st.sampled_from([*TYPES, "nothing"]) | any_json,
        ids | st.none() | any_json,
        fields,
        st.dictionaries(st.sampled_from("bguv") | any_text, any_json, max_size=2),
    )


@st.composite
def raw_lines(draw):
    """Return raw lines: changes as they are written, written otherwise, and any bytes."""
    said = draw(change_lines())
    how = draw(st.sampled_from(["compact", "compact", "compact", "loose", "bytes"]))
    if how == "bytes":
        return draw(st.binary(max_size=40))
    separators = (",", ":") if how == "compact" else None
    text = json.dumps(said, ensure_ascii=how != "compact", separators=separators)
    return text.encode("utf-8", "surrogatepass")


@given(st.lists(raw_lines(), max_size=6))
def test_lines_come_back_as_they_are_or_are_not_folded(lines):
    found = fold(lines)
    assert found is None or unfold(found) == lines


@given(st.data())
def test_bags_of_any_values_come_back(data):
    lines = bags(12)
    for place in data.draw(st.lists(st.integers(0, 11), max_size=6)):
        said = json.loads(lines[place])
        name = data.draw(st.sampled_from(["code", *said["f"]]))
        said["f"][name] = data.draw(
            st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.booleans()
            | st.text(max_size=9)
        )
        lines[place] = encode(said)
    found = fold(lines)
    assert found is not None
    assert unfold(found) == lines


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_the_changes_of_every_published_version_come_back(version):
    path = FIXTURES / f"wire/v{version}/request.ndjson"
    lines = path.read_bytes().splitlines()[1:-1] * 2
    assert unfold(fold(lines)) == lines


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"k":"c"',
        b"\xff\xfe",
        b'{"k":"c","n":3,"h":1.0}',
        b'{"k": "c","n":3,"h":1}',
        b'{"k":"c","n":3,"h":1,"x":1.50}',
        b'{"k":"c","n":3,"h":1,"x":"\\u0041"}',
        b'{"k":"c","n":3,"h":1,"r":null}',
        b'{"k":"c","n":3,"h":-1}',
        b'{"k":"c","n":3,"h":9223372036854775808}',
        START + b'"at":[],"of":[]}',
    ],
)
def test_what_would_not_come_back_is_not_folded(odd):
    assert fold([*bags(5), odd]) is None


def test_one_line_is_no_smaller_by_columns():
    assert fold(bags(1)) is None
    assert fold([]) is None


def test_values_that_python_calls_equal_stay_apart():
    lines = bags(4)
    for place, value in enumerate([1, 1.0, True, -0.0]):
        said = json.loads(lines[place])
        said["f"]["note"] = value
        lines[place] = encode(said)
    assert unfold(fold(lines)) == lines


def test_ids_that_follow_from_the_natural_key_are_left_out():
    lines = bags(5)
    said = [json.loads(line) for line in lines]
    assert not any(line["r"].encode() in fold(lines) for line in said)
    said[2]["r"] = PROJECT_ID[:-1] + "9"
    renamed = [encode(line) for line in said]
    (shape,) = json.loads(fold(renamed))["of"]
    assert shape["r"] == [None, None, said[2]["r"], None, None]
    assert unfold(fold(renamed)) == renamed


def test_50_bags_take_little_more_than_what_is_new_in_them():
    lines = bags(50)
    sizes = [len(zstd.compress(raw, 9)) for raw in (b"\n".join(lines), fold(lines))]
    assert sizes[0] > 3_600
    assert sizes[1] <= 2_150


# What a stranger sends ----------------------------------------------------------------

BIG = "x" * 300_000


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "bad_json"),
        (START, "bad_json"),
        (b'{"k":"cs","at":[0],"of":[{"n":[1],"n":[1],"h":[1]}]}', "bad_json"),
        (b'{"k":"cs","at":[0],"of":[{"n":[1],"h":[1],"x":' + b"[" * 40, "bad_json"),
        (b'{"k":"cs","at":[' + b"0," * 20_000 + b'0],"of":[]}', "bad_json"),
        (encode({"k": "end"}), "bad_message"),
        (encode({"k": "cs", "at": [0]}), "bad_message"),
        (encode({"k": "cs", "at": [0], "of": [7]}), "bad_message"),
        (encode({"k": "cs", "at": ["0"], "of": [{}]}), "bad_message"),
        (encode({"k": "cs", "at": [1], "of": [{"n": [1], "h": [1]}]}), "bad_message"),
        (encode({"k": "cs", "at": [], "of": [{"n": [1], "h": [1]}]}), "bad_message"),
        (encode({"k": "cs", "at": [0], "of": [{}]}), "bad_message"),
        (folded(n=[]), "bad_message"),
        (folded(n=[1, 1, 1]), "bad_message"),
        (folded(n=1), "bad_message"),
        (folded(n=[None]), "bad_message"),
        (folded(n=[-1]), "bad_message"),
        (folded(n=[True]), "bad_message"),
        (folded(h=[2**62]), "bad_message"),
        (folded(h=[10**4000]), "bad_message"),
        (folded(s=["0190"]), "bad_message"),
        (folded(s=[None]), "bad_message"),
        (folded(t=["nothing"]), "bad_message"),
        (folded(t=[[]]), "bad_message"),
        (folded(f=[7]), "bad_message"),
        (folded(f={"code": [["A"]]}), "bad_message"),
        (folded(f={"code": [1.5]}), "bad_message"),
        (folded(f={"code": [True]}), "bad_message"),
        (folded(f={"code": ["\u0300\u0323" * 100_000]}), "bad_message"),
        (
            encode({"k": "cs", "at": [0] * 501, "of": [{"n": [1], "h": [1]}]}),
            "too_large",
        ),
        (
            b'{"k":"cs","at":[0],"of":[{"n":[1],"h":[1],"x":[[%b1]]}]}'
            % (b"1e15," * 19_000),
            "too_large",
        ),
        (
            encode(
                {"k": "cs", "at": [0] * 500, "of": [{"n": [1], "h": [1], "x": [BIG]}]}
            ),
            "too_large",
        ),
        (
            encode(
                {
                    "k": "cs",
                    "at": [0] * 500,
                    "of": [{"n": [1], "h": [1]} | {f"x{n}": [n] for n in range(9_000)}],
                }
            ),
            "too_large",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_line_is_refused(line, code):
    with pytest.raises(MessageError) as found:
        unfold(line)
    assert found.value.problem.code == code


def test_a_key_that_is_not_known_is_ignored():
    said = json.loads(folded()) | {"newer": [1, {"x": 2}]}
    assert len(unfold(encode(said))) == 2


def mutated(rng, line):
    """Return a line with a few bytes changed, doubled, cut out, or taken from elsewhere."""
    found = bytearray(line)
    for _ in range(rng.randint(1, 4)):
        first, last = sorted(rng.randrange(len(found) + 1) for _ in range(2))
        last = min(last, first + rng.choice([1, 4, 200]))
        part = bytes(found[first:last])
        other = rng.choice(
            [
                b"",
                part * rng.randint(2, 50),
                rng.randbytes(2),
                b"[",
                b"9",
                b"null",
                b",",
            ]
        )
        found[first:last] = other
    return bytes(found)


@pytest.mark.parametrize("seed", range(4))
def test_a_garbled_line_is_refused_or_stands_for_lines_within_bounds(seed):
    rng = random.Random(seed)
    lines = [folded(), fold(bags(30))]
    outcomes = [outcome(mutated(rng, rng.choice(lines))) for _ in range(500)]
    assert set(outcomes) == {"bad_json", "bad_message", "lines"}
    assert outcomes.count("lines") > 10


def outcome(line):
    """Return the code of a refusal; lines that come of what is taken are within bounds."""
    try:
        found = unfold(line)
    except MessageError as error:
        return error.problem.code
    assert len(found) <= limits.BATCH_CHANGES
    assert sum(map(len, found)) <= limits.UNPACKED_BYTES
    assert sum(map(values_at_most, found)) <= limits.BODY_VALUES
    return "lines"
