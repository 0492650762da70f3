"""One disk image for many laptops: each works, and syncs, as one of its own."""

import json
import platform
import shutil
from random import Random

import pytest

from collector.laptop import settings
from collector.store.sqlite import LaptopStore
from tests.integration.test_laptop_sync import (
    LAYER,
    SAMPLE,
    Laptop,
    Served,
    copied,
    everything,
    prepare,
)
from tests.processes import server_process, typed

FILES = ("permille.db", "key", "permille.db-wal", "permille.db-shm")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    data = tmp_path_factory.mktemp("fleet") / "data"
    typed(data, "init")
    with server_process(data) as url:
        yield Served(data, url)
    typed(data, "verify")


@pytest.fixture
def project(served):
    return served.project()


@pytest.fixture
def enrolled(served, project, tmp_path):
    """A laptop that synced plot HF and its core, and is made an image of."""
    laptop = Laptop(tmp_path, "image")
    laptop("enrol", served.url, served.code(project))
    laptop.sync()
    prepare(laptop)
    laptop.sync()
    return laptop


class Machines:
    """Laptops whose disks are copies block by block: same path, same files, same numbers.

    All of them share one folder of this disk. A laptop that is switched on finds its own
    bytes there, written into the files that are there, and the name of its machine.
    """

    def __init__(self, image, monkeypatch):
        self.folder, self.monkeypatch = image.home, monkeypatch
        self.image = self._bytes()
        self.disks = {}

    def _bytes(self):
        return {
            name: (self.folder / name).read_bytes()
            for name in FILES
            if (self.folder / name).exists()
        }

    def on(self, name):
        """Switch one laptop on; the one before it is off."""
        self.monkeypatch.setattr(platform, "node", lambda: name)
        disk = self.disks.get(name, self.image)
        for file in FILES:
            path = self.folder / file
            if file in disk and path.exists():
                if path.read_bytes() != disk[file]:
                    with path.open("r+b") as there:
                        there.truncate(0)
                        there.write(disk[file])
            elif file in disk:
                path.write_bytes(disk[file])
            else:
                path.unlink(missing_ok=True)
        laptop = Machine.__new__(Machine)
        laptop.home, laptop.machines, laptop.name = self.folder, self, name
        return laptop


class Machine(Laptop):
    def __call__(self, *words, code=0):
        self.machines.on(self.name)
        try:
            return super().__call__(*words, code=code)
        finally:
            self.machines.disks[self.name] = self.machines._bytes()


def identity(laptop):
    """Return device, key and the log that is written to, with every log."""
    key = bytes.fromhex((laptop.home / "key").read_text().strip())
    store = LaptopStore(laptop.home / "permille.db", key)
    try:
        own = (settings.DEVICE, settings.SIGNING_KEY, settings.TOKEN)
        found = [store.setting(name) for name in own]
        return (*found, store.head().id)
    finally:
        store.close()


def three(image, tmp_path):
    return [copied(image, tmp_path / f"copy{number}") for number in range(3)]


def all_sync_in_any_order(laptops, seed=1):
    for _ in range(3):
        for laptop in Random(seed).sample(laptops, len(laptops)):
            laptop.sync()
        seed += 1


def each_is_one_of_its_own(served, laptops):
    """See that no two share device, key, token or log, and the server knows each."""
    found = [identity(laptop) for laptop in laptops]
    for part in zip(*found, strict=True):
        assert len(set(part)) == len(laptops), part
    listed = {row["id"] for row in json.loads(served.admin("device", "list", "--json"))}
    assert {device for device, *_ in found} <= listed


@pytest.mark.parametrize("changes", [0, 5])
def test_an_image_made_before_enrolment_becomes_a_laptop_each_time(
    served, project, tmp_path, changes
):
    image = Laptop(tmp_path, "image")
    if changes:
        known = Laptop(tmp_path, "first")
        known("enrol", served.url, served.code(project))
        known.sync()
        image = copied(known, tmp_path / "unused")
        forget_enrolment(image)
        prepare(image)
        image("plot", "edit", "HF", "--area-ha", 2)
        assert image.json("status")["pending"] == changes
    laptops = three(image, tmp_path)
    for laptop in laptops:
        laptop("enrol", served.url, served.code(project))
    for number, laptop in enumerate(laptops):
        laptop.sync()
        laptop("plot", "add", "--code", f"OWN{number}")
    all_sync_in_any_order(laptops)
    each_is_one_of_its_own(served, laptops)
    for laptop in laptops:
        assert everything(laptop) == everything(laptops[0])
        assert laptop.json("conflicts") == laptop.json("fix") == []
        assert laptop.json("status")["safe_to_wipe"]
    assert len(laptops[0].json("plot", "list")) == 3 + bool(changes)


def forget_enrolment(laptop):
    """Leave a laptop with its projects as if a stick had brought them, not enrolled."""
    key = bytes.fromhex((laptop.home / "key").read_text().strip())
    store = LaptopStore(laptop.home / "permille.db", key)
    own = (
        settings.DEVICE,
        settings.SIGNING_KEY,
        settings.TOKEN,
        settings.SERVER,
        settings.LAST_SYNC,
    )
    store.set_settings(dict.fromkeys(own))
    store.close()


def test_what_an_image_recorded_in_a_project_of_its_own_arrives_once(
    served, project, tmp_path
):
    image = Laptop(tmp_path, "image")
    image("project", "add", "--code", f"NEW-{project}", "--title", "begun in the image")
    image("plot", "add", "--code", "A")
    laptops = three(image, tmp_path)
    for laptop in laptops:
        laptop("enrol", served.url, served.code(project, may_begin=True))
    first, *others = laptops
    assert first.sync()["accepted"] == 2
    for laptop in others:
        served.admin(
            "device", "grant", identity(laptop)[0], "--project", f"NEW-{project}"
        )
        found = laptop.sync()
        assert (found["pushed"], found["duplicates"], found["accepted"]) == (2, 2, 2)
    each_is_one_of_its_own(served, laptops)
    assert everything(others[1]) == everything(first)


def test_an_enrolment_that_is_killed_half_way_leaves_a_laptop_that_can_enrol(
    served, project, tmp_path, monkeypatch
):
    laptop = Laptop(tmp_path, "lap")
    split = LaptopStore.split

    class Killed(BaseException):
        pass

    def split_and_die(store, *given):
        split(store, *given)
        raise Killed

    code = served.code(project)
    with monkeypatch.context() as patch:
        patch.setattr(LaptopStore, "split", split_and_die)
        with pytest.raises(Killed):
            laptop("enrol", served.url, code)
    assert laptop.json("status")["device"] is None
    laptop("enrol", served.url, served.code(project))
    laptop.sync()
    prepare(laptop)
    assert laptop.sync()["accepted"] == 4
    assert laptop.json("status")["safe_to_wipe"]


def test_a_code_that_is_refused_changes_nothing(served, enrolled, tmp_path):
    for laptop in (enrolled, copied(enrolled, tmp_path / "copy")):
        laptop("status")
        before = identity(laptop)
        laptop("enrol", served.url, "NO-SUCH-CODE", code=4)
        assert identity(laptop) == before
        laptop("plot", "edit", "HF", "--note", laptop.home.name)
        assert laptop.sync()["pushed"] == 1


def test_a_laptop_that_is_enrolled_again_keeps_its_key_and_its_log(
    served, project, enrolled
):
    device, key, _, log = identity(enrolled)
    enrolled("enrol", served.url, served.code(project), "--name", "again")
    found = identity(enrolled)
    assert found[1:4:2] == (key, log)
    assert found[0] != device
    assert enrolled.sync()["pushed"] == 0
    listed = json.loads(served.admin("device", "list", "--json"))
    assert [row["name"] for row in listed if row["id"] == found[0]] == ["again"]
    assert enrolled.json("status")["name"] == "again"


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_copies_of_an_enrolled_laptop_become_laptops_with_codes_of_their_own(
    served, project, enrolled, tmp_path, waits, seed
):
    if waits:
        enrolled("plot", "edit", "HF", "--area-ha", 2)
        enrolled(*SAMPLE, "--sample-code", "BAG", *LAYER)
    laptops = three(enrolled, tmp_path)
    for number, laptop in enumerate(laptops):
        said = laptop("enrol", served.url, served.code(project))
        assert "one of its own now" in said
        assert laptop.json("status")["is_copy"] is False
        laptop("plot", "add", "--code", f"OWN{number}")
    laptops.append(enrolled)
    enrolled("plot", "add", "--code", "OWN3")
    all_sync_in_any_order(laptops, seed)
    each_is_one_of_its_own(served, laptops)
    for laptop in laptops:
        assert everything(laptop) == everything(enrolled)
        assert laptop.json("conflicts") == laptop.json("fix") == []
        assert laptop.json("status")["safe_to_wipe"]
    assert len(enrolled.json("plot", "list")) == 5
    assert len(enrolled.json("sample", "list")) == waits


def test_copies_that_nobody_enrols_go_on_beside_the_first_as_one_laptop(
    enrolled, tmp_path
):
    laptops = [enrolled, *three(enrolled, tmp_path)]
    for number, laptop in enumerate(laptops):
        laptop("plot", "add", "--code", f"OWN{number}")
    logs = [identity(laptop)[3] for laptop in laptops]
    assert len(set(logs)) == 4
    assert laptops[1].json("status")["is_copy"] is True
    assert "copy  " in laptops[1]("status")
    all_sync_in_any_order(laptops)
    assert all(everything(laptop) == everything(enrolled) for laptop in laptops)
    assert len({identity(laptop)[:2] for laptop in laptops}) == 1


def test_a_backup_that_replaces_a_lost_laptop_goes_on_with_its_key(
    served, project, enrolled, tmp_path
):
    device, key, _, _ = identity(enrolled)
    restored = copied(enrolled, tmp_path / "restored")
    shutil.rmtree(enrolled.home)
    served.admin("device", "revoke", device)
    restored("plot", "edit", "HF", "--area-ha", 2)
    restored("enrol", served.url, served.code(project), "--replaces")
    assert identity(restored)[1] == key
    assert restored.json("status")["is_copy"] is False
    assert restored.sync()["accepted"] == 1
    assert restored.json("status")["safe_to_wipe"]


@pytest.mark.parametrize("is_enrolled", [False, True])
def test_disks_copied_block_by_block_are_told_apart_by_their_machines(
    served, project, enrolled, tmp_path, monkeypatch, is_enrolled
):
    image = enrolled if is_enrolled else Laptop(tmp_path, "fresh")
    machines = Machines(image, monkeypatch)
    laptops = [machines.on(f"lap-{number}") for number in range(3)]
    for number, laptop in enumerate(laptops):
        if is_enrolled:
            # Noticed before anything is recorded, and enrolled only then.
            laptop("plot", "add", "--code", f"EARLY{number}")
        laptop("enrol", served.url, served.code(project))
        laptop.sync()
        laptop("plot", "add", "--code", f"OWN{number}")
    all_sync_in_any_order(laptops)
    found = []
    for laptop in laptops:
        found.append(laptop.json("plot", "list"))
        assert laptop.json("status")["safe_to_wipe"]
        assert laptop.json("conflicts") == laptop.json("fix") == []
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == (7 if is_enrolled else 4)
    devices = set()
    for laptop in laptops:
        machines.on(laptop.name)
        devices.add(identity(laptop)[:2])
    assert len({key for _, key in devices}) == 3
    assert len({device for device, _ in devices}) == 3


def test_an_image_has_no_key_even_if_somebody_tried_to_enrol_it(served, tmp_path):
    image = Laptop(tmp_path, "image")
    image("enrol", served.url, "NO-SUCH-CODE", code=4)
    assert identity(image)[1] is None


def test_who_works_on_a_laptop_of_a_fleet_is_said_when_it_is_enrolled(
    served, project, tmp_path
):
    image = Laptop(tmp_path, "image")
    words = ("--name", "north-2", "--person", "Bo Ek")
    image("enrol", served.url, served.code(project), *words)
    image.sync()
    image("plot", "add", "--code", "A")
    image.sync()
    other = Laptop(tmp_path, "other")
    other("enrol", served.url, served.code(project))
    other.sync()
    image("plot", "edit", "A", "--area-ha", 1)
    other("plot", "edit", "A", "--area-ha", 2)
    other.sync()
    image.sync(code=1)
    found = json.loads(served.admin("conflict", "list", "--json"))
    assert ("Bo Ek", "north-2") in {(row["person"], row["device"]) for row in found}
