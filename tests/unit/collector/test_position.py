"""Where the laptop is: what receivers, phones and photos say, and what is wrong with it."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.cli.app import App
from collector.errors import UsageError
from collector.position.address import read_address
from collector.position.averaging import average
from collector.position.fix import Fix, NoFix, doubts, position_fields
from collector.position.gpsd import GpsdReader
from collector.position.nmea import NmeaReader
from schemas.plausibility.planar import distance_m
from schemas.validate import errors, load_record
from tests.receivers import (
    GPSD_DEVICES,
    GPSD_SKY,
    GPSD_VERSION,
    plugged,
    recorded,
    second,
    sentence,
    served,
    tpv,
)
from tests.unit.collector.conftest import StoppedClock
from tests.unit.collector.test_exif import PLACE, photo

HERE = (2.3512345, 48.8512345)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def read(data, reader=None):
    reader = reader or NmeaReader()
    found = [
        heard
        for n, line in enumerate(data.split(b"\n"))
        for heard in reader.feed(line, n)
    ]
    return [*found, *reader.flush()], reader


def test_a_recorded_morning_gives_its_fixes_and_no_other():
    found, reader = read(recorded())
    fixes = [each for each in found if isinstance(each, Fix)]
    assert [each.satellites for each in found if isinstance(each, NoFix)] == [
        0,
        1,
        2,
        3,
        4,
    ]
    # Seconds 9 and 14 came with wrong checksums.
    assert len(fixes) == 23
    assert reader.refused == 4
    assert {fix.quality for fix in fixes} == {"autonomous"}
    assert {fix.satellites for fix in fixes} == {23}
    assert {round(fix.sigma_m, 2) for fix in fixes} == {1.5}
    assert fixes[0].at == NOON + timedelta(seconds=5)
    assert distance_m(fixes[0].place, HERE) < 2


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (1, "autonomous"),
        (2, "differential"),
        (4, "rtk_fixed"),
        (5, "rtk_float"),
        (3, "precise"),
        (6, "estimated"),
        (7, "manual"),
        (8, "simulated"),
    ],
)
def test_the_quality_of_a_fix_is_that_of_its_sentence(quality, said):
    (fix,), _ = read(second(1, 48.5, -1.5, quality=quality))
    assert fix.quality == said
    assert fix.lon == pytest.approx(-1.5, abs=1e-7)


def test_a_phone_without_error_sentences_is_understood_at_once():
    data = b"".join(second(n, 48.5, 2.5, sigma=None, satellites=20) for n in range(5))
    found, _ = read(data)
    assert len(found) == 5
    assert {fix.satellites for fix in found} == {20, 12}
    assert found[0].sigma_m is None
    assert found[0].accuracy_m == pytest.approx(0.62 * 4)


def test_a_receiver_that_only_says_gns_is_understood():
    place = "4830.0000000,N,00230.0000000,E"
    said = sentence(f"GNGNS,120001.00,{place},RDAN,17,0.7,100.0,47.0,,,V")
    (fix,), _ = read(said)
    assert (fix.quality, fix.satellites, fix.hdop) == ("rtk_fixed", 17, 0.7)
    none, _ = read(sentence("GNGNS,120002.00,,,,,NNNN,00,99.9,,,,,V"))
    assert none == [NoFix(0)]


def test_the_day_of_a_fix_at_midnight_is_the_new_one():
    after = "000000.00"
    data = sentence("GNRMC,235959.00,A,4830.0,N,00230.0,E,0,,310526,,,A,V")
    data += sentence(f"GNGGA,{after},4830.0,N,00230.0,E,1,09,0.8,1.0,M,47.0,M,,")
    data += sentence(f"GNRMC,{after},A,4830.0,N,00230.0,E,0,,010626,,,A,V")
    (fix,), _ = read(data)
    assert fix.at == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        b"$GNGGA,120000.00,4830.0,N,00230.0,E,1,09,0.8,1.0,M,47.0,M,,",
        b"$GNGGA,120000.00,4830.0,N,00230.0,E,1,09,0.8,1.0,M,47.0,M,,*00",
        b"$GNGGA",
        b"$GNGGA,*",
        b"$GNGGA,\xff\xfe*11",
        sentence("GNGGA,noon,north,N,east,E,one,many,x,1.0,M,47.0,M,,"),
        sentence("GNGGA"),
        sentence("GNGGA,120000.00,9930.0,N,00230.0,E,1,09,0.8,1.0,M,47.0,M,,"),
        sentence("GNGGA,120000.00,nan,N,inf,E,1,09,nan,1.0,M,47.0,M,,"),
        sentence("GNGST,,,,,,,,"),
        b"",
        b"\x00" * 300,
    ],
)
def test_what_is_no_whole_sentence_is_no_fix(line):
    found, _ = read(line)
    assert [each for each in found if isinstance(each, Fix)] == []


def test_reports_of_gpsd_are_read():
    reader = GpsdReader()
    data = [GPSD_VERSION, GPSD_DEVICES, tpv(0, 48.8, 2.3, mode=1), GPSD_SKY]
    data += [tpv(1, 48.85, 2.35, status=3), b"not json", b"[1]", b""]
    found = [heard for line in data for heard in reader.feed(line, 3.0)]
    assert found[0] == NoFix(None)
    fix = found[1]
    assert (fix.quality, fix.satellites, fix.hdop) == ("rtk_fixed", 23, 0.62)
    assert fix.sigma_m == 2.4
    assert fix.at == NOON + timedelta(seconds=1)
    assert "u-blox" in fix.receiver
    assert len(found) == 2
    assert reader.refused == 2
    for broken in (tpv(2, float("nan"), 2.35), tpv(2, 91.0, 2.35), tpv(2, "48", [])):
        assert [type(each) for each in reader.feed(broken, 4.0)] == [NoFix]
    assert [*reader.feed(b"[" * 100_000, 4.0)] == []


def fixes(*offsets, **more):
    return [
        Fix(lon=2.35 + x * 1e-5, lat=48.85 + y * 1e-5, heard_s=float(n), **more)
        for n, (x, y) in enumerate(offsets)
    ]


def test_one_wild_fix_does_not_move_the_mean():
    good = fixes((0, 0), (1, 0), (0, 1), (1, 1), (-1, 0), (0, -1), (-1, -1))
    found = average([*good, *fixes((5000, 5000))])
    alone = average(good)
    assert found.left_out == 1
    assert found.fix.averaged == 7
    assert found.fix.place == pytest.approx(alone.fix.place, abs=1e-12)
    assert found.fix.spread_m == pytest.approx(alone.fix.spread_m)
    assert found.jump_m > 5000


def test_the_spread_is_the_standard_deviation_on_the_ground():
    found = average(fixes((0, 0), (0, 2)))
    # Two fixes 2.2 m apart: each is half of it from the mean.
    assert found.fix.spread_m == pytest.approx(2.2239 / 2**0.5, rel=1e-3)
    assert average(fixes((0, 0))).fix.spread_m is None


def test_a_mean_is_not_better_than_what_its_receiver_says():
    found = average(fixes(*[(0, 0)] * 50, sigma_m=3.0)).fix
    assert found.accuracy_m == 3.0


def test_a_mean_across_the_date_line_lies_on_it():
    east, west = Fix(lon=179.9999, lat=1.0), Fix(lon=-179.9999, lat=1.0)
    assert abs(abs(average([east, west]).fix.lon) - 180) < 1e-6


def said_of(fix, taken_s=0.0, now=NOON):
    return " ".join(doubts(fix, taken_s, now))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"lon": 0.0, "lat": 0.0}, "latitude 0, longitude 0"),
        ({"quality": "simulated"}, "simulates"),
        ({"quality": "estimated"}, "without satellites"),
        ({"quality": "manual"}, "typed into the receiver"),
        ({"satellites": 4}, "only 4 satellites"),
        ({"hdop": 9.0}, "HDOP 9.0"),
        ({"sigma_m": 40.0}, "40 m off"),
        ({"heard_s": -60.0}, "60 s old"),
        ({"at": NOON - timedelta(hours=2)}, "another time zone"),
        ({"at": NOON + timedelta(minutes=37)}, "37 min behind"),
        ({"at": NOON - timedelta(days=4000)}, "4000.0 days ahead"),
    ],
)
def test_what_is_wrong_with_a_position_is_said(more, words):
    good = {"lon": 2.35, "lat": 48.85, "satellites": 14, "hdop": 0.8, "at": NOON}
    assert said_of(Fix(**good)) == ""
    assert words in said_of(Fix(**good | more))


def test_the_fields_of_any_fix_are_those_of_a_core():
    worst = Fix(
        lon=-180.0,
        lat=90.0,
        quality="rtk_float",
        satellites=200,
        sigma_m=1e9,
        receiver="x" * 900,
        averaged=100_000,
        spread_m=1e9,
        heard_s=-1e9,
    )
    core = {
        "point_id": "0190a000-0000-7000-8000-000000000001",
        "campaign_id": "0190a000-0000-7000-8000-000000000002",
        "number": 1,
        "sampled_at": "2026-06-01T12:00:00+00:00",
        "sampled_precision": "instant",
    }
    for fix in (worst, Fix(lon=0.0, lat=0.0), Fix(lon=1.0, lat=1.0, source="photo")):
        said = {k: v for k, v in position_fields(fix, 5.0).items() if v is not None}
        clean, problems = load_record("core", core | said)
        assert errors(problems) == []
        assert clean["position_source"] == fix.source


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gps",
        "tcp://",
        "tcp://phone",
        "tcp://phone:x",
        "serial:",
        "serial:a@b",
        "http://a:1",
        "photo:",
        "gpsd:",
        "tcp://phone:99999",
    ],
)
def test_what_is_no_address_is_refused_with_those_that_are(text):
    with pytest.raises(UsageError) as caught:
        read_address(text)
    assert "gpsd://HOST" in caught.value.hint


# Through real ports ------------------------------------------------------------


class HurriedClock(StoppedClock):
    """Each look is a tenth of a second later, however fast the machine is."""

    looks = 0

    def monotonic_s(self):
        self.looks += 1
        return self.looks / 10


@pytest.fixture
def hurried(permille):
    permille.app = App(clock=HurriedClock())
    return permille


def test_a_phone_is_asked_over_tcp_and_remembered(permille):
    with served(recorded()) as (port, _):
        address = f"tcp://127.0.0.1:{port}"
        words = ["position", "--from", address, "--average", "20"]
        found = permille.json(*words, "--save-as", "default", code=1)
    assert distance_m((found["lon"], found["lat"]), HERE) < 0.5
    assert found["position_source"] == "phone"
    assert (found["fixes_averaged"], found["satellites"]) == (19, 23)
    assert found["fix_sigma_m"] < 1.5
    assert found["receiver"] == address
    assert found["satellite_time"].startswith("2026-06-01T12:00")
    assert any("jumped by 11" in said for said in found["warnings"])
    with served(recorded()) as (port, _):
        again = permille("position", code=4)
    assert "does not answer" in again.err
    assert address in again.err


def test_a_receiver_is_read_through_its_cable(permille):
    with plugged(recorded()) as device:
        said = permille("position", "--from", f"serial:{device}@9600")
    assert "48.8512" in said.out
    assert "satellites alone, 23 satellites" in said.out
    assert said.err == ""


def test_gpsd_is_asked_as_it_wants_to_be(permille):
    pieces = [line + b"\n" for line in (GPSD_DEVICES, GPSD_SKY)]
    pieces += [tpv(n, 48.85, 2.35) + b"\n" for n in range(3)]
    with served(*pieces, first=GPSD_VERSION + b"\n", then="silent") as (port, heard):
        address = f"gpsd://127.0.0.1:{port}"
        found = permille.json("position", "--from", address, "--average", "3")
    assert heard == [b'?WATCH={"enable":true,"json":true};\n']
    assert (found["lon"], found["lat"], found["accuracy_m"]) == (2.35, 48.85, 2.4)
    assert found["position_source"] == "receiver"
    assert "u-blox" in found["receiver"]


def test_all_fixes_of_some_seconds_are_averaged(hurried):
    data = b"".join(second(n, *HERE[::-1]) for n in range(60))
    with served(data) as (port, _):
        words = ["position", "--from", f"tcp://127.0.0.1:{port}", "--average", "10s"]
        found = hurried.json(*words)
    # A second is nine lines here, and a line a tenth of a second.
    assert 9 <= found["fixes_averaged"] <= 12


def test_a_receiver_that_loses_its_fix_on_the_way_is_not_waited_for_for_ever(hurried):
    data = second(0, *HERE[::-1])
    data += b"".join(second(n, 0, 0, quality=0) for n in range(1, 60))
    with served(data) as (port, _):
        words = ["position", "--from", f"tcp://127.0.0.1:{port}", "--wait-s", "9"]
        found = hurried.json(*words, "--average", "5", code=1)
    assert found["fixes_averaged"] == 1
    assert found["fix_age_s"] > 10
    assert "only 1 of 5 fixes came" in found["warnings"]


def test_a_receiver_that_goes_silent_is_told(permille):
    data = second(1, *HERE[::-1]) + second(2, *HERE[::-1])
    with served(data, then="silent") as (port, _):
        words = ["position", "--from", f"tcp://127.0.0.1:{port}", "--wait-s", "0.2"]
        found = permille.json(*words, "--average", "9", code=4)
    assert found["error"]["code"] == "receiver_silent"
    assert "nothing for 0.2 s" in found["error"]["text"]


def test_a_receiver_without_a_fix_says_how_many_satellites_it_sees(hurried):
    data = b"".join(second(n, 0, 0, quality=0, satellites=2) for n in range(60))
    with served(data) as (port, _):
        words = ["position", "--from", f"tcp://127.0.0.1:{port}", "--wait-s", "9"]
        found = hurried.json(*words, code=4)
    assert found["error"]["code"] == "no_fix"
    assert "2 satellites" in found["error"]["text"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (
            b"$GNGGA,120000.00,4830.0,N,00230.0,E,1,09,0.8,1,M,4,M,,*00\r\n",
            "wrong_checksums",
        ),
        (b"HTTP/1.1 200 OK\r\n", "no_sentences"),
    ],
)
def test_what_is_said_instead_of_a_position_is_told(hurried, line, code):
    with served(line * 200) as (port, _):
        words = ["position", "--from", f"tcp://127.0.0.1:{port}", "--wait-s", "9"]
        found = hurried.json(*words, code=4)
    assert found["error"]["code"] == code


def test_a_cable_that_is_pulled_is_told(permille):
    with plugged(recorded(), pulled=True) as device:
        words = ["position", "--from", f"serial:{device}", "--average", "3000"]
        found = permille.json(*words, code=4)
    assert found["error"]["code"] == "receiver_gone"


def test_a_port_that_is_not_there_is_told(permille, tmp_path):
    found = permille.json("position", "--from", f"serial:{tmp_path / 'ttyX'}", code=4)
    assert found["error"]["code"] == "receiver_unreachable"
    assert "dialout" in found["error"]["hint"]


def test_a_watch_shows_each_fix_until_the_phone_is_gone(permille):
    with served(recorded()) as (port, _):
        words = ["position", "--from", f"tcp://127.0.0.1:{port}", "--watch"]
        said = permille(*words, code=4)
    lines = said.out.splitlines()
    assert lines[0] == "no fix, 0 satellites"
    assert sum("satellites alone" in line for line in lines) == 23
    assert "closed the connection" in said.err


def test_zero_is_no_position(permille):
    data = b"".join(second(n, 0.0, 0.0) for n in range(3))
    with served(data) as (port, _):
        words = ["position", "--from", f"tcp://127.0.0.1:{port}"]
        assert permille.json(*words, code=4)["error"]["code"] == "no_fix"


def test_a_photo_says_where_it_was_taken(permille, tmp_path):
    path = tmp_path / "pit.jpg"
    path.write_bytes(photo(gps=PLACE))
    found = permille.json("position", "--from", f"photo:{path}", code=1)
    assert (found["lon"], found["lat"]) == (-1.5025, 48.2025)
    assert (found["position_source"], found["receiver"]) == ("photo", "pit.jpg")
    path.write_bytes(photo())
    assert "does not say" in permille("position", "--from", f"photo:{path}", code=4).err


def test_without_a_receiver_it_is_said_how_to_name_one(permille):
    found = permille("position", code=4)
    assert "--save-as default" in found.err
    assert "is no receiver" in permille("position", "--from", "phone", code=2).err


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "99999"])
def test_no_number_of_fixes_is_refused(permille, text):
    words = ["position", "--from", "tcp://127.0.0.1:9", "--average", text]
    assert "60s for 60 seconds" in permille(*words, code=2).err


def test_a_core_takes_over_where_the_laptop_is(field):
    core = ["--plot", "HF", "--point", "1", "--campaign", "2026", "--number", "2"]
    with served(recorded()) as (port, _):
        address = f"tcp://127.0.0.1:{port}"
        field("position", "--from", address, "--save-as", "default")
    with served(recorded()) as (port, _):
        field.open_store().set_settings(
            {"receivers": f'{{"default": "tcp://127.0.0.1:{port}"}}'}
        )
        added = field.json("core", "add", *core, "--sampled-at", "now", "--here")
    fields = added["fields"]
    assert fields["fixes_averaged"] == 10
    assert distance_m((fields["lon"], fields["lat"]), HERE) < 1
    assert fields["fix_quality"] == "autonomous"
    both = ["--here", "--lon", "2.3"]
    with served(recorded()) as (port, _):
        field.open_store().set_settings(
            {"receivers": f'{{"default": "tcp://127.0.0.1:{port}"}}'}
        )
        assert "exclude" in field("core", "edit", "HF/1/2026/2", *both, code=2).err


def test_a_core_with_its_bags_takes_over_where_the_laptop_is(field):
    with served(recorded()) as (port, _):
        field.open_store().set_settings(
            {"receivers": f'{{"default": "tcp://127.0.0.1:{port}"}}'}
        )
        at_once = ("HF/1", "30=HERE-1:261", "--campaign", "2026", "--another")
        fields = field.json("core", "add", *at_once, "--here")["fields"]
    assert fields["fixes_averaged"] == 10
    assert distance_m((fields["lon"], fields["lat"]), HERE) < 1


def test_a_core_that_moves_to_here_keeps_nothing_of_the_former_position(field):
    core = "HF/1/2026"
    field("core", "edit", core, "--lon", 2.0, "--lat", 48.0, "--fixes-averaged", 99)
    field("core", "edit", core, "--accuracy-m", 50, "--fix-sigma-m", 3)
    data = b"".join(second(n, 48.5, 2.5, sigma=None) for n in range(12))
    with served(data) as (port, _):
        field.open_store().set_settings(
            {"receivers": f'{{"default": "tcp://127.0.0.1:{port}"}}'}
        )
        fields = field.json("core", "edit", core, "--here")["fields"]
    assert (fields["lon"], fields["lat"], fields["fixes_averaged"]) == (2.5, 48.5, 10)
    assert fields["fix_sigma_m"] == 0
    assert fields["accuracy_m"] == pytest.approx(2.48)
