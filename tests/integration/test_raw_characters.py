r"""Nothing that others wrote commands a terminal: every command, as words and as JSON.

Whatever is kept as a text is made to hold ESC sequences, C1, overrides of direction and
markup: on a server and on a laptop, in fields, names, reasons, people, raw values of the
quarantine. Then each command is typed. A new command fails here until it is listed.
"""

import asyncio
import json
import re
import sqlite3
import unicodedata

import click
import pytest
from click.testing import CliRunner

from collector.cli.root import cli
from collector.clock import Clock
from collector.config import Home
from collector.laptop.open import opened
from server.cli import main
from server.phones.names import CORE_FORM
from tests.collect import Collect, core, filled, layer
from tests.integration.test_attachments import photo
from tests.integration.test_laptop_sync import Laptop, Served
from tests.processes import server_process, typed

pytestmark = pytest.mark.slow

MARK = "EVILTEXT"
EVIL = "\x1b[31mE\x1b]0;title\x07\x9b2J\u202egnol\u2066\r\x00\u2028[red]x[/red]"
DENSITY = ("--bulk-density-definition", "whole", "--bulk-density-method", "core")
DIRECTIONS = {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029"}
DIRECTIONS |= {chr(n) for n in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def raw_in(text):
    """Return the characters of a text that a terminal may take for a command."""
    found = {char for char in text if unicodedata.category(char) in {"Cc", "Cs"}}
    return (found - {"\n", "\t"}) | (set(text) & DIRECTIONS)


def record(laptop, area):
    """Type a plot that was sampled twice, with text wherever text may be."""
    note = ("--note", MARK)
    laptop("plot", "add", "--code", "A", "--area-ha", area, *note)
    laptop("practice", "add", "--plot", "A", "--family", "agroforestry", "--what", MARK)
    laptop("point", "add", "--plot", "A", "--code", "1", *note)
    for year in ("2016", "2026"):
        when = ("--start-date", f"{year}-05-01", "--purpose", "baseline")
        laptop("campaign", "add", "--name", year, *when, *note, "--crew", MARK)
        place = ("--plot", "A", "--point", "1", "--campaign", year)
        laptop("core", "add", *place, "--sampled-at", f"{year}-05-01")
        depths = ("--depth-top-cm", "0", "--depth-bottom-cm", "30")
        code = f"BAG-{year}"
        bag = ("--sample-code", code, *depths, "--bulk-density-g-cm3", "1.3", *DENSITY)
        laptop("sample", "add", *place, *bag, *note)
        soc = ("--analyte", "soc", "--value", "14", "--unit", "g_kg")
        laptop("result", "add", "--sample", code, *soc, "--method", "dry_combustion")
    batch = ("--lab", MARK, "--lab-batch", MARK, "--analyte", "soc")
    values = ("--value", "14", "--unit", "g_kg", "--certified-value", "20")
    control = ("--kind", "reference", "--code", MARK, "--number", "1", *values)
    laptop("lab_control", "add", *batch, *control, *note)
    decision = ("--decision", "accepted", "--reason", MARK)
    laptop("lab_batch", "add", *batch, *decision, "--decided-by", MARK)
    laptop("sample", "edit", "BAG-2026", "--sent-to-lab", MARK, "--sent-batch", MARK)


def everywhere(execute, tables):
    """Write the hostile text wherever the mark stands, in JSON as JSON has it."""
    in_json = json.dumps(EVIL, ensure_ascii=False)[1:-1]
    for table in tables:
        columns = [row[1] for row in execute(f"PRAGMA table_info({table})")]
        for column in columns:
            for kind, text in (("json", in_json), ("text", EVIL)):
                is_json = f"json_valid({column}) AND {column} GLOB '[[{{]*'"
                where = is_json if kind == "json" else f"NOT ({is_json})"
                execute(
                    f"UPDATE {table} SET {column} = replace({column}, '{MARK}', ?)"  # noqa: S608
                    f" WHERE typeof({column}) = 'text' AND {where}",
                    (text,),
                )


def send_from_a_phone(served):
    """Send a form of a phone whose every text is hostile, and one more with other answers."""
    address = ("--address", served.url, "--person", MARK, "--json")
    said = json.loads(served.admin("phone", "add", "P", "ada", *address))
    phone = Collect(said["settings"]["general"]["server_url"])
    for note in (MARK, f"{MARK} again"):
        answers = core(MARK, MARK, [layer(MARK, MARK, MARK)], tool=MARK, note=note)
        answers += f"<{MARK}>{MARK}</{MARK}>"
        xml = filled(CORE_FORM, answers)
        done = asyncio.run(phone.send(xml, [(f"{MARK}.jpg", b"x")]))
        assert done.status == 201, done.message


def disagree(one, two):
    """Type a conflict, a change that waits, one that is refused and one that is not sent."""
    one("plot", "add", "--code", "GONE", "--note", MARK)
    one.sync()
    two.sync()
    one("plot", "edit", "A", "--area-ha", 2, "--name", MARK)
    one("plot", "delete", "GONE", "--yes")
    two("plot", "edit", "A", "--area-ha", 3)
    two("point", "add", "--plot", "GONE", "--code", MARK)
    one.sync()
    two.sync(code=1)
    two("plot", "edit", "A", "--note", f"{MARK} unsent")


def filled_server(folder):
    """Make a server on which something of everything is and waits; return its data."""
    data = folder / "data"
    typed(data, "init")
    with server_process(data) as url:
        served = Served(data, url)
        project = ("--code", "P", "--title", MARK, "--organisation", "ORG")
        served.admin("project", "add", *project)
        one, two = (Laptop(folder, name) for name in ("one", "two"))
        for laptop in (one, two):
            laptop("enrol", url, served.code("P"), "--person", MARK)
            laptop.sync()
        record(one, 1)
        (folder / f"{MARK}.jpg").write_bytes(photo(10))
        one("attach", "A", folder / f"{MARK}.jpg", "--type", "plot")
        disagree(one, two)
        send_from_a_phone(served)
        served.admin("stocks", "derive", "--project", "P")
    return data


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A server and a laptop that hold hostile text wherever text may be."""
    folder = tmp_path_factory.mktemp("raw")
    data = filled_server(folder)
    with sqlite3.connect(data / "permille.db") as there:
        hostile(there.execute, without={"seal", "change"})
    there.close()
    with opened(Home(folder / "two"), Clock(), lambda: "") as laptop:
        hostile(laptop.store._db.execute)
    return data, folder / "two"


def hostile(execute, without=()):
    """Make every text of a database hostile but those that are hashed."""
    found = execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables = {name for (name,) in found if not name.startswith("sqlite_")}
    everywhere(lambda *sql: execute(*sql).fetchall(), sorted(tables - {*without}))


#: What is typed of the server, in this order; {} is a folder.
SERVER = """
person add Zoe --role lab --everywhere | person list | person grant Zoe --role viewer --project P
person withdraw Zoe --role lab --everywhere | person sign-out Zoe | person link nobody
person link Zoe --address https://soil.example.org | person remove Zoe | token renew EVIL
attachments list | attachments unnamed | conflict list | conflict list --settled
conflict show A | device list | device show two | device show nobody | epochs | limits
project list | project show P | project show nobody | quarantine list | inbox list
quarantine list --all | quarantine show GONE/EVIL | stats | doctor | stocks show --project P
stocks show --project P --plot A --from 2016 --to 2026 | stocks portfolio --project P
stocks explain A 2016 2026 --project P | stocks derive --project P | verify
stocks year --organisation ORG --year 2026 | stocks year --all --year 2026
stocks report P --html {}/report.html | stocks design --sd 6 --n 10 --baseline 55
stocks compute --layers {}/layers.csv --method hyman | warning list --project P
lab import {}/layers.csv --lab L --project P | places import {}/places.geojson --project P | lab expected --project P --analyte clay
lab batches --project P | lab sent BAG-2026 --project P --lab L | lab expected --by-batch --project P
lab decide accepted --project P --lab L --batch B --reason x
export csv {}/tables --project P | export csv {}/tables | export csv {}/t --since x
export attachments {}/files --project P | export xlsx {}/P.xlsx | look --port none
search EVIL | records list plot --where code=A --project P
records list plot --where EVIL=1 --project P | records edit plot --where code=A --set note=x --project P
records delete plot --where code=none --project P | records import {}/tables
undo --list --project P | undo EVIL --project P | undo --by EVIL --since 2020-01-01 --project P
inbox decide EVIL --choose keep --reason x | inbox decide --all-of-filter --choose release --reason x --dry-run
warning explain plot A nothing --project P --why x | device code --project P
device edit two --may-begin-projects | device withdraw one --project P
device grant one --project P | device move one --from P --to P | quarantine rejudge | device renew one
quarantine release none | quarantine discard none --reason x | device revoke one
conflict resolve A --keep --person x --reason x | project edit P --title y
project bridge P --from x --to y | project add --code Q --title Q | backup {}/b.tar
derive --once | verify --backup {}/b.tar | restore {}/b.tar | bundle import {}/b.tar | purge --dry-run | move --to file
init | run --port none | token list | token revoke EVIL
webhook allow EVIL | webhook allow hooks.invalid | webhook allow | webhook add EVIL --project P --on stocks-updated
webhook add https://hooks.invalid/EVIL --project P --on stocks-updated | webhook list | webhook show EVIL
webhook show hooks.invalid | webhook test hooks.invalid | webhook deliveries | webhook deliveries EVIL
webhook send | webhook remove EVIL | webhook remove hooks.invalid
token create EVIL --project P | token create x --project P --expires EVIL
phone list | phone submissions | phone submissions --incomplete | phone show uuid:EVIL
phone show uuid:1 | phone show uuid:1 --out {}/form | phone add P EVIL --address EVIL
contact add --project P --name EVIL | contact add --project P --name Zoe --note EVIL --plot A
contact list | contact show Zoe | contact show EVIL | contact edit Zoe --address EVIL --plot EVIL
contact consent add Zoe --purpose sampling --how paper | contact consent list
contact consent withdraw Zoe --purpose contact | contact import {}/layers.csv --project P
contact retain 30 | contact due | contact erase Zoe --reason EVIL --yes
audit list | audit list --person EVIL --since EVIL | audit verify | audit export {}/audit.csv
board programme | board campaign --project P --campaign 2026 --by person
phone add P x --qr {}/x.png | phone add nobody x | phone revoke EVIL | phone revoke ada
"""
LAPTOP = """
person | person EVIL | language | language EVIL | status | status --check | organisation list | project list | plot list | plot list --deleted
practice list | point list | campaign list | core list | sample list | result list
organisation show x | project show P | plot show A | practice show A/x | point show A/1
campaign show 2026 | core show A/1/2026/1 | sample show BAG-2026 | result show BAG-2026/soc/1
attachments | attachments get A none --out {}/x | attachments drop --sent | conflicts
conflicts show A | fix | fix none | receipts | recover | stocks | stocks --plot A | warnings
lab import {}/layers.csv --lab L | lab expected --analyte clay | lab expected --by-batch
lab batches | lab sent BAG-2026 --lab L | lab decide accepted --lab L --batch B --reason x
lab_control list | lab_control show L/B/soc/blank/B/1 | lab_control add --lab L
lab_control edit L/B/soc/blank/B/1 --note x | lab_control delete L/B/soc/blank/B/1 --yes
lab_control restore none | lab_batch list | lab_batch show L/B/soc | lab_batch add --lab L
lab_batch edit L/B/soc --note x | lab_batch delete L/B/soc --yes | lab_batch restore none
export csv {}/own
export attachments {}/own-files | export csv {}/t --since {}/own
search EVIL | records list plot --where code=A | records list plot --where EVIL=1
records edit plot --where code=A --set note=x | records delete plot --where code=none
records import {}/own | undo --list | undo EVIL | undo --since 2020-01-01
warnings explain plot A nothing --why x | bundle export {}/b | bundle apply {}/b | sync
import layers {}/layers.csv --mapping {}/none.toml | import places {}/places.geojson | attach A {}/layers.csv
conflicts resolve A --keep --reason x | init | enrol nowhere X
organisation add --code x | organisation edit x | organisation delete x --yes
organisation restore x | project add --code P --title P | project edit P --title x
project delete nobody --yes | project restore nobody
campaign add --name 2026 | campaign edit 2026 --note x | campaign delete 2026 --yes
campaign restore none | practice add --plot A | practice edit A/x --note x
practice delete A/x --yes | practice restore none | point add --plot A --code 1
point edit A/1 --note x | point delete A/1 --yes | point restore none
core add --plot A --point 1 --campaign 2026 | core edit A/1/2026/1 --note x
core delete A/1/2026/1 --yes | core restore none | sample add --plot A --sample-code BAG-2026
sample edit BAG-2026 --note x | sample delete BAG-2026 --yes | sample restore none
result add --sample BAG-2026 --analyte soc | result edit BAG-2026/soc/1 --note x
result delete BAG-2026/soc/1 --yes | result restore none | plot add --code A
plot edit A --note x | plot delete A --yes | plot restore none | attachments remove A none
core add EVIL 10=EVIL:x --draft | draft list | draft show 1 | draft finish 1 | draft finish EVIL
core hole EVIL | core add A/1 10=EVIL:x EVIL=x | core add EVIL | core undo | core undo EVIL
today | today --date EVIL | draft drop 1 --yes
questions | questions show | questions show EVIL | questions add {}/form.md --write
questions add {}/layers.csv | questions show core/1 | questions end --for EVIL | questions end --yes
question_form list | question_form show core/1 | question_form add {}/form.md | question_form edit core/1 --note x
question_form delete core/1 --yes | question_form restore none
answer list | answer show A/x | answer add plot A x=EVIL | answer add core EVIL a=EVIL
answer edit A/x EVIL | answer delete A/x --yes | answer restore none
design list | design show A/1 | design add --plot A --number EVIL | design edit A/1 --note x
design delete A/1 --yes | design restore none | skip list | skip show A/1/2026 | skip add A/1 --because EVIL
skip edit A/1/2026 --note x | skip delete A/1/2026 --yes | skip restore none
custody_event list | custody_event show BAG-2026/dried/x | custody_event add --sample BAG-2026 --step EVIL
custody_event edit BAG-2026/dried/x --note x | custody_event delete BAG-2026/dried/x --yes
custody_event restore none | plan | plan --near EVIL | plan draw --plot A --points 3
plan redraw --check EVIL | plan relocate --from-campaign 2016 --plot A | position --from EVIL
doctor | completion bash | ui --port EVIL
label check EVIL | label read EVIL | label reserve | label sheet --count 1 --out {}/x.pdf
custody add dried EVIL | custody handover --to EVIL --out {}/h.pdf | where EVIL | where BAG-2026
"""
SHAPE = {"type": EVIL, "coordinates": [EVIL]}
BAD_PLACES = {"type": "Feature", "geometry": SHAPE, "properties": {"id": EVIL}}
BAD_FORM = f"| survey |\n| | type | name | label |\n| | text | a | {EVIL} |\n"
BAD_TABLE = f"plot,{EVIL}\n{EVIL},x\n"


def lines(table, folder):
    """Return the command lines of a table, each as words."""
    (folder / "layers.csv").write_text(BAD_TABLE, "utf-8", newline="")
    (folder / "form.md").write_text(BAD_FORM, "utf-8", newline="")
    (folder / "places.geojson").write_text(json.dumps(BAD_PLACES), "utf-8")
    every = re.split(r"[|\n]", table.strip())
    return [[word.replace("{}", str(folder)) for word in one.split()] for one in every]


def leaves(command, context, path=()):
    """Yield the commands that people type; a hidden one is for the program alone."""
    if command.hidden:
        return
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            inner = click.Context(found, parent=context, info_name=name)
            yield from leaves(found, inner, (*path, name))


@pytest.mark.parametrize("side", ["server", "laptop"])
def test_no_command_writes_what_a_terminal_obeys(places, tmp_path, side):
    root, table = (main, SERVER) if side == "server" else (cli, LAPTOP)
    place = ("--data", places[0]) if side == "server" else ("--home", places[1])
    known = dict(leaves(root, click.Context(root)))
    typed_lines = lines(table, tmp_path)
    listed = {
        path for path in known for words in typed_lines if words[: len(path)] == [*path]
    }
    assert set(known) - listed - {()} == set(), "type these commands, too"
    told = 0
    for words in typed_lines:
        path = max((p for p in known if words[: len(p)] == [*p]), key=len)
        is_json = any("--json" in option.opts for option in known[path].params)
        for more in ([], ["--json"]) if is_json else ([],):
            done = CliRunner().invoke(root, [*map(str, place), *words, *more], input="")
            if done.exception is not None:
                assert isinstance(done.exception, SystemExit), (words, done.exception)
            assert raw_in(done.output) == set(), (words, done.output)
            told += "\\u202egnol" in done.output
            if more and done.stdout.strip():
                json.loads(done.stdout)
    assert told > (15 if side == "server" else 20), "hostile text was hardly there"


@pytest.mark.parametrize("words", [[EVIL], ["--nothing", EVIL], [f"--{EVIL}"]])
@pytest.mark.parametrize("root", [main, cli])
def test_what_is_typed_comes_back_as_harmless(root, words):
    words = [word.replace("\x00", "") for word in words]
    assert raw_in(CliRunner().invoke(root, words).output) == set()
