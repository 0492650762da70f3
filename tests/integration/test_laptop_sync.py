"""Real laptops and a real server: they meet, merge, clash and agree again."""

import json
import re
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.cli.root import cli
from collector.store.sqlite import LaptopStore
from server.cli import main as server_cli
from tests.processes import server_process, typed

FIXTURES = Path(__file__).parents[2] / "fixtures"
LAYER = ["--depth-top-cm", "0", "--depth-bottom-cm", "30"]
SAMPLE = ["sample", "add", "--plot", "HF", "--point", "1", "--campaign", "2026"]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    data = tmp_path_factory.mktemp("served") / "data"
    typed(data, "init")
    with server_process(data) as url:
        yield Served(data, url)


class Served:
    """A server process, and its administrator."""

    def __init__(self, data, url):
        self.data, self.url, self.projects = data, url, 0

    def admin(self, *words):
        done = CliRunner().invoke(server_cli, ["--data", str(self.data), *words])
        assert done.exit_code == 0, (words, done.output)
        return done.stdout

    def project(self):
        self.projects += 1
        code = f"P{self.projects}"
        self.admin("project", "add", "--code", code, "--title", code)
        return code

    def code(self, project, *, may_begin=False):
        may = ("--may-begin-projects",) if may_begin else ()
        text = self.admin("device", "code", "--project", project, *may, "--json")
        return json.loads(text)["code"]


class Laptop:
    """A home directory, and a person who types."""

    def __init__(self, home, name):
        self.home = home / name
        self("init", "--name", name, "--person", name)

    def __call__(self, *words, code=0):
        given = ["--home", str(self.home), *map(str, words)]
        done = CliRunner().invoke(cli, given)
        assert done.exit_code == code, (words, done.output)
        return done.stdout

    def json(self, *words, code=0):
        return json.loads(self(*words, "--json", code=code))

    def sync(self, code=0):
        return self.json("sync", code=code)


def copied(laptop, home):
    """Return a laptop whose data are a copy of another one's."""
    shutil.copytree(laptop.home, home)
    copy = Laptop.__new__(Laptop)
    copy.home = home
    return copy


def project_of(laptop):
    (only,) = laptop.json("project", "list")
    return only["name"]


@pytest.fixture
def pair(served, tmp_path):
    """Two laptops of one project, both with plot HF, point 1 and campaign 2026."""
    project = served.project()
    laptops = [Laptop(tmp_path, name) for name in ("one", "two")]
    for laptop in laptops:
        laptop("enrol", served.url, served.code(project))
        laptop.sync()
    return laptops


def prepare(laptop):
    """Type what a sample needs."""
    laptop("plot", "add", "--code", "HF", "--land-use", "cropland")
    laptop("point", "add", "--plot", "HF", "--code", "1")
    given = "campaign add --name 2026 --purpose baseline --start-date 2026-05-01"
    laptop(*given.split())
    given = "core add --plot HF --point 1 --campaign 2026 --sampled-at 2026-05-03"
    laptop(*given.split())


def everything(laptop):
    """Return every record as the laptop shows it."""
    return {
        kind: {
            one["id"]: one["fields"]
            for one in laptop.json(kind, "list", "--limit", 10_000)
        }
        for kind in ("project", "plot", "point", "campaign", "core", "sample")
    }


def test_two_offline_laptops_record_the_same_place_and_it_is_one(pair):
    one, two = pair
    prepare(one)
    prepare(two)
    one("plot", "edit", "HF", "--note", "wet in spring")
    two(*SAMPLE, "--sample-code", "HF-1", *LAYER)
    first, second = one.sync(), two.sync()
    assert (first["accepted"], first["pushed"]) == (5, 5)
    assert second["conflicts"] == second["quarantined"] == 0
    one.sync()
    assert everything(one) == everything(two)
    shown = two.json("plot", "show", "HF")["fields"]
    assert shown["note"] == "wet in spring"
    assert one.json("sample", "show", "HF-1")["state"] == "accepted"
    assert one.json("status")["safe_to_wipe"] is True


def test_an_empty_sync_is_one_small_request(pair):
    one, _ = pair
    found = one.sync()
    assert found["requests"] == 1
    assert found["bytes_sent"] + found["bytes_received"] <= 600


def test_two_unseen_values_of_a_measurement_wait_for_a_person(pair):
    one, two = pair
    prepare(one)
    one.sync()
    two.sync()
    one("plot", "edit", "HF", "--area-ha", "2")
    two("plot", "edit", "HF", "--area-ha", "3")
    one.sync()
    found = two.sync(code=1)
    assert found["conflicts"] == 1
    assert two.json("plot", "show", "HF")["fields"]["area_ha"] == 2.0
    (conflict,) = two.json("conflicts", code=1)
    assert conflict["stood"] == {"area_ha": 2.0}
    assert conflict["other"] == {"area_ha": 3.0}
    assert "area-ha 3" in two("conflicts", code=1)
    one.sync(code=1)
    assert len(one.json("conflicts", code=1)) == 1
    assert one.json("plot", "show", "HF")["state"] == "conflict"
    assert everything(one) == everything(two)


def test_unseen_descriptions_merge(pair):
    one, two = pair
    prepare(one)
    one.sync()
    two.sync()
    one("plot", "edit", "HF", "--note", "first")
    two("plot", "edit", "HF", "--farm", "second")
    one.sync()
    assert two.sync()["merged"] == 1
    one.sync()
    assert everything(one) == everything(two)
    fields = one.json("plot", "show", "HF")["fields"]
    assert (fields["note"], fields["farm"]) == ("first", "second")


def test_the_same_bag_label_on_two_cores_is_quarantined_and_fixed(pair):
    one, two = pair
    prepare(one)
    one.sync()
    two.sync()
    two("point", "add", "--plot", "HF", "--code", "2")
    given = "core add --plot HF --point 2 --campaign 2026 --sampled-at 2026-05-03"
    two(*given.split())
    one(*SAMPLE, "--sample-code", "BAG", *LAYER)
    words = [
        "sample",
        "add",
        "--plot",
        "HF",
        "--point",
        "2",
        "--campaign",
        "2026",
        "--sample-code",
        "BAG",
    ]
    two(*words, *LAYER)
    two(
        *[
            "result",
            "add",
            "--sample",
            "BAG",
            "--analyte",
            "soc",
            "--value",
            "14",
            "--unit",
            "g_kg",
        ],
        *["--method", "tinsley"],
    )
    one.sync()
    done = two.sync(code=1)
    assert (done["quarantined"], done["held"]) == (1, 1)
    listed = two.json("fix", code=1)
    assert [entry["type"] for entry in listed] == ["sample", "result"]
    assert listed[0]["reasons"][0]["code"] == "key_taken"
    assert listed[1]["reasons"][0]["code"] == "waits_for"
    assert "--set sample-code" in two("fix", code=1)
    status = two.json("status", code=1)
    assert (status["quarantined"], status["held"]) == (1, 1)
    assert not status["safe_to_wipe"]
    two("fix", "BAG", "--set", "sample_code=BAG-2")
    found = two.sync()
    assert (found["accepted"], found["settled_late"]) == (1, 1)
    assert two.json("fix") == []
    one.sync()
    assert everything(one) == everything(two)
    assert one.json("result", "show", "BAG-2/soc")["fields"]["value"] == 14.0


def test_a_change_that_is_given_up_leaves_both_sides(pair):
    one, two = pair
    prepare(one)
    one.sync()
    two.sync()
    given = "core add --plot HF --point 1 --campaign 2026 --number 2"
    two(*given.split(), "--sampled-at", "2026-05-03")
    one(*SAMPLE, "--sample-code", "BAG", *LAYER)
    words = [*SAMPLE, "--core-number", "2", "--sample-code", "BAG"]
    two(*words, *LAYER)
    one.sync()
    two.sync(code=1)
    two("fix", "BAG", "--discard", "--yes")
    two.sync()
    one.sync()
    assert everything(one) == everything(two)
    assert len(two.json("sample", "list")) == 1


def test_a_project_may_begin_on_a_laptop(served, tmp_path):
    known = served.project()
    one = Laptop(tmp_path, "one")
    one("enrol", served.url, served.code(known, may_begin=True))
    one("project", "add", "--code", "NEW", "--title", "begun in the field")
    one("plot", "add", "--code", "A", "--project", "NEW")
    found = one.sync()
    assert (found["accepted"], found["pushed"]) == (2, 2)
    two = Laptop(tmp_path, "two")
    two("enrol", served.url, served.code("NEW"))
    two.sync()
    assert [p["name"] for p in two.json("plot", "list")] == ["A"]


def test_deleting_reaches_the_others(pair):
    one, two = pair
    one("plot", "add", "--code", "A")
    one.sync()
    two.sync()
    two("plot", "delete", "A", "--yes")
    two.sync()
    one.sync()
    assert one.json("plot", "list") == two.json("plot", "list") == []


def test_an_edit_of_what_another_deleted_is_a_conflict(pair):
    one, two = pair
    one("plot", "add", "--code", "A")
    one.sync()
    two.sync()
    two("plot", "delete", "A", "--yes")
    one("plot", "edit", "A", "--area-ha", "2")
    two.sync()
    assert one.sync(code=1)["conflicts"] == 1


def test_a_laptop_that_is_enrolled_again_goes_on_with_its_log(pair, served):
    one, two = pair
    one("plot", "add", "--code", "A")
    one.sync()
    one("enrol", served.url, served.code(project_of(one)))
    assert one.sync()["pushed"] == 0
    one("plot", "add", "--code", "B")
    assert one.sync()["accepted"] == 1
    assert one.json("status")["safe_to_wipe"]
    device = one.json("status")["device"]
    shown = json.loads(served.admin("device", "show", device, "--json"))
    assert (shown["changes"]["total"], shown["changes"]["accepted"]) == (2, 2)
    two.sync()
    assert everything(one) == everything(two)


def test_a_copy_that_is_recovered_and_enrolled_goes_on_beside_the_first(
    pair, served, tmp_path
):
    one, _ = pair
    one("plot", "add", "--code", "A")
    one.sync()
    copy = copied(one, tmp_path / "copy")
    copy("plot", "add", "--code", "B")
    one("plot", "add", "--code", "C")
    copy("recover")
    copy("enrol", served.url, served.code(project_of(one)))
    found = copy.sync()
    assert (found["accepted"], found["duplicates"]) == (2, 1)
    assert one.sync()["accepted"] == 1
    copy("plot", "edit", "B", "--area-ha", "2")
    one("plot", "edit", "A", "--area-ha", "2")
    for laptop in (copy, one, copy, one):
        laptop.sync()
    assert everything(one) == everything(copy)
    assert all(laptop.json("status")["safe_to_wipe"] for laptop in (one, copy))


def test_a_code_is_good_for_one_laptop(served, tmp_path):
    project = served.project()
    code = served.code(project)
    Laptop(tmp_path, "one")("enrol", served.url, code)
    found = Laptop(tmp_path, "two").json("enrol", served.url, code, code=4)
    assert found["error"]["code"] == "bad_code"
    assert "new code" in found["error"]["hint"]


def test_a_whole_campaign_reaches_the_other_laptop_with_its_stocks(pair):
    one, two = pair
    one(
        "project",
        "edit",
        one.json("project", "list")[0]["name"],
        "--reference-depth-cm",
        "23",
    )
    file = FIXTURES / "campaigns" / "highfield_bare_fallow_1959_2014.csv"
    mapping = FIXTURES / "mappings" / "highfield_bare_fallow.toml"
    one("import", "layers", file, "--mapping", mapping, "--write")
    found = one.sync()
    assert found["pushed"] == found["accepted"] == 174
    # The server derives when nothing has come for a moment.
    until = time.monotonic() + 60
    while time.monotonic() < until:
        two.sync()
        stocks = two.json("stocks")
        if len(stocks["stocks"]) == 32 and any(
            change["n0"] for change in stocks["changes"]
        ):
            break
    point = next(
        one
        for one in stocks["stocks"]
        if (one["campaign"], one["point"]) == ("1959", "1")
    )
    # The file prints 61.880 t/ha from 2.172 M kg/ha; ours is from its density.
    assert point["soc_stock_t_ha"] == pytest.approx(61.88, abs=0.05)
    assert re.search(r"HF +1959 - 2014", two("stocks"))
    assert everything(one) == everything(two)


class CuttingProxy:
    """Passes requests on and keeps back the end of each answer."""

    def __init__(self, url):
        host, port = url.removeprefix("http://").split(":")
        self.target = (host, int(port))
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.cut = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client, socket.create_connection(self.target) as server:
                self._pass_on(client, server)

    def _pass_on(self, client, server):
        request = b""
        while b"\r\n\r\n" not in request or not self._is_whole(request):
            request += client.recv(65536)
        server.sendall(request)
        answer = server.recv(10**6)
        while not self._is_whole(answer):
            answer += server.recv(10**6)
        client.sendall(answer[: len(answer) // 2])
        self.cut += 1

    @staticmethod
    def _is_whole(message):
        head, _, body = message.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        return length is not None and len(body) >= int(length[1])


def test_a_lost_answer_is_asked_for_again_and_nothing_is_doubled(pair, served):
    one, two = pair
    prepare(one)
    proxy = CuttingProxy(served.url)
    direct = point_at(one, proxy.url)
    assert "nothing is lost" in one.json("sync", code=3)["error"]["hint"]
    proxy.socket.close()
    assert proxy.cut == 3, "it is tried three times"
    assert one.json("status")["pending"] == 4
    point_at(one, direct)
    found = one.sync()
    assert (found["accepted"], found["duplicates"], found["pending"]) == (4, 4, 0)
    two.sync()
    assert everything(one) == everything(two)


def point_at(laptop, url):
    """Send a laptop to another address; return the one it had."""
    key = bytes.fromhex((laptop.home / "key").read_text().strip())
    store = LaptopStore(laptop.home / "permille.db", key)
    before = store.setting("server")
    store.set_settings({"server": url})
    store.close()
    return before


def test_an_undo_gives_back_what_came_from_another_laptop(pair):
    one, two = pair
    prepare(one)
    one("plot", "edit", "HF", "--note", "stony")
    one.sync(), two.sync()
    two("plot", "edit", "HF", "--note", "sandy", "--area-ha", "2")
    two.sync()
    two("plot", "edit", "HF", "--note", "wet")
    two.sync(), one.sync()
    one("plot", "edit", "HF", "--area-ha", "3")
    one.sync(), two.sync()
    done = two.json("undo", "--since", "today", "--write", "--reason", "x", code=1)
    (kept,) = done["kept"]
    assert kept["why"] == "somebody elsewhere has written area-ha since"
    two.sync(), one.sync()
    fields = one.json("plot", "show", "HF")["fields"]
    assert (fields["note"], fields["area_ha"]) == ("stony", 3.0)
