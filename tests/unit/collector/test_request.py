"""What a laptop writes to a server: short, and nothing that says nothing."""

import json

import pytest

from collector.rules.log_heads import LogHead
from collector.rules.reply import CutReplyError, read_reply
from collector.rules.request import Batch, Now, Reading, first_batch, write_request
from schemas import limits
from schemas.messages import encode
from server.errors import RequestError
from server.intake.request import read_push
from tests.unit.collector.replies import EPOCH, PROJECT_ID, lines

LOG = "0190a000-0000-7000-8000-00000000000a"
OTHER = "0190a000-0000-7000-8000-00000000000b"
WALL = "2026-05-01T12:00:00.000+00:00"
LINE = b'{"k":"c","n":4,"h":1,"s":"%b","t":"plot","r":"%b","o":"put","v":2}' % (
    PROJECT_ID.encode(),
    OTHER.encode(),
)


def head(n=3):
    return LogHead(
        1, LOG, None, is_closed=False, n=n, hash=b"", acked_n=3, acked_hash=b"h" * 32
    )


def written(reading, batch=(), n=3):
    body = write_request(
        head(n), Batch(batch), reading, Now(WALL, 9), lambda _: "signature"
    )
    return body, json.loads(body.split(b"\n")[0])


def test_a_request_without_news_says_only_who_speaks_and_what_it_has():
    body, hello = written(Reading({PROJECT_ID: (EPOCH, 7)}))
    assert hello.keys() == {
        "k",
        "protocol",
        "schema",
        "log",
        "acked",
        "epoch",
        "cursors",
    }
    assert body.split(b"\n")[1:] == [b'{"k":"end"}', b""]
    push = read_push(body)
    assert (push.head, push.end) == (3, (3, b"h" * 32))
    assert push.cursors == {PROJECT_ID: (EPOCH, 7)}


def test_clock_and_version_go_with_changes_and_with_the_daily_check():
    _, quiet = written(Reading({}))
    _, daily = written(Reading({}, wants_digest=True))
    _, speaking = written(Reading({}), [LINE], 4)
    assert "wall" not in quiet
    assert daily["wall"] == speaking["wall"] == WALL
    assert daily["app"].startswith("permille")
    assert daily["free"] == speaking["free"] == 9


@pytest.mark.parametrize(("n", "said"), [(4, None), (9, 9)])
def test_the_head_is_said_where_more_changes_follow(n, said):
    body, hello = written(Reading({}), [LINE], n)
    assert hello.get("head") == said
    assert read_push(body).head == n


def test_cursors_of_two_timelines_arrive_as_they_are():
    cursors = {PROJECT_ID: (EPOCH, 7), OTHER: (OTHER, 8), LOG: (EPOCH, 9)}
    body, hello = written(Reading(cursors, late=(OTHER, 3)))
    assert hello["epoch"] == EPOCH
    assert hello["cursors"][OTHER] == [OTHER, 8]
    push = read_push(body)
    assert (push.cursors, push.late) == (cursors, (OTHER, 3))


def test_a_number_of_no_timeline_is_refused():
    body, hello = written(Reading({PROJECT_ID: (EPOCH, 7)}))
    del hello["epoch"]
    with pytest.raises(RequestError, match="no epoch"):
        read_push(encode(hello) + b"\n" + body.split(b"\n")[1])


def test_an_answer_may_leave_out_what_the_request_said():
    said = lines({"k": "hello", "now": WALL}, {"k": "end", "cursors": {PROJECT_ID: 4}})
    reply = read_reply(said, EPOCH)
    assert (reply.epoch, reply.cursors) == (EPOCH, {PROJECT_ID: (EPOCH, 4)})
    assert (
        read_reply(lines({"k": "hello", "now": WALL}, {"k": "end"}), EPOCH).cursors
        == {}
    )
    with pytest.raises(CutReplyError, match="timeline"):
        read_reply(said)


def test_500_full_samples_are_one_request():
    fields = {
        "core_id": OTHER,
        "sample_code": "KL-00100-2",
        "depth_top_cm": 10.0,
        "depth_bottom_cm": 20.0,
        "field_mass_g": 300.65,
        "fine_dry_mass_g": 263.09,
        "coarse_dry_mass_g": 4.22,
        "volume_cm3": 193.3,
        "bulk_density_g_cm3": 1.383,
        "bulk_density_definition": "whole",
        "bulk_density_method": "core",
        "mass_moisture": "oven_dry",
        "coarse_fragments_pct": 1.6,
        "coarse_fragments_basis": "mass",
        "fragment_density_g_cm3": 2.68,
        "water_g_g": 0.121,
        "horizon": "Ap",
        "carbonate_class": "none",
        "note": "stone hit at 8 cm, second try 30 cm to the east of the point",
    }
    line = encode(json.loads(LINE) | {"h": 2**57, "f": fields, "u": "Ada Diallo"})
    assert len(first_batch([line] * 600)) == limits.BATCH_CHANGES
