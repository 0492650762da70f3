"""Who may do what: each cell of role by address and role by command, from the one table."""

import asyncio
import re

import click
import pytest
from click.testing import CliRunner

from server.access.audit_log import Act
from server.access.commands import check_command
from server.access.people import held_by_command
from server.access.rights import COMMANDS, MAY, OWNER, Right, Role
from server.cli import main
from server.desk.routes import ROUTES, Scope
from server.errors import RefusedError
from server.http.description.operations import OPERATIONS
from server.http.phones import is_of_phone
from tests.desk import ALL, add, browser
from tests.integration.test_raw_characters import leaves
from tests.processes import typed as typed_here
from tests.reading import token_for

#: Who has the account of the data starts these, and nobody is asked for a role: they make or
#: serve a server, or look at files that may be damaged.
OF_THE_ACCOUNT = {*("init", "run", "derive", "derivation-worker", "restore", "verify")}
PLACES = ("here", "everywhere", "elsewhere")


async def typed(server, *said, code=0):
    return await asyncio.to_thread(typed_here, server.data.path, *said, code=code)


async def people_of_each_role(server):
    """Add somebody for each role, in the project, in all, in another one."""
    await typed(server, "project", "add", "--code", "OTHER", "--title", "Other")
    ids = {one["code"]: one["id"] for one in await server.report("projects")}
    where = {"here": [ids["HF"]], "everywhere": ALL, "elsewhere": [ids["OTHER"]]}
    for role in Role:
        for place in PLACES:
            await add(server, f"{role} {place}", role, where=where[place])
    await add(server, "nobody", "viewer", where=[ids["OTHER"]])


def test_every_command_asks_for_a_right():
    known = {" ".join(path) for path, _ in leaves(main, click.Context(main)) if path}
    assert {*COMMANDS} == known - OF_THE_ACCOUNT


async def test_each_role_gives_the_commands_of_its_rights_and_no_other(server):
    await people_of_each_role(server)

    def cells(tx):
        wrong = []
        for command, right in COMMANDS.items():
            for role in Role:
                for place in PLACES:
                    for said in ({"project": "HF"}, {"project": "OTHER"}, {}):
                        act = Act("r", f"{role} {place}", "root", command, said)
                        may = right in MAY[role] and (
                            place == "everywhere"
                            or (place == "here" and said.get("project") == "HF")
                            or (place == "elsewhere" and said.get("project") == "OTHER")
                        )
                        if is_let(tx, act) != may:
                            wrong.append((command, role, place, said))
        return wrong

    assert await server.ask(lambda store: store.read(cells)) == []


def is_let(tx, act, *, is_owner=True):
    try:
        check_command(tx, act, is_owner=is_owner)
    except RefusedError:
        return False
    return True


async def test_who_is_not_named_is_known_by_the_account(server):
    def held(person, login, *, owns=False):
        return server.ask(
            lambda store: store.read(
                lambda tx: held_by_command(tx, person, login, is_owner=owns)
            )
        )

    assert await held("eve", "eve") == OWNER  # nobody is recorded as yet
    await typed(
        server,
        *("person", "add", "Bo", "--role", "lab", "--everywhere", "--login", "bo"),
    )
    assert await held("root", "root", owns=True) == OWNER
    assert await held("Ada", "root", owns=True) == OWNER
    assert (await held("Bo", "root", owns=True)).may(Right.LAB)
    assert not (await held("Bo", "root", owns=True)).may(Right.SERVER)
    assert (await held("bo", "bo")).may(Right.LAB)
    assert not (await held("eve", "eve")).may(Right.FIGURES)
    assert not (await held("Ada", "eve")).may(Right.FIGURES)


#: Words that commands need beside their names, so that they come to the store.
NEEDED = """
attachments list | attachments unnamed | audit export {}/a.csv | audit list | audit verify
contact add --project HF --name Zoe | contact consent add x --purpose sampling --how paper
contact consent list | contact consent withdraw x --purpose sampling | contact due
contact edit x --no-plots | contact erase x --reason x --yes | contact list | contact retain 30
contact import {}/contacts.csv --project HF | contact show x
inbox list | inbox decide x --choose keep --reason x
backup {}/b.tar | board programme | board campaign --project HF --campaign 2026
bundle import {}/x | conflict list | conflict resolve x --keep --reason x
conflict show x | device code --project HF | device edit x --may-begin-projects
device grant x --project HF | device list | device move x --from HF --to OTHER
device renew x | device revoke x | device show x | device withdraw x --project HF
doctor | epochs | export csv {}/csv | lab batches --project HF
lab decide rejected --project HF --lab L --batch B --reason x
lab expected --project HF --analyte clay | lab import {}/soc.csv --lab L --project HF
lab sent X --project HF --lab L | limits | look | move --to postgresql://nobody@127.0.0.1:1/none
person add Zed --role lab --everywhere | person grant nobody --role lab --everywhere
person link nobody --address https://soil.example.org | person list | person remove nobody
person sign-out nobody | person withdraw nobody --role lab --everywhere
phone add HF zed --address https://soil.example.org | phone list | phone revoke x
phone show x | phone submissions | places import {}/places.geojson --project HF
project add --code Z --title Z | project bridge HF x --slope 1 --intercept 0
project edit HF --title x | project list | project show HF | purge
quarantine discard x --reason x | quarantine list | quarantine rejudge
quarantine release x --project HF | quarantine show x
records delete plot --where code=A --project HF --yes
records edit plot --where code=A --set note=x --project HF --yes
records import {}/csv | records list plot --where code=A --project HF | search x | stats
stocks compute --layers {}/layers.csv | stocks derive | stocks design --sd 6 --n 10 --baseline 55
stocks explain A 2016 2026 --project HF | stocks portfolio --all | stocks report HF --html {}/r.html
stocks show --project HF | stocks year --all --year 2026 | token create zed --project HF
webhook add https://h.example.org/ --project HF --on stocks-updated | webhook allow
webhook deliveries | webhook list | webhook remove x | webhook send | webhook show x | webhook test x
token list | token renew x | token revoke x | undo x --project HF
warning explain plot HF AREA --project HF --why x | warning list --project HF
"""
#: They reach no store of the server, or only after files that are not made here.
WITHOUT_STORE = {
    "stocks compute": "computes from a file, and opens no server",
    "stocks design": "computes from its options, and opens no server",
    "bundle import": "reads a stick of a laptop first",
    "lab import": "reads its file first",
    "contact import": "reads its file first",
    "places import": "reads its file first",
    "records import": "reads its folder first",
    "project bridge": "its options are those of a method; it writes by the one way",
    "move": "refuses while a server runs; it reads by the one way",
    "look": "waits for Ctrl-C; it reads by the one way, as export does",
}


def command_of(line):
    names = {*COMMANDS}
    return max((one for one in names if f"{line} ".startswith(f"{one} ")), key=len)


@pytest.mark.slow
async def test_no_command_comes_to_the_store_past_the_rights(server, tmp_path):
    await people_of_each_role(server)
    lines = [one.strip() for one in re.split(r"[|\n]", NEEDED) if one.strip()]
    assert {command_of(one) for one in lines} == {*COMMANDS}
    let = []
    for line in lines:
        said = line.replace("{}", str(tmp_path)).split()
        done = await asyncio.to_thread(
            CliRunner().invoke,
            main,
            ["--data", str(server.data.path), "--person", "nobody", *said],
        )
        if command_of(line) not in WITHOUT_STORE and (
            done.exit_code != 4 or "nobody may not" not in done.output
        ):
            let.append((line, done.exit_code, done.output))
    assert let == [], "\n".join(f"{one[0]}: {one[2][:200]}" for one in let)


async def test_each_role_opens_the_pages_of_its_rights_and_no_other(server):
    await people_of_each_role(server)
    wrong = []
    for role in Role:
        for place in PLACES:
            async with browser(server, f"{role} {place}") as one:
                for route in ROUTES:
                    status = await status_of(one, route, server.project_id)
                    has = route.right in MAY[role]
                    if route.scope is Scope.ALL:
                        may = has and place == "everywhere"
                        is_right = (status == 403) != may
                    elif place == "elsewhere":
                        # They may not know the project, whatever they may in another.
                        is_right = status in {403, 404}
                    else:
                        is_right = (status == 403) != has
                    if not is_right:
                        wrong.append((role, place, route.method, route.path, status))
    assert wrong == []


async def status_of(one, route, project_id):
    if route.method == "GET":
        return (await one.get(f"{route.path}?project={project_id}"))[0]
    form = {"project": project_id, "where": project_id, "role": "nothing"}
    return (await one.send(route.path, **form))[0]


async def test_each_address_of_the_api_is_answered_to_who_may_speak_there(server):
    laptop = await server.laptop("north")
    reader = await token_for(server)
    await add(server, "Ada", "admin", where=ALL)
    phone = await typed(
        server,
        *(
            "phone",
            "add",
            "HF",
            "bo",
            "--address",
            "https://soil.example.org",
            "--json",
        ),
    )
    tokens = {"nobody": None, "laptop": laptop.token, "reader": reader}
    may = {"": {*tokens, "desk"}, "device": {"laptop"}, "reader": {"laptop", "reader"}}
    assert phone.exit_code == 0
    wrong = []
    async with browser(server, "Ada") as ada:
        for path, methods in OPERATIONS.items():
            if is_of_phone(path):
                continue  # the token stands in the address: tests of phones
            for method, operation in methods.items():
                for who, token in {**tokens, "desk": None}.items():
                    headers = {"Authorization": f"Bearer {token}"} if token else {}
                    address = re.sub(r"\{\w+\}", "x", path)
                    async with ada.session.request(
                        method, ada.url + address, headers=headers
                    ) as answer:
                        is_let = answer.status != 401
                    if is_let != (who in may[operation.token]):
                        wrong.append((method, path, who, answer.status))
    assert wrong == []
