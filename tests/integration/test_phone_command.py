"""`permille-server phone`: what an administrator types, and the code that Collect scans."""

import asyncio
import json
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from server.phones.names import CORE_FORM
from server.phones.scan_code import in_letters
from tests.collect import Collect, core, filled, layer, settings_of
from tests.integration.test_laptop_sync import Served
from tests.laptop import new_id
from tests.processes import server_process, typed

ADDRESS = ("--address", "https://soil.example.org")


@pytest.fixture
def data(tmp_path):
    """A server with one project, which nobody serves."""
    path = tmp_path / "data"
    typed(path, "init")
    typed(path, "project", "add", "--code", "HF", "--title", "Highfield")
    return path


def scanned(picture):
    """Return what a scanner reads of a picture."""
    (found,) = zxingcpp.read_barcodes(picture.convert("L"))
    return found.text


def test_the_code_holds_the_settings_that_collect_documents(data):
    said = json.loads(
        typed(
            data, "phone", "add", "HF", "ada", "--person", "Ada", *ADDRESS, "--json"
        ).stdout
    )
    settings = settings_of(said["code"])
    assert settings == said["settings"]
    url = settings["general"].pop("server_url")
    assert settings == {
        "general": {
            "form_update_mode": "match_exactly",
            "autosend": "wifi_and_cellular",
            "metadata_username": "Ada",
        },
        "admin": {},
        "project": {"name": "HF"},
    }
    start, token, end = url.partition("/key/")[0], *url.split("/key/")[1].split("/", 1)
    assert start == "https://soil.example.org/v1"
    assert len(token) >= 43
    assert end == f"projects/{said['project']}"
    assert "secret" not in said
    # It is nowhere on the disk.
    assert all(
        token.encode() not in path.read_bytes()
        for path in data.rglob("*")
        if path.is_file()
    )


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_picture_of_the_code_is_read_by_a_scanner(data, tmp_path, kind):
    file = tmp_path / f"ada.{kind}"
    done = typed(data, "phone", "add", "HF", "ada", *ADDRESS, "--qr", file)
    assert f"Code: {file}" in done.output
    assert file.stat().st_mode & 0o077 == 0
    if kind == "svg":
        assert file.read_text().startswith("<?xml")
        return
    if kind == "pdf":
        with pypdfium2.PdfDocument(file) as document:
            page = document[0]
            picture = page.render(scale=3).to_pil()
            page.close()
    else:
        picture = Image.open(BytesIO(file.read_bytes()))
    assert settings_of(scanned(picture))["project"]["name"] == "HF"


def test_the_code_on_a_screen_is_read_by_a_scanner():
    lines = in_letters("x" * 300)
    size = (len(lines[0]), 2 * len(lines))
    picture = Image.new("L", size, 0)
    for row, line in enumerate(lines):
        for column, letter in enumerate(line):
            upper, lower = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}[letter]
            picture.putpixel((column, 2 * row), 255 * upper)
            picture.putpixel((column, 2 * row + 1), 255 * lower)
    large = picture.resize((size[0] * 4, size[1] * 4), Image.Resampling.NEAREST)
    assert scanned(large) == "x" * 300
    assert len(lines[0]) <= 80


REFUSED = [
    (("HF", "ada"), 2, "--address"),
    (("HF", "ada", "--address", "http://soil.example.org"), 2, "in the clear"),
    (("HF", "ada", "--address", "soil.example.org"), 2, "no address"),
    (("HF", "ada", "--address", "https://a@b.org"), 2, "no address"),
    (("HF", "ada", "--address", "https://[x"), 2, "no address"),
    (("none", "ada", *ADDRESS), 4, "there is no project none"),
    (("HF", "", *ADDRESS), 2, "blank"),
    (("HF", "ada", *ADDRESS, "--qr", "ada.gif"), 2, ".png, .svg, .pdf"),
    (("HF", "ada", *ADDRESS, "--qr", "no/where.png"), 2, "no folder"),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED)
def test_what_cannot_be_is_refused_before_anything_is_made(data, words, code, said):
    done = typed(data, "phone", "add", *words, code=code)
    assert said in " ".join(done.output.split())
    assert json.loads(typed(data, "phone", "list", "--json").stdout) == []


def test_a_phone_is_listed_and_revoked_by_its_name(data):
    typed(data, "phone", "add", "HF", "ada", *ADDRESS)
    done = typed(data, "phone", "add", "HF", "ada", code=4)
    assert "phone revoke ada" in done.output
    assert "never" in typed(data, "phone", "list").output
    assert "last used: never" in typed(data, "phone", "revoke", "ada").output
    # Its name is free again, and the address is known.
    typed(data, "phone", "add", "HF", "ada")
    (old, new) = json.loads(typed(data, "phone", "list", "--json").stdout)
    assert (old["revoked_at"] is None, new["revoked_at"]) == (False, None)
    assert new["address"] == ADDRESS[1]
    assert "0 laptops" in typed(data, "device", "list").output


PHOTO = b"\xff\xd8\xff\xe0one"


@pytest.fixture
def sent(data):
    """A form of which nothing can stand, with one of its two photos; and the token."""
    with server_process(data) as url:
        added = Served(data, url).admin(
            "phone", "add", "HF", "ada", "--address", url, "--json"
        )
        phone = Collect(json.loads(added)["settings"]["general"]["server_url"])
        layers = [layer("0", "10", "L1"), layer("30", "10", "L2", "", "b.jpg")]
        answers = core(new_id(), new_id(), layers, photos=["../../a.jpg"])
        xml = filled(CORE_FORM, answers)
        done = asyncio.run(phone.send(xml, [("../../a.jpg", PHOTO)]))
        assert done.status == 201
    return xml, phone.url.split("/key/")[1].split("/")[0]


def test_what_a_phone_sent_is_listed_and_shown(data, sent):
    assert "b.jpg" in typed(data, "phone", "submissions", "--incomplete").output
    (one,) = json.loads(typed(data, "phone", "submissions", "--json").stdout)
    assert (one["stand"], one["wait"], one["files_missing"]) == (0, 4, ["b.jpg"])
    shown = typed(data, "phone", "show", "uuid:1").output
    assert "sample L2" in shown
    assert "[depth_order]" in shown
    assert "files to come: b.jpg" in shown
    typed(data, "phone", "show", "uuid:2", code=4)
    waits = json.loads(typed(data, "quarantine", "list", "--json").stdout)
    assert [each["part_of"] for each in waits] == ["form uuid:1 of phone ada"]
    told = typed(data, "quarantine", "show", "L2").output
    assert "part of: form uuid:1 of phone ada" in told


def test_what_a_phone_sent_is_copied_out_to_the_letter(data, sent, tmp_path):
    folder = tmp_path / "form"
    typed(data, "phone", "show", "uuid:1", "--out", folder)
    assert (folder / "form.xml").read_bytes() == sent[0]
    (file,) = folder.glob("*.jpg")
    assert file.read_bytes() == PHOTO
    assert sorted(path.name for path in folder.iterdir()) == [file.name, "form.xml"]
    again = typed(data, "phone", "show", "uuid:1", "--out", folder, code=4)
    assert "exists already" in again.output


def test_the_token_of_a_phone_stands_in_no_log(data, sent):
    log = (data.parent / "server.log").read_text()
    assert "/v1/key/.../projects/" in log
    assert sent[1] not in log
    assert typed(data, "verify").exit_code == 0


def test_a_file_of_a_phone_that_is_gone_is_found(data, sent):
    assert sent
    (file,) = [path for path in (data / "blobs").glob("??/*") if path.is_file()]
    file.unlink()
    done = typed(data, "verify", code=4)
    assert "a phone sent it, and it is not here" in " ".join(done.output.split())
