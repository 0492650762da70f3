"""Every bad record of the corpus, pushed to a real server: same reasons as at entry."""

import json

import pytest

from schemas.ids import is_id
from schemas.messages import parse_object
from schemas.records import TYPES
from schemas.validate import errors, load_record
from tests.corpus import founding_changes, load_cases, load_lines
from tests.laptop import new_id

TYPES_WITH_CASES = [*TYPES]


@pytest.fixture
async def laptop(server):
    """A laptop whose project holds the good records the corpus refers to."""
    found = await server.laptop("a", may_begin=True)
    for change in founding_changes():
        if change["t"] == "point":
            older = {"plot_id": change["f"]["plot_id"], "code": "older"}
            found.draft("point", change["f"]["revisits_point_id"], older)
        if change["t"] != "project":
            found.draft(change["t"], change["r"], change["f"])
    answer = await found.sync()
    assert set(answer.outcomes) == {"accepted"}, answer.verdicts
    return found


@pytest.mark.parametrize("record_type", TYPES_WITH_CASES)
async def test_each_bad_record_is_quarantined_with_the_reasons_of_entry(
    server, laptop, record_type
):
    cases = [case for case in load_cases(record_type) if case.fits_the_wire]
    assert len(cases) >= 12
    expected = []
    for case in cases:
        found = errors(load_record(record_type, case.record)[1])
        if not found:
            continue  # it only warns, or only a form can hold it
        name = new_id()
        more = {"s": name} if record_type == "project" else {}
        change = laptop.draft(record_type, name, dict(case.record), **more)
        expected.append((case, change, {(p.code, p.path) for p in found}))
    verdicts = {}
    while len(verdicts) < len(expected):
        for verdict in (await laptop.sync(most=60)).verdicts:
            verdicts[json.loads(laptop.lines[verdict["n"] - 1])["i"]] = verdict
    for case, change, problems in expected:
        assert verdicts[change]["r"] == "quarantined", case
        reasons = {(w["code"], w["path"]) for w in verdicts[change]["why"]}
        assert reasons == problems, case
        assert all(w["text"] and w["hint"] for w in verdicts[change]["why"]), case
    kept = {row["change"] for row in await server.report("quarantine", None)}
    assert kept == {change for _, change, _ in expected}


async def test_a_hostile_line_never_fails_the_server_and_the_laptop_goes_on(server):
    """It is kept in quarantine when it names its project, and refused whole otherwise."""
    failed = []
    for number, case in enumerate(load_lines()):
        laptop = await server.laptop(f"laptop {number}")
        try:
            await send_hostile(laptop, case, f"after {number}")
        except AssertionError as error:
            failed.append(f"{case}: {error}")
    assert failed == []


async def send_hostile(laptop, case, code):
    """Send a line of the corpus, and go on."""
    laptop.add("plot", {"code": f"before {code}"})
    assert (await laptop.sync()).outcomes == ["accepted"]
    before = list(laptop.lines)
    laptop.lines.append(_numbered(case.raw, len(laptop.lines) + 1))
    status, raw = await laptop.post(laptop.body())
    assert status < 500, raw
    if status == 200:
        assert b'"quarantined"' in raw
        named = parse_object(case.raw)
        assert is_id(named["s"])
    else:
        assert json.loads(raw)["code"] in {"bad_json", "bad_message", "log_gap"}
        laptop.lines = before
    laptop.acked = len(laptop.lines)
    laptop.add("plot", {"code": code})
    assert (await laptop.sync()).outcomes == ["accepted"]


def _numbered(raw, n):
    """Put a line at its place in the log, where it is readable at all."""
    return raw.replace(b'"n":1,', f'"n":{n},'.encode(), 1)
