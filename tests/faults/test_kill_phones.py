"""kill -9 of a server while phones send: what was acknowledged is there, nothing twice."""

import asyncio
import hashlib
import json
import time
from random import Random

import pytest
from aiohttp import ClientError

from server.access.phones import NewPhone, add_phone
from server.clock import Clock
from server.data import open_store
from server.phones.names import CORE_FORM
from tests.collect import DONE, Collect, core, filled, layer
from tests.databases import DATABASES, new_server, project_of
from tests.faults.homes import kill
from tests.laptop import new_id
from tests.processes import start_server, stop, typed

SEED = 11
CYCLES = 6
#: Long enough that a kill falls into the middle of one.
PHOTO_BYTES = 300_000

pytestmark = pytest.mark.timeout(300)


class Forms:
    """The forms of one phone: each a core with a bag, and two photos in two requests."""

    def __init__(self):
        self.point, self.campaign = new_id(), new_id()
        self.made = {}

    def new(self):
        """Return a form that nobody has sent."""
        number = len(self.made) + 1
        names = [f"{number}-{n}.jpg" for n in range(2)]
        layers = [layer("0", "10", f"L{number}", "", names[1])]
        answers = core(
            self.point, self.campaign, layers, photos=names[:1], number=str(number)
        )
        files = [
            (name, b"\xff\xd8\xff" + Random(name).randbytes(PHOTO_BYTES))
            for name in names
        ]
        instance = f"uuid:{number}"
        self.made[instance] = (filled(CORE_FORM, answers, instance), files)
        return instance

    async def send(self, phone, instance):
        """Send a form as far as the server lives; return whether it was acknowledged."""
        xml, files = self.made[instance]
        try:
            said = await phone.send(xml, files, most=PHOTO_BYTES + 1)
        except (ClientError, ConnectionError):
            return False
        assert said.status in DONE, said.body
        return True


async def phone_of(data, project_id, url):
    """Return a phone that was added to a project."""
    store = open_store(data)
    try:
        asked = NewPhone(project_id, "ada", None, url)
        _, token = await add_phone(store, Clock(), asked)
    finally:
        store.close()
    return Collect(f"{url}/v1/key/{token}/projects/{project_id}")


def submissions(data):
    """Return what the server has, by instance."""
    found = json.loads(typed(data, "phone", "submissions", "--json").stdout)
    assert len({each["instance"] for each in found}) == len(found)
    return {each["instance"]: each for each in found}


@pytest.mark.parametrize("database", DATABASES)
async def test_a_form_that_was_acknowledged_survives_a_kill_and_none_is_doubled(
    request, tmp_path, database
):
    data = new_server(request, tmp_path, database)
    project_id = await project_of(data)
    process, url = start_server(data.path)
    rng, forms, acknowledged = Random(SEED), Forms(), set()
    try:
        phone = await phone_of(data, project_id, url)
        instance = forms.new()
        begun_s = time.monotonic()
        assert await forms.send(phone, instance)
        whole_s = time.monotonic() - begun_s
        acknowledged.add(instance)
        for _ in range(CYCLES):
            sending = [forms.new() for _ in range(3)]
            tasks = [
                asyncio.create_task(forms.send(phone, instance)) for instance in sending
            ]
            await asyncio.sleep(rng.uniform(0.1, 2.0) * whole_s)
            await asyncio.to_thread(kill, process)
            process.stdout.close()
            done = await asyncio.gather(*tasks)
            acknowledged |= {
                instance
                for instance, is_done in zip(sending, done, strict=True)
                if is_done
            }
            port = int(url.rsplit(":", 1)[1])
            process, _ = await asyncio.to_thread(start_server, data.path, port)
            there = await asyncio.to_thread(submissions, data.path)
            assert acknowledged <= there.keys()
            for instance in acknowledged:
                assert there[instance]["files_missing"] == []
        assert len(acknowledged) < len(forms.made), "nothing was killed in time"
        # What was not acknowledged is sent again; so is all the rest.
        for instance in forms.made:
            assert await forms.send(phone, instance)
    finally:
        stop(process)
    await asyncio.to_thread(check, data, forms)


def check(data, forms):
    """Check that each form is here once, with its photos, and nothing is at fault."""
    there = submissions(data.path)
    assert there.keys() == forms.made.keys()
    # A core and a bag that wait for their point, and the photos of both that wait with them.
    assert {each["stand"] + each["wait"] for each in there.values()} == {4}
    assert {each["why"] for each in there.values()} == {None}
    for _, files in forms.made.values():
        for _, content in files:
            digest = hashlib.sha256(content).hexdigest()
            path = data.blobs / digest[:2] / digest
            assert path.read_bytes() == content
    assert list(data.blobs.glob("*/*.part")) == []
    assert typed(data.path, "verify").exit_code == 0


async def test_two_processes_that_get_the_same_form_at_once_keep_it_once(
    request, tmp_path
):
    data = new_server(request, tmp_path, "postgres")
    project_id = await project_of(data)
    process, url = start_server(data.path, 0, (), "--workers", "2")
    try:
        phone = await phone_of(data, project_id, url)
        forms = Forms()
        for _ in range(6):
            instance = forms.new()
            done = await asyncio.gather(
                *(forms.send(phone, instance) for _ in range(4))
            )
            assert all(done)
    finally:
        stop(process)
    await asyncio.to_thread(check, data, forms)
