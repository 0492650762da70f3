"""A flipped bit in a server's database is found by `verify`, or changes nothing."""

import asyncio
import hashlib
import json
import shutil
from contextlib import closing
from random import Random

import pytest
from backports import zstd

from server.access.enrolment import device_of
from server.access.label_blocks import hand_out
from server.access.phones import NewPhone, add_phone
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.data import init_data
from server.errors import StorageError
from server.files.disk import BlobFiles
from server.operations.backup import verify
from server.phones.names import PHOTO_FORM
from server.store.driver import connect
from server.webhooks.delivering import send_test
from server.webhooks.events import EventKind
from server.webhooks.hosts import allow_host
from server.webhooks.registry import NewWebhook, add_webhook
from tests.collect import Collect, photos
from tests.collect import filled as filled_in
from tests.conftest import RunningServer, running
from tests.desk import add as add_person
from tests.desk import browser
from tests.faults.disk import flip_bits
from tests.integration.test_derivation import SOC, record_campaign
from tests.integration.test_renewal import renewed
from tests.processes import typed
from tests.reading import token_for

pytestmark = pytest.mark.timeout(240)

FLIPS = 150
SEED = 5
LATER = "2100-01-01T00:00:00.000Z"
PROJECT = {"code": "HF", "title": "Highfield", "reference_depth_cm": 30.0}


PHOTO = b"a photo" * 100
NAME = hashlib.sha256(PHOTO).hexdigest()


def build_server(path):
    """Make a small server with some of everything that is stored."""
    data = DataDirectory(path / "server")
    init_data(data, Clock())
    asyncio.run(_fill(data))
    BlobFiles(data.blobs).append(NAME, PHOTO)
    assert BlobFiles(data.blobs).finish(NAME)
    assert faults_of(data) == []
    return data


async def _fill(data):
    async with running(data) as url:
        server = RunningServer(data, url, "")
        server.project_id = await server.ask(
            lambda store: add_project(store, Clock(), PROJECT, {})
        )
        one, two = await server.laptop("one"), await server.laptop("two")
        photo = {"sha256": NAME, "size": len(PHOTO), "mime": "image/jpeg", "name": "a"}
        plot = {"code": "P1", "land_use": "cropland", "attachments": [photo]}
        plot = one.add("plot", plot)
        ids = [record_campaign(one, plot, name, soc) for name, soc in SOC.items()]
        await one.sync()
        await _disagree(server, one, two, ids[1])
        # Bad, held, released, deleted, purged.
        one.add("sample", {"core_id": ids[0][0]["core"], "sample_code": "bad"})
        gone = one.add("campaign", {"name": "gone", "purpose": "baseline"})
        one.draft("plot", gone, {"note": "x"}, base=[await server.report("epoch"), 1])
        late = two.add("plot", {"code": "P2", "land_use": "cropland"})
        one.add("point", {"plot_id": late, "code": "1"})
        await one.sync()
        await two.sync()
        seen = await server.seen(late)
        empty = two.add("plot", {"code": "P3", "land_use": "cropland"})
        await two.sync()
        two.draft("plot", empty, {}, op="del", base=seen)
        await two.sync()
        await server.derived()
        await token_for(server)
        await _hand_labels_out(server, one)
        await _send_by_phone(server, plot)
        await server.ask(lambda store: store.write(_purge))
        await _administer(server, two)


async def _hand_labels_out(server, laptop):
    device = await server.ask(lambda store: device_of(store, laptop.token))
    labels = {"request": Clock().new_id(), "has": []}
    await server.ask(lambda s: hand_out(s, Clock(), device, labels, 1))


async def _work_at_the_desk(server):
    """Sign somebody in who has a role."""
    await add_person(server, "Ada", "admin")
    async with browser(server, "Ada") as ada:
        await ada.get("/")


async def _tell_others(server):
    """Add a webhook, and something that it is told."""

    async def job(store):
        await store.write(lambda tx: allow_host(tx, "hooks.invalid"))
        url = "https://hooks.invalid/"
        hook = NewWebhook(server.project_id, url, (EventKind.STOCKS_UPDATED,))
        await add_webhook(store, Clock(), hook)
        await send_test(store, Clock(), "hooks.invalid")

    await server.ask(job)


async def _administer(server, laptop):
    await _tell_others(server)
    await _renew(server, laptop)
    await _know_people(server)
    await _work_at_the_desk(server)


async def _renew(server, laptop):
    """Issue a token that a laptop does not use; what was typed is noted."""
    await asyncio.to_thread(typed, server.data.path, "device", "renew", "two")
    code = (await laptop.sync()).hello["renew"]
    assert (await renewed(server, laptop, code))[0] == 200


async def _know_people(server):
    """Add two farmers of a plot, one of whom is erased."""
    own = ("contact", "add", "--project", "HF", "--plot", "P1", "--name")
    agreed = ("Ada Diallo", "--purpose", "sampling", "--how", "paper")
    for words in (
        (*own, "Ada Diallo"),
        (*own, "Bo Ek"),
        ("contact", "consent", "add", *agreed),
        ("contact", "erase", "Bo Ek", "--reason", "asked for", "--yes"),
    ):
        await asyncio.to_thread(typed, server.data.path, *words)


async def _send_by_phone(server, plot):
    """Send a photo of a plot as a phone does."""
    asked = NewPhone(server.project_id, "phone", None, server.url)
    _, token = await server.ask(lambda store: add_phone(store, Clock(), asked))
    phone = Collect(f"{server.url}/v1/key/{token}/projects/{server.project_id}")
    form = filled_in(PHOTO_FORM, photos(plot, ["plot.jpg"]))
    said = await phone.send(form, [("plot.jpg", b"\xff\xd8\xff\xe0" + b"x" * 50)])
    assert said.status == 201, said.message


def _purge(tx):
    tx.purge(LATER, Clock().stamp())
    tx.begin_epoch(Clock().new_id(), Clock().stamp(), "a test", None)
    tx.connection.execute(
        "INSERT INTO stood SELECT project_id, change_id,"
        " (SELECT id FROM epoch LIMIT 1), seq FROM change WHERE seq IS NOT NULL LIMIT 1"
    )


async def _disagree(server, one, two, ids):
    """Write one value twice, unseen: once settled, once left open."""
    await two.sync()
    for bag in ids[:2]:
        base = await server.seen(bag["sample"])
        one.draft("sample", bag["sample"], {"bulk_density_g_cm3": 1.3}, base=base)
        await one.sync()
        two.draft("sample", bag["sample"], {"bulk_density_g_cm3": 1.4}, base=base)
        await two.sync()
    (first, _) = await server.report("conflicts", None)
    two.draft(
        "sample",
        first["record"],
        {"bulk_density_g_cm3": 1.4},
        op="resolve",
        base=await server.seen(first["record"]),
        c=[first["id"]],
        y="the balance was off",
    )
    await two.sync()


def faults_of(data):
    return list(verify(data, lambda *_: None))


def is_found(data):
    """Return whether verify reports something, or says that it cannot open the file."""
    try:
        return bool(faults_of(data))
    except StorageError as error:
        return bool(error.hint)


def content(data):
    """Return every row of every table."""
    with closing(connect(data.database)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        return {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - names of ours
            for (name,) in names
        }


def flip_server_bits(path, seed, count):
    """Flip single bits of copies; return those that altered something unfound."""
    data = build_server(path)
    before, rng, missed = content(data), Random(seed), []
    copy = DataDirectory(path / "copy")
    for _ in range(count):
        shutil.copytree(data.path, copy.path)
        offsets = flip_bits(copy.database, rng.randrange(2**32))
        if not is_found(copy) and content(copy) != before:
            missed.append(offsets)
        shutil.rmtree(copy.path)
    return missed


def test_every_flipped_bit_of_a_servers_database_is_found_or_changes_nothing(tmp_path):
    assert flip_server_bits(tmp_path, SEED, FLIPS) == []


def test_a_damaged_name_in_the_schema_is_told_in_words(filled, tmp_path):
    copy = DataDirectory(tmp_path / "copy")
    shutil.copytree(filled.path, copy.path)
    raw = copy.database.read_bytes()
    damaged = raw.replace(b'CREATE TABLE "quarantine"', b'CREATE\xe1TABLE "quarantine"')
    assert damaged != raw
    copy.database.write_bytes(damaged)
    with pytest.raises(StorageError, match="cannot be opened"):
        connect(copy.database)


# What is altered, and the check that must find it besides the seal of its table.
ALTERED = {
    "a line": (
        "UPDATE segment SET lines = altered(lines, '1.4', '1.5')",
        "logs",
    ),
    "a hash": ("UPDATE change_row SET hash = zeroblob(32) WHERE n = 3", "logs"),
    "a hole": ("DELETE FROM change_row WHERE n = 3", "logs"),
    "a head": ("UPDATE log SET n = n + 1", "logs"),
    "a time": (
        "UPDATE segment SET received_at = '2020-01-01' WHERE number = 3",
        "receipts",
    ),
    "a segment": ("UPDATE segment SET lines = zeroblob(99) WHERE number = 3", "logs"),
    "a lost segment": ("DELETE FROM segment WHERE number = 3", "logs"),
    "a receipt": (
        "UPDATE receipt SET raw = replace(raw, '\"n\"', '\"m\"')",
        "receipts",
    ),
    "a signature": ("UPDATE receipt SET pushed = signature", "receipts"),
    "a lost receipt": ("DELETE FROM receipt WHERE rowid = 2", "receipts"),
    "a verdict": (
        "UPDATE change_row SET outcome = 'accepted', why = NULL WHERE outcome = 'conflict'",
        "verdicts",
    ),
    "a number": ("UPDATE change_row SET seq = seq + 1 WHERE n = 3", "records"),
    "a value": (
        "UPDATE record_row SET fields = replace(fields, ':17.0', ':17.5')",
        "records",
    ),
    "a writer": (
        (
            "UPDATE record_row SET writers = replace(writers, '[', '[1')"
            " WHERE type = 'sample'"
        ),
        "records",
    ),
    "a parent": ("UPDATE record_row SET parent_id = id WHERE type = 'core'", "records"),
    "a label": (
        "UPDATE record_row SET natural_key = 'x' WHERE type = 'core'",
        "records",
    ),
    "a lost record": ("DELETE FROM record_row WHERE type = 'result'", "verdicts"),
    "a derived row": (
        "UPDATE record_row SET fields = replace(fields, '30', '31') WHERE type = 'stock'",
        "derived rows",
    ),
    "a verdict on a board": (
        "UPDATE board_plot SET verdict = 'above '",
        "tables",
    ),
    "a stage on a board": ("UPDATE board_points SET stage = 'bagged'", "tables"),
    "a plot on no board": ("DELETE FROM board_plot", "tables"),
    "a side of a conflict": ("UPDATE conflict SET ours = '{}'", "conflicts"),
    "a settled conflict": ("UPDATE conflict SET status = 'open'", "conflicts"),
    "a counted conflict": (
        "UPDATE record_row SET open_conflicts = 0 WHERE open_conflicts > 0",
        "conflicts",
    ),
    "a quarantined value": ("UPDATE quarantine SET fields = '{}'", "quarantine"),
    "a released change": (
        "UPDATE quarantine SET status = 'released' WHERE status = 'open'",
        "verdicts",
    ),
    "who names a file": ("UPDATE attachment SET sha256 = 'x' || sha256", "attachments"),
    "a digest": ("UPDATE project SET digest_sum = '1'", "projects"),
    "a project's head": ("UPDATE project SET head = head + 1", "projects"),
    "a name": ("UPDATE device SET name = 'onf' WHERE name = 'one'", "tables"),
    "a sealed contact": ("UPDATE contact SET sealed = zeroblob(60)", "tables"),
    "a key of a contact": ("UPDATE contact_key SET secret = zeroblob(64)", "tables"),
    "a plot of a contact": ("UPDATE contact_plot SET plot_id = 'x'", "tables"),
    "a consent": ("UPDATE consent SET purpose = 'contact'", "tables"),
    "what a token may see": ("UPDATE read_token SET role = 'admin'", "tables"),
    "where a webhook goes": ("UPDATE webhook SET url = 'https://x'", "tables"),
    "what a webhook is told": ("UPDATE webhook_delivery SET body = '{}'", "tables"),
    "a purged id": ("DELETE FROM purged", "tables"),
    "a key": ("UPDATE meta SET value = 'ff' || value WHERE key = 'own_device'", ""),
    "history": ("UPDATE history SET old_values = '{}'", "tables"),
    "an index": ("DROP INDEX idx_record_attachments", "tables"),
}


def altered(lines, old, new):
    """Return a segment of lines in which a text is another one."""
    said = zstd.decompress(lines).replace(old.encode(), new.encode())
    return zstd.compress(said)


def longer(lines, first):
    """Return a segment whose lines from one on have a blank more."""
    said = zstd.decompress(lines).split(b"\n")
    return zstd.compress(
        b"\n".join([*said[:first], *(b"%b " % s for s in said[first:])])
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return build_server(tmp_path_factory.mktemp("filled"))


@pytest.mark.parametrize("name", ALTERED)
def test_what_was_altered_past_the_program_is_found(filled, tmp_path, name):
    copy = DataDirectory(tmp_path / "copy")
    shutil.copytree(filled.path, copy.path)
    sql, check = ALTERED[name]
    with closing(connect(copy.database)) as connection:
        connection.create_function("altered", 3, altered)
        before = content(copy)
        connection.execute(sql)
        if not sql.startswith("DROP"):
            assert content(copy) != before, "nothing was altered"
    found = faults_of(copy)
    assert found
    assert not check or check in {fault.check for fault in found}, found


def test_the_first_bad_line_is_told_first(filled, tmp_path):
    copy = DataDirectory(tmp_path / "copy")
    shutil.copytree(filled.path, copy.path)
    with closing(connect(copy.database)) as connection:
        connection.create_function("longer", 2, longer)
        connection.execute(
            "UPDATE segment SET lines = longer(lines, 3 - first_n)"
            " WHERE number = (SELECT max(segment) FROM change WHERE n = 3)"
        )
    found = faults_of(copy)
    assert found[0].check == "logs"
    assert found[0].where.endswith("change 3")


def test_a_flipped_bit_of_an_attached_file_is_found(filled, tmp_path):
    copy = DataDirectory(tmp_path / "copy")
    shutil.copytree(filled.path, copy.path)
    sha256, path = NAME, BlobFiles(copy.blobs).path(NAME)
    flip_bits(path, SEED)
    (found,) = faults_of(copy)
    assert (found.check, sha256 in found.where) == ("attached files", True)


def test_the_server_of_these_tests_holds_some_of_everything(filled):
    rows = {name: len(found) for name, found in content(filled).items()}
    empty = {name for name, count in rows.items() if not count}
    # What is to be done is done by now.
    assert empty <= {"job", "release", "sqlite_sequence"}, json.dumps(rows)
