"""Wire lines: read strictly, refused with a reason, never a crash."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import limits, message_shapes, messages, strict_json
from schemas.messages import MessageError, decode_request, decode_response, encode
from tests.corpus import WIRE, golden_changes
from tests.unit.schemas.strategies import any_json, any_text

pytestmark = pytest.mark.slow

REQUEST = (WIRE / "request.ndjson").read_bytes().splitlines()
RESPONSE = (WIRE / "response.ndjson").read_bytes().splitlines()


def loads_or_refuses(decode, raw):
    try:
        message = decode(raw)
    except MessageError as error:
        problem = error.problem
    else:
        assert decode(encode(message)) == message
        return
    assert problem.code in {"bad_json", "bad_message"}
    assert encode(problem.as_data())


@given(raw=st.binary(max_size=200))
@example(raw=b"[" * 100_000)
@example(raw=b'{"k":' * 100_000)
def test_any_bytes_are_a_message_or_refused(raw):
    loads_or_refuses(decode_request, raw)
    loads_or_refuses(decode_response, raw)


@given(data=st.data(), value=any_json)
def test_any_value_at_any_key_is_a_message_or_refused(data, value):
    for decode, lines in ((decode_request, REQUEST), (decode_response, RESPONSE)):
        message = json.loads(data.draw(st.sampled_from(lines)))
        message[data.draw(st.sampled_from(sorted(message)))] = value
        try:
            # ASCII, so that halves of characters arrive as escapes.
            raw = json.dumps(message).encode()
        except ValueError:
            continue  # more digits than Python writes
        loads_or_refuses(decode, raw)


@given(raw=st.sampled_from(REQUEST + RESPONSE), data=st.data())
def test_a_torn_or_scrambled_line_is_a_message_or_refused(raw, data):
    cut = data.draw(st.integers(0, len(raw)))
    other = data.draw(st.binary(max_size=3))
    for torn in (raw[:cut], raw[:cut] + other + raw[cut + len(other) :]):
        loads_or_refuses(decode_request, torn)
        loads_or_refuses(decode_response, torn)


@given(name=st.sampled_from(["enrol", "enrolled"]), body=st.binary(max_size=80))
def test_any_body_is_a_message_or_refused(name, body):
    loads_or_refuses(lambda raw: messages.decode_body(name, raw), body)


@given(value=any_json)
def test_what_is_written_is_read_back(value):
    try:
        raw = strict_json.write({"value": value})
    except ValueError:
        return  # NaN, half a character, endless digits: refused where it is written
    assert strict_json.read(raw) == {"value": value}
    assert b"\n" not in raw


@given(fields=st.dictionaries(any_text, st.none(), max_size=3))
def test_unknown_keys_of_a_newer_peer_are_passed_over(fields):
    known = json.loads(REQUEST[1])
    newer = {
        name: 1 for name in fields if name not in message_shapes.ChangeLine().fields
    }
    try:
        raw = encode(newer | known)
    except ValueError:
        return
    assert decode_request(raw) == decode_request(REQUEST[1])


def test_the_fields_of_a_change_are_judged_later_not_with_its_line():
    change = dict(golden_changes()[2], f={"code": "a\0b", "\0": [1], "x" * 99: {}})
    assert decode_request(encode(change))["f"] == change["f"]


def test_the_depth_of_a_line_is_bounded_where_it_says():
    def nested(depth):
        inside = "[" * (depth - 2) + "]" * (depth - 2)
        return b'{"a":[%s]}' % inside.encode()

    assert strict_json.read(nested(limits.LINE_DEPTH))
    with pytest.raises(ValueError, match="nested"):
        strict_json.read(nested(limits.LINE_DEPTH + 1))


def test_many_brackets_in_a_text_are_no_depth():
    assert strict_json.read(b'{"note":"%s"}' % (b"[{" * 500))


def test_a_surrogate_pair_is_one_character():
    assert strict_json.read(b'{"a":"\\ud83c\\udf31"}') == {"a": "\N{SEEDLING}"}


def test_an_escaped_backslash_is_no_surrogate():
    assert strict_json.read(b'{"a":"\\\\ud800"}') == {"a": "\\ud800"}


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        (-1, "more", 1),
        (-1, "more", "yes"),
        (-1, "cursors", {"plot": ["epoch", 1]}),
        (-1, "digest", []),
        (0, "now", "\x1b[2J"),
        (0, "need_from", True),
        (1, "d", 1),
        (1, "r", "perhaps"),
        (5, "why", ["blank"]),
        (7, "streams", ["HF"]),
        (9, "q", 1.0),
        (9, "t", ""),
        (9, "f", None),
    ],
)
def test_a_laptop_refuses_an_odd_answer(place, key, value):
    message = json.loads(RESPONSE[place])
    assert decode_response(encode(message | ({"d": True} if key == "d" else {})))
    with pytest.raises(MessageError) as caught:
        decode_response(encode({**message, key: value}))
    assert caught.value.problem.code == "bad_message"
