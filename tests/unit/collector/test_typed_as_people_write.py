"""Numbers and times as people type them; what may mean two things is asked about."""

import time

import pytest

pytestmark = pytest.mark.slow

CORE = ["core", "add", "--plot", "HF", "--point", "1", "--number", 2, "--sampled-at"]


@pytest.fixture(autouse=True)
def _in_madrid(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Madrid")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "kept", "precision"),
    [
        ("2026-05-03 14:30", "2026-05-03T14:30:00+02:00", "instant"),
        ("2026-01-03 9:05", "2026-01-03T09:05:00+01:00", "instant"),
        ("3.5.2026 14h30", "2026-05-03T14:30:00+02:00", "instant"),
        ("2026-05-03T14:30-03:00", "2026-05-03T14:30:00-03:00", "instant"),
        ("25/12/2025 8:00", "2025-12-25T08:00:00+01:00", "instant"),
        ("03.05.2026", "2026-05-03T12:00:00+00:00", "day"),
        ("yesterday", "2026-05-31T12:00:00+00:00", "day"),
        # The clock of these tests stands at 12:00 UTC on 1 June.
        ("now", "2026-06-01T14:00:00+02:00", "instant"),
        ("today 9:30", "2026-06-01T09:30:00+02:00", "instant"),
        ("13:45", "2026-06-01T13:45:00+02:00", "instant"),
        ("Yesterday 7:15", "2026-05-31T07:15:00+02:00", "instant"),
    ],
)
def test_times_are_typed_as_people_write_them(field, typed, kept, precision):
    fields = field.json(*CORE, typed)["fields"]
    assert (fields["sampled_at"], fields["sampled_precision"]) == (kept, precision)


def test_an_offset_that_was_filled_in_is_said(field):
    done = field(*CORE, "2026-05-03 14:30")
    assert "sampled-at is 2026-05-03T14:30:00+02:00" in done.err
    done = field(
        "core", "edit", "HF/1/2026/2", "--sampled-at", "2026-05-03T14:30+02:00"
    )
    assert "sampled-at is" not in done.err


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("3/5/2026", "is it 2026-05-03 or 2026-03-05?"),
        ("3/5/2026 14:30", "is it 2026-05-03 or 2026-03-05?"),
        ("2026-05-03 25:70", "a time with its offset"),
        ("31.2.2026 9:00", "a time with its offset"),
        ("soon", "a time with its offset"),
    ],
)
def test_a_time_that_is_none_or_two_is_asked_about(field, typed, asked):
    assert asked in field(*CORE, typed, code=4).err


def test_days_are_typed_as_people_write_them(field):
    add = ["campaign", "add", "--purpose", "resampling", "--name"]
    fields = field.json(
        *add, "A", "--start-date", "1.9.2030", "--end-date", "25/9/2030"
    )
    assert fields["fields"]["start_date"] == "2030-09-01"
    assert fields["fields"]["end_date"] == "2030-09-25"
    today = field.json(*add, "B", "--start-date", "today")["fields"]
    assert today["start_date"] == "2026-06-01"
    asked = field(*add, "C", "--start-date", "1/9/2030", code=4).err
    assert "is it 2030-09-01 or 2030-01-09?" in asked


BAG = ["sample", "add", "--plot", "HF", "--point", "1", "--sample-code", "A"]


def test_numbers_are_typed_with_either_decimal_sign(field):
    depths = ["--depth-top-cm", "0", "--depth-bottom-cm", "7,5"]
    saved = field.json(*BAG, *depths, "--fine-dry-mass-g", "260,25")["fields"]
    assert (saved["depth_bottom_cm"], saved["fine_dry_mass_g"]) == (7.5, 260.25)
    edited = field.json("sample", "edit", "A", "--field-mass-g", "300,5")["fields"]
    assert edited["field_mass_g"] == 300.5


def test_a_comma_that_may_stand_between_thousands_is_asked_about(field):
    depths = ["--depth-top-cm", "0", "--depth-bottom-cm", "30"]
    asked = field(*BAG, *depths, "--fine-dry-mass-g", "1,152", code=4).err
    assert "is it 1.152 or 1152?" in asked


def test_the_only_campaign_goes_without_saying(field):
    depths = ["--depth-top-cm", "0", "--depth-bottom-cm", "30"]
    core = field.json(*CORE, "2026-05-03")
    assert core["name"] == "HF/1/2026/2"
    assert field.json(*BAG, *depths)["fields"]["core_id"]
    start = ["--start-date", "2030-05-01", "--purpose", "resampling"]
    field("campaign", "add", "--name", "2030", *start)
    asked = field("sample", "add", *BAG[2:-1], "B", *depths, code=2).err
    assert "--campaign" in asked
