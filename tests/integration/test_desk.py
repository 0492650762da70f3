"""The desk: signing in, what is refused, people, laptops, exports and the audit log."""

import asyncio
import io
import zipfile

import pytest
from openpyxl import load_workbook

from server.access.people import find_person, remove_person
from server.access.sessions import SessionBounds
from server.app import Listening
from server.clock import Clock, iso
from server.config import DataDirectory
from server.http.addresses import LOOPBACK, networks
from server.store.people_values import DeskSession
from tests.conftest import running_with_project
from tests.desk import ALL, add, browser, link_for, words
from tests.processes import typed as typed_here
from tests.reading import bag, plan, token_for


async def typed(server, *said, code=0):
    return await asyncio.to_thread(typed_here, server.data.path, *said, code=code)


async def test_a_link_signs_in_once_and_then_opens_nothing(server):
    await add(server, "Ada", "admin", where=ALL)
    secret = await link_for(server, "Ada")
    async with browser(server) as first, browser(server) as second:
        # A program that looks at links in mail uses none up.
        assert (await first.get(f"/desk/open?link={secret}"))[0] == 200
        status, page = await first.enter(secret)
        assert status == 200
        assert "Ada" in words(page)
        status, page = await second.enter(secret)
        assert status == 403
        assert "used already" in words(page)
        assert (await second.get("/"))[0] == 401


@pytest.mark.parametrize("path", ["/", "/desk/people", "/desk/exports/csv"])
async def test_without_a_session_nothing_is_shown(server, path):
    async with browser(server) as stranger:
        status, page = await stranger.get(path)
        assert status == 401
        assert "person link" in words(page)
        assert "HF" not in words(page)


async def test_a_cookie_is_hidden_from_scripts_and_pages_load_nothing_from_elsewhere(
    server,
):
    await add(server, "Ada", "viewer")
    async with browser(server) as one:
        secret = await link_for(server, "Ada")
        await one.send("/desk/open", link=secret, follow=False)
        cookie = one.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        await one.get("/")
        assert one.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert one.headers["Cache-Control"] == "no-store"


async def test_by_https_the_cookie_is_of_this_machine_alone(tmp_path):
    data = DataDirectory(tmp_path / "server")
    at = Listening("127.0.0.1", 0, networks(LOOPBACK))
    async with running_with_project(data, at) as server, browser(server) as one:
        await add(server, "Ada", "viewer")
        secret = await link_for(server, "Ada")
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "soil.example.org"}
        origin = "https://soil.example.org"
        async with one.session.post(
            f"{one.url}/desk/open",
            data={"link": secret},
            headers={**headers, "Origin": origin},
            allow_redirects=False,
        ) as answer:
            assert answer.status == 303, await answer.text()
            cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-permille-desk=")
    assert "Secure" in cookie


async def test_a_form_of_another_page_is_refused_and_does_nothing(server):
    await add(server, "Ada", "admin", where=ALL)
    async with browser(server, "Ada") as ada:
        form = {"name": "Eve", "role": "admin", "where": "*"}
        for origin in ("https://evil.example", "null", ada.url + "1"):
            status, page = await ada.send("/desk/people/add", origin=origin, **form)
            assert status == 403
            assert "another address" in words(page)
        async with ada.session.post(f"{ada.url}/desk/people/add", data=form) as answer:
            assert answer.status == 403
        _, page = await ada.get("/desk/people")
        assert "Eve" not in words(page)
        # Nor may another page look at ours with its scripts.
        cross = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
        assert (await ada.get("/desk/people", **cross))[0] == 403


async def test_who_signs_out_or_is_signed_out_sees_nothing_more(server):
    await add(server, "Ada", "admin", where=ALL)
    async with browser(server, "Ada") as here, browser(server, "Ada") as there:
        await here.send("/desk/leave")
        assert (await here.get("/"))[0] == 401
        assert (await there.get("/"))[0] == 200
        said = await typed(server, "person", "sign-out", "Ada")
        assert "1 session ended" in said.stdout
        assert (await there.get("/"))[0] == 401


async def test_who_is_removed_sees_nothing_more_and_their_links_open_nothing(server):
    await add(server, "Ada", "admin", where=ALL)
    secret = await link_for(server, "Ada")
    async with browser(server, "Ada") as ada, browser(server) as later:
        await server.ask(lambda store: remove_person(store, Clock(), "Ada"))
        assert (await ada.get("/"))[0] == 401
        assert (await later.enter(secret))[0] == 403


def test_a_session_ends_unused_and_at_last_in_any_case():
    bounds, hour = SessionBounds(idle_hours=12, days=30), 3_600_000
    now_ms = 1_800_000_000_000

    def session(begun_h, used_h, ended=None):
        begun, used = (iso(now_ms - hours * hour) for hours in (begun_h, used_h))
        return DeskSession("s", "p", begun, used, ended, "")

    assert not bounds.has_ended(session(100, 11), now_ms)
    assert bounds.has_ended(session(100, 13), now_ms)
    assert bounds.has_ended(session(30 * 24 + 1, 0), now_ms)
    assert bounds.has_ended(session(1, 0, iso(now_ms)), now_ms)


async def test_links_that_are_guessed_make_their_address_wait(server):
    await add(server, "Ada", "admin", where=ALL)
    await add(server, "Bo", "manager")
    async with (
        browser(server, "Ada") as ada,
        browser(server, "Bo") as bo,
        browser(server) as one,
    ):
        answers = [(await one.enter(f"guess-{n}"))[0] for n in range(12)]
        assert answers[0] == 403
        assert answers[-1] == 429
        for who, shown in ((ada, True), (bo, False)):
            _, page = await who.get("/desk/devices")
            assert ("127.0.0.1: " in words(page)) == shown


async def test_people_are_added_granted_and_taken_from_at_the_desk(server):
    await add(server, "Ada", "admin", where=ALL)
    async with browser(server, "Ada") as ada:
        form = {"name": "Bo <script>", "role": "viewer", "where": server.project_id}
        status, page = await ada.send("/desk/people/add", **form)
        assert status == 200
        assert "<script>" not in page
        person = await server.ask(
            lambda s: s.read(lambda tx: find_person(tx, "Bo <script>"))
        )
        grant = {"person": person.id, "role": "lab", "where": "*"}
        await ada.send("/desk/people/grant", **grant)
        _, page = await ada.get("/desk/people")
        assert "lab in all projects" in words(page)
        await ada.send("/desk/people/withdraw", **grant)
        _, page = await ada.get("/desk/people")
        assert "lab in all projects" not in words(page)
        for wrong, said in (
            ({"name": "", "role": "lab", "where": "*"}, "the name is empty"),
            ({"name": "Cy", "role": "king", "where": "*"}, "no role is chosen"),
            ({"name": "Cy", "role": "lab", "where": "x"}, "no project is chosen"),
            ({"name": "bo <SCRIPT>", "role": "lab", "where": "*"}, "already"),
        ):
            status, page = await ada.send("/desk/people/add", **wrong)
            assert status == 422
            assert said in words(page)
        status, page = await ada.send("/desk/people/link", person=person.id)
        assert "/desk/open?link=" in page
    noted = await typed(server, "audit", "list", "--person", "Ada", "--json")
    assert "POST /desk/people/add" in noted.stdout
    assert "open?link" not in noted.stdout


async def test_an_admin_of_one_project_gives_roles_in_it_and_nowhere_else(server):
    await add(server, "Ada", "admin", where=ALL)
    await add(server, "Cy", "admin")
    async with browser(server, "Cy") as cy:
        status, page = await cy.send(
            "/desk/people/add", name="Di", role="admin", where="*"
        )
        assert status == 403
        await cy.send("/desk/people/add", name="Di", role="viewer", where="HF")
        _, page = await cy.get("/desk/people")
        assert "Di" in words(page)
        assert "Ada" not in words(page).replace("Ada Diallo", "")
        # A link would open all that the other one may.
        for who in ("Ada", "Di"):
            assert (await cy.send("/desk/people/link", person=who))[0] == 403


async def test_ten_codes_come_as_cards_and_laptops_enrol_by_them(server):
    await add(server, "Ada", "manager")
    await server.laptop("north")
    async with browser(server, "Ada") as ada:
        form = {"project": server.project_id, "count": "10", "name": "south"}
        headers = {"Origin": ada.url}
        async with ada.session.post(
            f"{ada.url}/desk/devices/codes", data=form, headers=headers
        ) as answer:
            assert answer.content_type == "application/pdf"
            assert (await answer.read()).startswith(b"%PDF")
        for wrong in ("0", "101", "x", ""):
            status, page = await ada.send(
                "/desk/devices/codes", project=server.project_id, count=wrong
            )
            assert status == 422
            assert "no number of codes" in words(page)
        _, page = await ada.get("/desk/devices")
        assert "north" in words(page)
        assert "never" in words(page)
        laptops = await server.report("devices")
        status, _ = await ada.send("/desk/devices/revoke", device=laptops[0].id)
        assert status == 200
        _, page = await ada.get("/desk/devices")
        assert "revoked" in words(page)


async def test_a_laptop_of_other_projects_too_is_not_revoked(server):
    other = await typed(
        server, "project", "add", "--code", "X", "--title", "X", "--json"
    )
    assert other.exit_code == 0
    await add(server, "Ada", "manager")
    both = [one["id"] for one in await server.report("projects")]
    await server.laptop("shared", both)
    (laptop,) = await server.report("devices")
    async with browser(server, "Ada") as ada:
        assert (await ada.send("/desk/devices/revoke", device=laptop.id))[0] == 422
    assert (await server.report("devices"))[0].revoked_at is None


async def test_exports_are_files_of_ones_own_projects(server):
    north = await server.laptop("north")
    bag(north, plan(north)["core"])
    await north.sync()
    await typed(server, "project", "add", "--code", "SECRET", "--title", "SECRET")
    await add(server, "Ada", "manager")
    async with browser(server, "Ada") as ada:
        book = load_workbook(io.BytesIO(await ada.bytes("/desk/exports/xlsx")))
        assert book["samples"].max_row >= 2
        packed = zipfile.ZipFile(io.BytesIO(await ada.bytes("/desk/exports/csv")))
        assert "samples.csv" in packed.namelist()
        everything = b"".join(packed.read(name) for name in packed.namelist())
        assert b"SECRET" not in everything
        assert (await ada.get("/desk/exports/csv?project=SECRET"))[0] == 404
        _, page = await ada.send(
            "/desk/exports/token", project=server.project_id, name="qgis"
        )
        assert "read-" in page
        _, page = await ada.get("/desk/exports")
        assert "qgis" in words(page)
        assert "read-" not in page


async def test_a_token_of_others_is_neither_shown_nor_revoked(server):
    await typed(server, "project", "add", "--code", "X", "--title", "X")
    secret = next(
        one["id"] for one in await server.report("projects") if one["code"] == "X"
    )
    await token_for(server, secret, name="theirs")
    (token,) = await server.report("read_tokens")
    await add(server, "Ada", "manager")
    async with browser(server, "Ada") as ada:
        _, page = await ada.get("/desk/exports")
        assert "theirs" not in words(page)
        assert (await ada.send("/desk/exports/revoke", token=token.id))[0] == 422
    assert (await server.report("read_tokens"))[0].revoked_at is None


async def test_the_audit_log_shows_what_is_of_ones_projects(server):
    await typed(server, "project", "add", "--code", "X", "--title", "X")
    await typed(server, "token", "create", "one", "--project", "HF")
    await typed(server, "token", "create", "two", "--project", "X")
    await add(server, "Au", "auditor")
    async with browser(server, "Au") as auditor:
        _, page = await auditor.get("/desk/audit")
        assert "name one" in words(page)
        assert "name two" not in words(page)
        _, page = await auditor.get("/desk/audit?command=nothing")
        assert "0 lines" in words(page)
        table = (await auditor.bytes("/desk/audit/csv")).decode()
        assert "token create" in table
        assert "two" not in table


async def test_pages_speak_four_languages(server):
    await add(server, "Ada", "admin", where=ALL)
    async with browser(server, "Ada") as ada:
        for code, said in (
            ("fr", "Appareils"),
            ("es", "Dispositivos"),
            ("pt", "Dispositivos"),
        ):
            await ada.send("/desk/language", code=code, back="/desk/devices")
            _, page = await ada.get("/desk/devices")
            assert f'lang="{code}"' in page
            assert said in words(page)
        # The way back leads to no other machine.
        for back in ("//evil.example", "https://evil.example", "/\\evil.example"):
            await ada.send("/desk/language", code="en", back=back, follow=False)
            assert ada.headers["Location"] == "/"


async def test_what_is_not_there_is_said_as_a_page(server):
    await add(server, "Ada", "viewer")
    async with browser(server, "Ada") as ada:
        status, page = await ada.get("/desk/nothing")
        assert status == 404
        assert "<h1>" in page
        status, page = await ada.get("/?project=none")
        assert status == 404
        assert "no such project" in words(page)


async def test_the_year_page_is_shown_to_who_may_see_all_of_an_organisation(server):
    project = ("project", "add", "--title", "T", "--organisation")
    await typed(server, *project, "ORG", "--code", "ONE")
    await typed(server, *project, "ORG", "--code", "TWO")
    await typed(server, *project, "ALONE", "--code", "THREE")
    ids = {one["code"]: one["id"] for one in await server.report("projects")}
    await add(server, "Ada", "viewer", where=[ids["ONE"], ids["THREE"]])
    await add(server, "Bo", "viewer", where=ALL)
    async with browser(server, "Ada") as ada, browser(server, "Bo") as bo:
        _, page = await ada.get("/desk/year")
        assert "ALONE" in words(page)
        assert "ORG" not in words(page)
        for path in ("/desk/year", "/desk/year/pdf", "/desk/year/html"):
            assert (await ada.get(f"{path}?organisation=ORG"))[0] == 404
            assert (await ada.get(f"{path}?organisation=*"))[0] == 403
            status, page = await bo.get(f"{path}?organisation=ORG&year=3026")
            assert status == 422
            assert "is no year" in words(page)
        assert (await bo.bytes("/desk/year/pdf?organisation=ORG")).startswith(b"%PDF")
        assert (await bo.bytes("/desk/year/pdf?organisation=*")).startswith(b"%PDF")
        assert b"ORG" in await bo.bytes("/desk/year/html?organisation=ORG&year=2026")
        status, page = await bo.get("/desk/year?organisation=ORG&year=2026")
        assert "soil carbon in 2026" in words(page)


@pytest.mark.parametrize("path", ["/desk/open", "/desk/language", "/desk/people/add"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded; charset=nonsense", b"link=x"),
        ("application/x-www-form-urlencoded; charset=utf-16", b"link=xy"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data", b"x"),
    ],
)
async def test_a_form_that_came_damaged_is_told_as_such(server, path, kind, body):
    await add(server, "Ada", "admin", where=ALL)
    async with browser(server, "Ada") as ada:
        headers = {"Origin": server.url, "Content-Type": kind}
        async with ada.session.post(
            server.url + path, data=body, headers=headers
        ) as answer:
            assert answer.status == 422
            assert "send it again" in words(await answer.text())


async def test_numbers_without_end_are_refused_as_others_are(server):
    await add(server, "Ada", "admin", where=ALL)
    async with browser(server, "Ada") as ada:
        for year in ("2" * 5_000, "000002024" + "0" * 5_000, "1899"):
            status, page = await ada.get(f"/desk/year?organisation=*&year={year}")
            assert status == 422, page
        count = "1" * 5_000
        status, page = await ada.send("/desk/devices/codes", name="n", count=count)
        assert status == 422
        assert "from 1 to 100" in words(page)
