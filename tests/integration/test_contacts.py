"""Contacts apart from samples: kept, proved, agreed, erased; nothing of them in a log."""

import asyncio
import hashlib
import hmac
import json

import pytest
from click.testing import CliRunner

from server.access.consents import due_contacts
from server.access.contacts import add_contact, known_contacts
from server.access.personal import Personal
from server.cli import main
from server.clock import Clock
from tests.processes import typed as typed_here

ADA = {
    "name": "Ada Diallo",
    "telephone": "+221 77 123 45 67",
    "email": "ada@example.org",
    "address": "12 rue Félix Faure, Thiès",
    "note": "prefers mornings",
}
OPTIONS = [word for name, text in ADA.items() for word in (f"--{name}", text)]


async def typed(server, *words, code=0, **more):
    return await asyncio.to_thread(
        typed_here, server.data.path, *words, code=code, **more
    )


async def asked(server, *words, code=0):
    return json.loads((await typed(server, *words, "--json", code=code)).stdout)


async def add(server, *words):
    laptop = await server.laptop("north")
    for code in ("P1", "P2"):
        laptop.add("plot", {"code": code, "area_ha": 1.0})
    await laptop.sync()
    own = ("contact", "add", "--project", "HF", *OPTIONS, "--plot", "P1")
    return (await asked(server, *own, *words))["contact"]


async def everything(server):
    """Return all that the tables of the server say, as bytes."""

    def read(tx):
        said = []
        for name in ("contact", "contact_key", "contact_plot", "consent", "audit_line"):
            rows = tx.connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - names of ours
            said += [
                bytes(cell)
                if isinstance(cell, bytes | memoryview)
                else str(cell).encode()
                for row in rows
                for cell in row
            ]
        return b"\n".join(said)

    return await server.ask(lambda store: store.read(read))


def files(server):
    return b"".join(p.read_bytes() for p in server.data.path.glob("permille.db*"))


async def test_a_contact_is_kept_shown_and_changed_by_name_or_id(server):
    place = await add(server)
    shown = await asked(server, "contact", "show", "Ada Diallo")
    assert shown["personal"] == ADA
    assert list(shown["plots"].values()) == ["P1"]
    changed = ("--telephone", "", "--address", "Thiès", "--plot", "P2")
    await typed(server, "contact", "edit", place[:13], *changed)
    (listed,) = await asked(server, "contact", "list", "--project", "HF")
    assert listed["personal"] == {**ADA, "telephone": None, "address": "Thiès"}
    assert list(listed["plots"].values()) == ["P2"]
    words = (await typed(server, "contact", "show", place)).stdout
    assert "Ada Diallo" in words
    assert "P2" in words
    assert (
        "there is no contact Bo"
        in (await typed(server, "contact", "show", "Bo", code=4)).output
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--name", "Bo", "--email", "bo"), "email = bo"),
        (("--name", "Bo", "--telephone", "call me"), "telephone = call me"),
        (("--name", " "), "name"),
        (("--name", "x" * 300), "too long"),
        (("--email", "bo@example.org"), "nobody was named"),
        (("--name", "Bo", "--plot", "none"), "there is no plot none"),
        (("--file", "missing.json"), "missing.json"),
    ],
)
async def test_what_cannot_be_kept_is_told_and_nothing_is(server, words, told):
    done = await asyncio.to_thread(_refused, server, words)
    assert done.exit_code in {2, 4}, done.output
    assert told in done.output
    assert await asked(server, "contact", "list") == []


def _refused(server, words):
    line = ["--data", str(server.data.path), "contact", "add", "--project", "HF"]
    return CliRunner().invoke(main, [*line, *words])


async def test_a_contact_comes_from_a_file_too(server, tmp_path):
    await add(server)
    shown = await asked(server, "contact", "show", "Ada Diallo")
    file = tmp_path / "ada.json"
    shown["personal"]["name"] = "Bo Ek"
    file.write_text(json.dumps(shown))
    await typed(server, "contact", "add", "--project", "HF", "--file", file)
    one = ("contact", "add", "--project", "HF", "--file", "-")
    await typed(server, *one, input='{"name": "Cy"}')
    file.write_text('{"name": "Di", "age": 40}')
    assert "age = 40" in (await typed(server, *one[:-1], file, code=4)).output
    file.write_text("[")
    assert "is no JSON" in (await typed(server, *one[:-1], file, code=2)).output
    names = {one["personal"]["name"] for one in await asked(server, "contact", "list")}
    assert names == {"Ada Diallo", "Bo Ek", "Cy"}


async def test_nothing_personal_stands_in_the_audit_log_nor_in_a_table(server):
    await add(server)
    how = ("--purpose", "sampling", "--how", "paper")
    await typed(server, "contact", "consent", "add", "Ada Diallo", *how)
    await typed(server, "contact", "edit", "Ada Diallo", "--note", "hard of hearing")
    lines = [
        one
        for one in await asked(server, "audit", "list")
        if one["command"].startswith("contact")
    ]
    assert [one["command"] for one in lines] == [
        *("contact add", "contact consent add", "contact edit")
    ]
    assert lines[0]["said"]["telephone"] == "(personal)"
    assert lines[0]["said"]["plots"] == ["P1"]
    assert {p for one in lines for p in one["projects"]} == {server.project_id}
    said = await everything(server) + files(server)
    for text in [*ADA.values(), "hard of hearing"]:
        assert text.encode() not in said
        assert json.dumps(text).encode() not in said


async def test_before_it_is_erased_the_log_proves_what_was_there(server):
    place = await add(server)
    shown = await asked(server, "contact", "show", place)
    (line,) = shown["audit_lines"]
    (contact,) = await server.ask(lambda store: store.read(lambda tx: tx.contacts()))
    said = json.dumps(ADA, ensure_ascii=False, sort_keys=True).encode()
    proof = hmac.new(contact.sealed.salt, said, hashlib.sha256).hexdigest()
    noted = {one["number"]: one for one in await asked(server, "audit", "list")}
    assert noted[line]["said"]["contacts"] == [f"{place} {proof}"]
    await typed(server, "contact", "edit", place, "--note", "")
    (later,) = (await asked(server, "contact", "show", place))["audit_lines"]
    assert later > line


async def test_an_erased_contact_is_gone_for_good_and_every_chain_holds(server):
    place = await add(server)
    await typed(
        server,
        "contact",
        "consent",
        "add",
        place,
        "--purpose",
        "contact",
        "--how",
        "paper",
    )
    (before,) = await server.ask(lambda store: store.read(lambda tx: tx.contacts()))
    erase = ("contact", "erase", "Ada Diallo", "--reason", "asked for in a letter")
    assert "needs a yes" in (await typed(server, *erase, code=4)).output
    done = await asked(server, "--person", "Cy", *erase, "--yes")
    assert done == {"erased": [place], "is_gone": True}
    (after,) = await asked(server, "contact", "list", "--erased")
    assert (after["id"], after["personal"], after["plots"]) == (place, None, {})
    assert after["erased_by"] == "Cy"
    assert after["erased_because"] == "asked for in a letter"
    assert [one["purpose"] for one in after["consents"]] == ["contact"]
    said = await everything(server) + files(server)
    for part in (before.sealed.key, before.sealed.salt, before.sealed.text):
        assert part not in said
    await typed(server, "audit", "verify")
    await typed(server, "verify")
    assert (await asked(server, *erase, "--yes", code=4))["error"]
    again = await asked(server, "contact", "erase", place, "--reason", "x", "--yes")
    assert again["erased"] == []
    refused = await typed(server, "contact", "edit", place, "--name", "Ada", code=4)
    assert "was erased" in refused.output


async def test_contacts_of_a_table_are_kept_whole_or_not_at_all(server, tmp_path):
    await add(server)
    file = tmp_path / "farmers.csv"
    own = ("contact", "import", file, "--project", "HF")
    head = "name;telephone;email;plots;purposes;how;given_on;ends_on"
    good = "Bo Ek;;bo@example.org;P1,P2;sampling,contact;paper;2026-05-04;2031-05-03"
    bad = [
        "Cy;12;;;;;;",
        ";;cy@example.org;;;;;",
        "Di;;;P9;;;;",
        "El;;;;dancing;paper;2026-05-04;",
        "Fi;;;;sampling;sung;tomorrow;",
    ]
    file.write_text(
        "\n".join([head, good, *bad])
        .replace(";", ",")
        .replace("P1,P2", '"P1;P2"')
        .replace("sampling,contact", '"sampling;contact"')
    )
    said = (await typed(server, *own, code=4)).output
    for told in ("line 3 telephone", "line 4 name", "dancing", "sung", "tomorrow"):
        assert told in said, said
    rows = file.read_text().splitlines()
    file.write_text("\n".join([*rows[:2], rows[4]]))
    assert "line 3 plots = P9" in (await typed(server, *own, code=4)).output
    file.write_text("\n".join([*rows[:2], "Ada Diallo,,,,,,,"]))
    assert "1 contact would be added" in (await typed(server, *own, "--dry-run")).stdout
    assert len(await asked(server, "contact", "list")) == 1
    done = await asked(server, *own)
    assert (done["new"], done["already_there"]) == (1, [3])
    shown = await asked(server, "contact", "show", "Bo Ek")
    assert sorted(shown["plots"].values()) == ["P1", "P2"]
    assert [one["purpose"] for one in shown["consents"]] == ["sampling", "contact"]
    assert all(one["in_force"] for one in shown["consents"])
    assert shown["audit_lines"]
    file.write_text("name,colour\nBo,red\n")
    assert "colour" in (await typed(server, *own, code=4)).output


async def test_a_consent_holds_until_it_ends_or_is_withdrawn(server):
    place = await add(server)
    give = ("contact", "consent", "add", place, "--how", "spoken", "--purpose")
    await typed(server, *give, "sampling", "--given-on", "2026-01-01")
    past = ("--given-on", "2020-01-01", "--ends-on", "2020-12-31")
    await typed(server, *give, "contact", *past)
    (listed,) = await asked(server, "contact", "list")
    assert [one["in_force"] for one in listed["consents"]] == [True, False]
    for wrong, told in (
        (("--given-on", "2199-01-01"), "still to come"),
        (("--given-on", "x"), "given-on = x"),
        (("--given-on", "2026-05-01", "--ends-on", "2026-04-30"), "ends-on"),
    ):
        assert told in (await typed(server, *give, "contact", *wrong, code=4)).output
    end = ("contact", "consent", "withdraw", "Ada Diallo", "--purpose")
    assert "in force" in (await typed(server, *end, "contact", code=4)).output
    await typed(server, *end, "sampling")
    held = [
        one["in_force"] for one in await asked(server, "contact", "consent", "list")
    ]
    assert held == [False, False]
    assert "2 consents" in (await typed(server, "contact", "consent", "list")).stdout


class Earlier(Clock):
    """A clock that runs a year late."""

    def now_ms(self):
        return super().now_ms() - 365 * 86_400_000


async def test_who_agreed_to_nothing_for_long_is_named_and_erased_when_asked(server):
    place = await add(server)

    def earlier(tx):
        person = Personal("Bo Ek")
        return add_contact(tx, Earlier(), server.project_id, person).contact.id

    old = await server.ask(lambda store: store.write(earlier))
    found = await asked(server, "contact", "due", code=1)
    assert found["keep_days"] == 90
    assert [(one["id"], one["name"]) for one in found["due"]] == [(old, "Bo Ek")]
    assert found["due"][0]["days"] == 365
    await typed(server, "contact", "retain", "400")
    assert (await asked(server, "contact", "due"))["due"] == []
    await typed(server, "contact", "retain", "30")
    assert (
        "needs a yes"
        in (await typed(server, "contact", "erase", "--due", code=4)).output
    )
    done = await asked(server, "contact", "erase", "--due", "--yes")
    assert done["erased"] == [old]
    (gone,) = await asked(server, "contact", "list", "--erased")
    assert gone["erased_because"] == "no consent in force for 30 days"
    assert (await asked(server, "contact", "erase", "--due", "--yes"))["erased"] == []
    later = await server.ask(
        lambda store: store.read(lambda tx: due_contacts(tx, "2199-01-01"))
    )
    assert [one.contact.id for one in later] == [place]


async def test_a_contact_of_a_consent_that_ended_is_due_from_that_day_on(server):
    await add(server)
    words = ("--purpose", "sampling", "--how", "paper", "--ends-on", "2198-12-01")
    await typed(server, "contact", "consent", "add", "Ada Diallo", *words)

    def due(day):
        return server.ask(lambda store: store.read(lambda tx: due_contacts(tx, day)))

    assert await due("2198-12-01") == await due("2199-03-01") == []
    (one,) = await due("2199-03-03")
    assert (one.since, one.days) == ("2198-12-02", 91)


async def test_a_text_that_was_put_under_another_contact_does_not_open(server):
    await add(server)
    await asked(server, "contact", "add", "--project", "HF", "--name", "Bo Ek")

    def swap(tx):
        one, two = tx.contacts()
        tx.reseal_contact(one._replace(sealed=two.sealed))

    await server.ask(lambda store: store.write(swap))
    said = await typed(server, "contact", "list", code=4)
    assert "does not open with its key" in said.output
    assert "Traceback" not in said.output


async def test_contacts_are_told_apart_by_their_ids(server):
    await add(server)
    other = await asked(
        server, "contact", "add", "--project", "HF", "--name", ADA["name"]
    )
    said = (await typed(server, "contact", "show", "Ada Diallo", code=4)).output
    assert "several contacts" in said
    assert (await asked(server, "contact", "show", other["contact"]))["personal"][
        "name"
    ]
    known = await server.ask(lambda store: store.read(known_contacts))
    assert len(known) == 2


async def test_who_was_erased_before_a_restore_is_erased_again_by_a_list(
    server, tmp_path
):
    place = await add(server)
    await asked(server, "contact", "add", "--project", "HF", "--name", "Bo Ek")
    listed = tmp_path / "erased.json"
    listed.write_text(json.dumps([{"id": place, "personal": None}]))
    again = ("contact", "erase", "--again", listed)
    assert "needs a yes" in (await typed(server, *again, code=4)).output
    assert (await asked(server, *again, "--yes"))["erased"] == [place]
    assert (await asked(server, *again, "--yes"))["erased"] == []
    left = {
        one.get("personal") is None for one in await asked(server, "contact", "list")
    }
    assert left == {True, False}
    listed.write_text("[1]")
    assert "no list of contacts" in (await typed(server, *again, code=2)).output
    both = ("contact", "erase", "Bo Ek", "--due", "--reason", "x", "--yes")
    assert "give one of" in (await typed(server, *both, code=2)).output
