"""ODK Collect's traffic against a running server: nothing is lost, nothing is doubled."""

import asyncio
import csv
import hashlib
import io
from random import Random

import pytest
from aiohttp import ClientSession
from yarl import URL

from schemas import limits
from schemas.labels.codes import label_code, printed
from schemas.records import record_id
from server.access.phones import NewPhone, add_phone, revoke_phone
from server.clock import Clock
from server.config import DataDirectory
from server.custody.review import rejudge, release
from server.operations.audit.audit import find_faults
from server.phones.names import CORE_FORM, PHOTO_FORM
from tests.collect import (
    BOUNDARY,
    Collect,
    body_of,
    core,
    file_part,
    filled,
    layer,
    part,
    photos,
    xml_part,
)
from tests.conftest import running_with_project
from tests.laptop import new_id
from tests.processes import typed

JPEG = b"\xff\xd8\xff\xe0"


def photo(size, seed=1):
    return JPEG + bytes([seed]) * size


class Field:
    """A project with a plot, two points and a campaign, and phones."""

    def __init__(self, server):
        self.server = server

    async def begin(self):
        self.laptop = await self.server.laptop()
        self.plot = self.laptop.add("plot", {"code": "A", "name": "Upper field"})
        self.points = [
            self.laptop.add("point", {"plot_id": self.plot, "code": code})
            for code in ("1", "2")
        ]
        campaign = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
        self.campaign = self.laptop.add("campaign", campaign)
        await self.laptop.sync()
        return self

    async def phone(self, name="ada", person=None):
        asked = NewPhone(self.server.project_id, name, person, self.server.url)
        self.phone_row, token = await self.server.ask(
            lambda store: add_phone(store, Clock(), asked)
        )
        return Collect(
            f"{self.server.url}/v1/key/{token}/projects/{self.server.project_id}"
        )

    def core(self, *layers, point=0, instance="uuid:1", **more):
        answers = core(self.points[point], self.campaign, layers, **more)
        return filled(CORE_FORM, answers, instance)

    def core_id(self, point=0, number=1):
        fields = {
            "point_id": self.points[point],
            "campaign_id": self.campaign,
            "number": number,
        }
        return record_id(self.server.project_id, "core", fields)

    async def records(self, kind):
        found = await self.server.report("records", self.server.project_id, kind)
        return {record.id: record for record in found}

    async def fields(self, kind):
        return [record.fields for record in (await self.records(kind)).values()]

    async def waiting(self):
        return await self.server.report("quarantine", self.server.project_id)

    async def submissions(self):
        return await self.server.report("submissions")

    def blob(self, data):
        digest = hashlib.sha256(data).hexdigest()
        path = self.server.data.path / "blobs" / digest[:2] / digest
        return path.read_bytes() if path.exists() else None

    async def lines(self):
        """Return how many changes the log of the phone has."""
        return (await self.server.report("log_head", self.phone_row.id)).n

    async def faults(self):
        return await self.server.ask(
            lambda store: store.read(lambda tx: list(find_faults(tx, lambda *_: None)))
        )


@pytest.fixture
async def place(server):
    """A project in which phones may work."""
    return await Field(server).begin()


async def test_a_phone_fetches_forms_and_lists_and_what_is_new_of_them(place):
    phone = await place.phone()
    first = await phone.fetch()
    assert sorted(first) == [
        "campaigns.csv",
        "permille_core",
        "permille_photos",
        "plots.csv",
        "points.csv",
    ]
    assert await phone.fetch() == []
    points = list(csv.DictReader(io.StringIO(phone.files["points.csv"][1].decode())))
    assert points == [
        {"name": place.points[0], "label": "1", "plot": place.plot},
        {"name": place.points[1], "label": "2", "plot": place.plot},
    ]
    plots = phone.files["plots.csv"][1].decode().splitlines()
    assert plots == ["name,label", f"{place.plot},A · Upper field"]
    place.laptop.add("point", {"plot_id": place.plot, "code": "3"})
    await place.laptop.sync()
    assert await phone.fetch() == ["points.csv"]


async def test_a_core_with_bags_and_photos_arrives_as_typed_on_a_laptop(place):
    phone = await place.phone()
    hole, bag = photo(100), photo(200, 2)
    xml = place.core(
        layer("0", "10", "L1", "261.5", "bag.jpg"),
        layer("10", "30.5", "L2"),
        photos=["hole.jpg"],
    )
    said = await phone.send(xml, [("hole.jpg", hole), ("bag.jpg", bag)])
    assert (said.status, said.message) == (201, "Kept: 1 core, 2 samples.")
    (found,) = (await place.records("core")).values()
    assert found.id == place.core_id()
    assert found.fields == {
        "point_id": place.points[0],
        "campaign_id": place.campaign,
        "number": 1,
        "sampled_at": "2026-05-04T10:15:00.000+02:00",
        "lon": 2.35,
        "lat": 48.85,
        "accuracy_m": 4.5,
        "position_source": "phone",
        "tool": "corer",
        "inner_diameter_mm": 50.0,
        "attachments": [
            {
                "sha256": hashlib.sha256(hole).hexdigest(),
                "size": len(hole),
                "mime": "image/jpeg",
                "name": "hole.jpg",
            }
        ],
    }
    bags = {each["sample_code"]: each for each in await place.fields("sample")}
    assert bags["L1"]["field_mass_g"] == 261.5
    assert bags["L1"]["attachments"][0]["name"] == "bag.jpg"
    assert (bags["L2"]["depth_top_cm"], bags["L2"]["depth_bottom_cm"]) == (10.0, 30.5)
    assert (place.blob(hole), place.blob(bag)) == (hole, bag)
    # A laptop receives it, under the name of who filled it in.
    row = await place.server.row(place.core_id())
    assert row["f"]["inner_diameter_mm"] == 50.0
    (one,) = await place.submissions()
    assert (one.why, one.wanted) == ("", ("hole.jpg", "bag.jpg"))
    # A version that was never published is taken: answers are read by their names.
    assert one.version == "1"
    kept = await place.server.report("submission_xml", one.place)
    assert kept == xml
    assert await place.faults() == []


async def test_a_repeat_is_harmless(place):
    phone = await place.phone()
    xml, files = place.core(layer("0", "10", "L1", "", "b.jpg")), [("b.jpg", photo(9))]
    assert (await phone.send(xml, files)).status == 201
    before = await place.lines()
    for _ in range(3):
        said = await phone.send(xml, files)
        assert (said.status, said.message) == (201, "This form is here already.")
    assert await place.lines() == before
    assert len(await place.submissions()) == 1
    assert len(await place.records("sample")) == 1
    assert await place.faults() == []


async def test_of_two_at_once_one_is_kept(place):
    phone = await place.phone()
    xml = place.core(layer("0", "10", "L1"))
    said = await asyncio.gather(*(phone.send(xml) for _ in range(4)))
    assert {each.status for each in said} == {201}
    assert await place.lines() == 2
    assert len(await place.submissions()) == 1


async def test_files_that_come_later_complete_a_form(place):
    phone = await place.phone()
    files = [(f"{n}.jpg", photo(1000, n)) for n in range(1, 5)]
    names = [name for name, _ in files]
    xml = place.core(layer("0", "10", "L1", "", "4.jpg"), photos=names[:3])
    said = await phone.post(body_of([xml_part(xml), file_part(*files[0])]))
    assert said.status == 201
    assert said.message.endswith("3 files still to come: 2.jpg, 3.jpg, 4.jpg.")
    # The core stands at once: no photo holds it up.
    (found,) = await place.fields("core")
    assert [one["name"] for one in found["attachments"]] == ["1.jpg"]
    said = await phone.send(xml, files, most=2000)
    assert said.status == 201
    assert "still to come" not in said.message
    (found,) = await place.fields("core")
    assert sorted(one["name"] for one in found["attachments"]) == names[:3]
    (bag,) = await place.fields("sample")
    assert [one["name"] for one in bag["attachments"]] == ["4.jpg"]
    assert len(await place.submissions()) == 1
    assert await place.faults() == []


async def test_photos_of_a_plot_join_those_that_are_there(place):
    mine, theirs = photo(50), photo(60, 2)
    there = {
        "sha256": hashlib.sha256(theirs).hexdigest(),
        "size": len(theirs),
        "mime": "image/jpeg",
        "name": "theirs.jpg",
    }
    base = await place.server.seen(place.plot)
    place.laptop.draft("plot", place.plot, {"attachments": [there]}, b=base)
    await place.laptop.sync()
    phone = await place.phone()
    xml = filled(PHOTO_FORM, photos(place.plot, ["mine.jpg"]))
    said = await phone.send(xml, [("mine.jpg", mine)])
    assert (said.status, said.message) == (201, "Kept.")
    (plot,) = await place.fields("plot")
    assert {one["name"] for one in plot["attachments"]} == {"mine.jpg", "theirs.jpg"}
    of_point = filled(
        PHOTO_FORM, photos(place.plot, ["p.jpg"], place.points[1]), "uuid:2"
    )
    await phone.send(of_point, [("p.jpg", photo(70, 3))])
    points = await place.records("point")
    assert points[place.points[1]].fields["attachments"][0]["name"] == "p.jpg"
    assert await place.waiting() == []


async def test_the_same_form_with_other_answers_is_kept_and_waits(place):
    phone = await place.phone()
    await phone.send(place.core(layer("0", "10", "L1", "261")))
    other = place.core(layer("0", "10", "L1", "999"), layer("10", "20", "L2"))
    said = await phone.send(other)
    assert said.status == 201
    assert "sent the same form before with other answers" in said.message
    bags = await place.fields("sample")
    assert [bag["field_mass_g"] for bag in bags] == [261.0]
    waiting = await place.waiting()
    assert [each["type"] for each in waiting] == ["core", "sample", "sample"]
    assert {each["why"][0]["code"] for each in waiting} == {"form_differs"}
    assert all("uuid:1" in each["part_of"] for each in waiting)
    repeated = await phone.send(other)
    assert (repeated.status, len(await place.waiting())) == (201, 3)
    assert len(await place.submissions()) == 2
    assert await place.faults() == []


async def test_a_second_form_for_one_core_replaces_nothing(place):
    phone = await place.phone()
    await phone.send(place.core(layer("0", "10", "L1")))
    second = place.core(layer("0", "20", "L9"), instance="uuid:2", tool="auger")
    said = await phone.send(second)
    assert (said.status, "recorded it already" in said.message) == (201, True)
    (found,) = await place.fields("core")
    assert found["tool"] == "corer"
    assert [bag["sample_code"] for bag in await place.fields("sample")] == ["L1"]
    assert {each["why"][0]["code"] for each in await place.waiting()} == {
        "recorded_before"
    }


async def test_what_a_person_alone_lets_in_stays_when_all_is_judged_again(place):
    phone = await place.phone()
    await phone.send(place.core(layer("0", "10", "L1"), layer("10", "20", "L1")))
    await phone.send(place.core(layer("0", "30", "L1")))
    await phone.send(place.core(layer("0", "5", "L1"), instance="uuid:2", tool="pit"))
    before = await place.waiting()
    codes = {each["why"][0]["code"] for each in before}
    assert codes == {"label_twice", "form_differs", "recorded_before"}
    await place.server.ask(lambda store: rejudge(store, Clock(), None))
    assert await place.waiting() == before
    (pit,) = [e for e in before if e["fields"].get("tool") == "pit"]
    done = await place.server.ask(
        lambda s: release(s, Clock(), place.server.project_id, [pit["change"]])
    )
    assert (done.settled, (await place.fields("core"))[0]["tool"]) == (1, "pit")
    assert await place.faults() == []


async def test_what_a_laptop_recorded_otherwise_is_a_conflict_as_ever(place):
    fields = {
        "point_id": place.points[0],
        "campaign_id": place.campaign,
        "number": 1,
        "sampled_at": "2026-05-04T10:15:00.000+02:00",
        "tool": "auger",
    }
    place.laptop.add("core", fields)
    await place.laptop.sync()
    phone = await place.phone()
    said = await phone.send(place.core(layer("0", "10", "L1")))
    assert "a person decides: core 1" in said.message
    (found,) = await place.fields("core")
    assert found["tool"] == "auger"
    (conflict,) = await place.server.report("conflicts", place.server.project_id)
    assert conflict["group"] == "tool"
    assert [bag["sample_code"] for bag in await place.fields("sample")] == ["L1"]


WRONG = [
    ("a number that is text", {"inner_diameter_mm": "wide"}, ["not_a_number"]),
    (
        "a time without offset",
        {"sampled_at": "2026-05-04T10:15:00"},
        ["not_an_instant"],
    ),
    ("a tool of no list", {"tool": "spoon"}, ["not_in_list"]),
    ("a position that is none", {"place": "here"}, ["not_a_number"]),
    ("a campaign that is none", {"campaign_id": "2026"}, ["not_an_id"]),
    ("no campaign", {"campaign_id": ""}, ["required"]),
]


@pytest.mark.parametrize(
    ("answers", "codes"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG]
)
async def test_a_core_that_cannot_stand_waits_with_what_is_wrong(place, answers, codes):
    phone = await place.phone()
    xml = place.core(layer("0", "10", "L1", "", "b.jpg"), **answers)
    said = await phone.send(xml, [("b.jpg", photo(5))])
    assert said.status == 201
    waiting = await place.waiting()
    (refused,) = [each for each in waiting if each["type"] == "core"]
    assert [why["code"] for why in refused["why"]] == codes
    assert "wait" in said.message
    # Its bag and the photo of it follow where it comes to stand.
    assert await place.records("sample") == {}
    held = await place.server.ask(
        lambda store: store.read(lambda tx: tx.how_much_waits(place.server.project_id))
    )
    assert held.is_any
    assert await place.faults() == []


async def test_one_bag_that_cannot_stand_holds_up_no_other(place):
    phone = await place.phone()
    layers = [
        layer("0", "10", "GOOD"),
        layer("20", "10", "TURNED"),
        layer("10", "20", "GOOD"),
        layer("20", "30", ""),
        layer("30", "40", "HEAVY", "a lot"),
        layer("40", "50", "LAST"),
    ]
    said = await phone.send(place.core(*layers))
    assert said.status == 201
    assert {bag["sample_code"] for bag in await place.fields("sample")} == {
        "GOOD",
        "LAST",
    }
    waiting = {
        each["fields"].get("sample_code"): each["why"][0]["code"]
        for each in await place.waiting()
    }
    assert waiting == {
        "TURNED": "depth_order",
        "GOOD": "label_twice",
        None: "required",
        "HEAVY": "not_a_number",
    }
    (good,) = [b for b in await place.fields("sample") if b["sample_code"] == "GOOD"]
    assert good["depth_top_cm"] == 0.0


async def test_a_point_that_is_not_here_holds_the_core(place):
    phone = await place.phone()
    answers = core(new_id(), place.campaign, [layer("0", "10", "L1")])
    said = await phone.send(filled(CORE_FORM, answers))
    assert said.status == 201
    assert await place.records("core") == {}
    custody = await place.server.ask(
        lambda store: store.read(lambda tx: tx.stats().held)
    )
    assert custody == 2


async def test_answers_that_nobody_knows_are_kept_and_told(place):
    phone = await place.phone()
    xml = place.core(
        layer("0", "10", "L1", more="<colour>10YR</colour>"), more="<slope>3</slope>"
    )
    said = await phone.send(xml)
    assert said.status == 201
    assert len(await place.records("sample")) == 1
    (waits,) = await place.waiting()
    assert {why["code"] for why in waits["why"]} == {"unknown_field"}
    assert set(waits["fields"].values()) == {"10YR", "3"}


async def test_a_file_that_is_no_photo_waits_and_is_kept(place):
    phone = await place.phone()
    program = b"MZ" + bytes(50)
    xml = place.core(layer("0", "10", "L1"), photos=["a.jpg", "b.jpg", "c.jpg"])
    files = [("a.jpg", program), ("b.jpg", photo(5)), ("c.jpg", b"")]
    assert (await phone.send(xml, files)).status == 201
    (found,) = await place.fields("core")
    assert [one["name"] for one in found["attachments"]] == ["b.jpg"]
    waiting = await place.waiting()
    assert [each["why"][0]["code"] for each in waiting] == ["bad_attachment"] * 2
    assert place.blob(program) == program


async def test_photos_of_nothing_that_is_here_wait(place):
    phone = await place.phone()
    for number, plot in enumerate((new_id(), "A")):
        xml = filled(PHOTO_FORM, photos(plot, ["x.jpg"]), f"uuid:{number}")
        assert (await phone.send(xml, [("x.jpg", photo(5))])).status == 201
    codes = [each["why"][0]["code"] for each in await place.waiting()]
    assert codes == ["no_such_record"] * 2


async def test_a_phone_that_was_revoked_sends_no_more_and_keeps_it(place):
    phone = await place.phone()
    xml = place.core(layer("0", "10", "L1"))
    await place.server.ask(lambda s: revoke_phone(s, Clock(), "ada", None))
    for method, path in (("GET", "/formList"), ("HEAD", "/submission")):
        said = await phone.ask(method, path)
        assert said.status == 403
    said = await phone.post(body_of([xml_part(xml)]))
    assert said.status == 403
    assert "it was revoked: ask the administrator" in said.message
    assert await place.submissions() == []


async def test_what_is_sent_again_under_a_new_code_doubles_nothing(place):
    old = await place.phone()
    files = [("a.jpg", photo(5)), ("b.jpg", photo(6, 2))]
    xml = place.core(layer("0", "10", "L1", "261", "b.jpg"), photos=["a.jpg"])
    await old.send(xml, files)
    await place.server.ask(lambda s: revoke_phone(s, Clock(), "ada", None))
    new = await place.phone()
    assert (await new.send(xml, files)).status == 201
    assert [len(await place.records(kind)) for kind in ("core", "sample")] == [1, 1]
    (core_fields,) = await place.fields("core")
    assert [one["name"] for one in core_fields["attachments"]] == ["a.jpg"]
    assert await place.waiting() == []
    assert await place.server.report("conflicts", place.server.project_id) == []
    assert await place.faults() == []


async def test_a_token_is_of_one_project_and_opens_nothing_else(place):
    phone = await place.phone()
    token = phone.url.split("/key/")[1].split("/")[0]
    wrong = [
        f"{place.server.url}/v1/key/{token}/projects/{new_id()}/formList",
        f"{place.server.url}/v1/key/{'x' * 43}/projects/{place.server.project_id}/formList",
    ]
    for url in wrong:
        said = await phone.ask("GET", url)
        assert (said.status, said.headers["X-OpenRosa-Version"]) == (403, "1.0")
    for path in ("/v1/streams/x/buckets", "/ogc/collections"):
        bearer = {"Authorization": f"Bearer {token}"}
        said = await phone.ask("GET", place.server.url + path, headers=bearer)
        assert said.status == 401


BOMB = (
    b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<data id="permille_core">&b;</data>'
)
OUTSIDE = (
    b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b'<data id="permille_core">&a;</data>'
)
HOSTILE = {
    "an entity bomb": (body_of([xml_part(BOMB)]), 400, "DOCTYPE"),
    "a file from outside": (body_of([xml_part(OUTSIDE)]), 400, "DOCTYPE"),
    "no XML": (body_of([xml_part(b"core 1, 10 cm")]), 400, "damaged"),
    "XML that breaks off": (body_of([xml_part(b"<data id='x'>")]), 400, "damaged"),
    "XML of no form": (body_of([xml_part(b"<data/>")]), 400, "name a form"),
    "no instance": (
        body_of([xml_part(b"<data id='permille_core'/>")]),
        400,
        "instanceID",
    ),
    "another form": (body_of([xml_part(filled("trees", ""))]), 404, "no such form"),
    "deep XML": (
        body_of([xml_part(b"<a>" * 5000 + b"</a>" * 5000)]),
        400,
        "too deeply",
    ),
    "no form": (body_of([file_part("a.jpg", b"x")]), 400, "xml_submission_file"),
    "two forms": (body_of([xml_part(b"<a/>"), xml_part(b"<a/>")]), 400, "two parts"),
    "10,000 parts": (
        body_of([xml_part(b"<a/>"), *[part("p", b"x", "p")] * 10_000]),
        413,
        "larger",
    ),
    "no parts": (b"", 400, "parts"),
    "another boundary": (b"--other\r\n\r\nx\r\n--other--\r\n", 400, "parts"),
    "a part without end": (body_of([xml_part(b"<a/>")])[:-20], 400, ""),
    "bytes": (bytes(range(256)) * 400, 400, "parts"),
    "a long form": (body_of([xml_part(b"<a>" + b" " * 300_000)]), 413, "larger"),
    "a name of many lines": (
        body_of([xml_part(b"<a/>"), part("x", b"x", "a" * 300)]),
        400,
        "name of a file",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_form_is_refused_in_words(place, name):
    body, status, words = HOSTILE[name]
    phone = await place.phone()
    said = await phone.post(body)
    assert said.status == status, said.body
    assert words in said.message
    assert await place.submissions() == []
    assert await place.faults() == []


async def test_heads_that_lie_are_refused_in_words(place):
    phone = await place.phone()
    xml = place.core(layer("0", "10", "L1"))
    body = body_of([xml_part(xml)])
    other = {"Content-Type": "application/xml"}
    assert (await phone.post(xml, headers=other)).status == 400
    packed = {"Content-Encoding": "gzip"}
    assert (await phone.post(body, headers=packed)).status == 400

    async def endless():
        yield body

    assert (await phone.post(endless())).status == 411
    unmarked = {"Content-Type": "multipart/form-data"}
    assert (await phone.post(body, headers=unmarked)).status == 400
    large = body_of([xml_part(xml), file_part("a.jpg", photo(26 * 1024 * 1024))])
    said = await phone.post(large)
    assert (said.status, "smaller photos" in said.message) == (413, True)
    assert await place.submissions() == []


def altered(body, rng):
    """Return a body with one thing altered, as a bad link or a stranger alters it."""
    at, end = sorted(rng.sample(range(len(body)), 2))
    return rng.choice(
        [
            body[:at],
            body[at:],
            body[:at] + body[end:],
            body[:at] + rng.randbytes(9) + body[at:],
            body[:at] + bytes([body[at] ^ 1 << rng.randrange(8)]) + body[at + 1 :],
            body[:end] + body[at:],
            body[:at] + b"\r\n" + body[at:],
        ]
    )


async def test_bodies_that_are_altered_never_make_the_server_fail(place):
    phone, rng = await place.phone(), Random(3)
    xml = place.core(layer("0", "10", "L1", "", "b.jpg"), photos=["a.jpg"])
    files = [file_part(name, photo(40)) for name in ("a.jpg", "b.jpg")]
    body = body_of([xml_part(xml), *files])
    statuses = set()
    for _ in range(150):
        said = await phone.post(altered(body, rng))
        assert said.message
        statuses.add(said.status)
    assert statuses <= {201, 400, 403, 404, 413}
    assert {201, 400} <= statuses
    # What was altered inside stays beside the true one, and waits.
    assert (await phone.post(body)).status == 201
    assert await place.faults() == []


@pytest.mark.parametrize("where", ["in a file", "behind its last part"])
async def test_a_body_that_is_cut_leaves_nothing(place, where):
    phone = await place.phone()
    url = URL(phone.url)
    xml = place.core(layer("0", "10", "L1"), photos=["a.jpg"])
    body = body_of([xml_part(xml), file_part("a.jpg", photo(100_000))])
    # Whoever reads parts alone is content with the lines behind the last one.
    body = body[:50_000] if where == "in a file" else body + b"\r\n\r\nmore\r\n"
    head = (
        f"POST {url.path}/submission HTTP/1.1\r\nHost: {url.host}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body) + 1000}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.close()
    await reader.read()
    await asyncio.sleep(0.1)
    assert await place.submissions() == []
    assert [p for p in place.server.data.blobs.rglob("*") if p.is_file()] == []


async def test_a_form_with_more_layers_than_fit_is_refused(place):
    phone = await place.phone()
    layers = [layer(str(n), str(n + 1), f"L{n}") for n in range(201)]
    said = await phone.send(place.core(*layers))
    assert (said.status, await place.submissions()) == (413, [])


async def test_who_filled_in_stands_in_the_changes(place):
    phone = await place.phone(person="Team North")
    await phone.send(place.core(layer("20", "10", "L1")))
    await phone.send(
        place.core(layer("20", "10", "L2"), username="", point=1, instance="uuid:2")
    )
    assert [(each["person"], each["device"]) for each in await place.waiting()] == [
        ("Ada Diallo", "ada"),
        ("Team North", "ada"),
    ]


async def test_a_form_is_taken_back_as_a_whole(place):
    phone = await place.phone()
    xml = place.core(layer("0", "10", "L1"), layer("10", "20", "L2"), photos=["a.jpg"])
    await phone.send(xml, [("a.jpg", photo(5))])
    (sent,) = await place.submissions()
    done = await asyncio.to_thread(
        typed,
        place.server.data.path,
        *("undo", sent.operation, "--project", "HF", "--write", "--reason", "twice"),
    )
    assert "delete 2 samples" in done.output
    assert (await place.records("core"), await place.records("sample")) == ({}, {})
    # What was taken back does not come again by itself.
    assert (await phone.send(xml, [("a.jpg", photo(5))])).status == 201
    assert await place.records("core") == {}


async def test_a_label_is_read_as_a_laptop_reads_it(place):
    async with ClientSession() as session:
        bearer = {"Authorization": f"Bearer {place.laptop.token}"}
        asked = {"request": new_id(), "has": []}
        async with session.post(
            f"{place.server.url}/v1/labels", json=asked, headers=bearer
        ) as answer:
            block = (await answer.json())["block"]
    code = label_code(block, 421)
    phone = await place.phone()
    await phone.send(place.core(layer("0", "10", printed(code).lower())))
    (bag,) = await place.fields("sample")
    assert bag["sample_code"] == code


async def test_tokens_that_are_guessed_make_their_address_wait(place):
    phone = await place.phone()
    wrong = phone.url.replace("/key/", "/key/x")
    statuses = [(await phone.ask("GET", f"{wrong}/formList")).status for _ in range(12)]
    assert statuses[0] == 403
    assert statuses[-1] == 429
    said = await phone.ask("GET", f"{wrong}/formList")
    assert "message" in said.body.decode()
    assert "Retry-After" in said.headers


async def test_a_phone_that_has_sent_as_much_as_it_may_keeps_the_rest(tmp_path):
    data = DataDirectory(tmp_path / "small")
    async with running_with_project(data, laptop_changes=100) as small:
        place = await Field(small).begin()
        phone = await place.phone()
        first = place.core(*(layer(str(n), str(n + 1), f"L{n}") for n in range(120)))
        assert (await phone.send(first)).status == 201
        second = place.core(layer("0", "10", "M1"), point=1, instance="uuid:2")
        said = await phone.send(second)
        assert (said.status, "stays on the phone" in said.message) == (403, True)
        # What is here already is answered as ever.
        assert (await phone.send(first)).status == 201
        assert len(await place.submissions()) == 1


async def test_photos_beyond_what_a_phone_may_send_stay_on_it(tmp_path):
    data = DataDirectory(tmp_path / "small")
    async with running_with_project(data, laptop_files_mib=1) as small:
        place = await Field(small).begin()
        phone = await place.phone()
        xml = place.core(layer("0", "10", "L1"), photos=["a.jpg"])
        said = await phone.send(xml, [("a.jpg", photo(1024 * 1024))])
        assert (said.status, "this phone has sent" in said.message) == (403, True)
        assert await place.submissions() == []


async def test_a_full_disk_keeps_photos_on_the_phone(place, monkeypatch):
    phone = await place.phone()
    xml = place.core(layer("0", "10", "L1"), photos=["a.jpg"])
    with monkeypatch.context() as full:
        full.setattr(limits, "BLOB_RESERVE_BYTES", 2**62)
        said = await phone.send(xml, [("a.jpg", photo(5))])
        assert (said.status, await place.submissions()) == (507, [])
        # A form without photos still finds room.
        assert (await phone.post(body_of([xml_part(xml)]))).status == 201
    said = await phone.send(xml, [("a.jpg", photo(5))])
    assert (said.status, "still to come" in said.message) == (201, False)
    assert (await place.fields("core"))[0]["attachments"][0]["name"] == "a.jpg"


async def test_the_last_use_of_a_phone_is_known(place):
    phone = await place.phone()
    (row,) = await place.server.report("phones")
    assert row.last_seen_at is None
    await phone.fetch()
    (row,) = await place.server.report("phones")
    assert row.last_seen_at is not None
