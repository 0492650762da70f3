"""Every command of an administrator that changes something, or writes data out, is noted.

The table names each command; a new one fails here until it is in the table. Commands that
write are typed on a server where something of everything waits.
"""

import ast
import csv
import hashlib
import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from server.cli import main
from server.store.driver import connect
from tests.integration.test_raw_characters import MARK, filled_server, leaves
from tests.processes import typed

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
#: Commands that change something or write data out, in the order in which they are typed;
#: {} is a folder, @NAME what `table_of` finds, and the last words the exit code.
NOTED = """
project add --code Q --title Q | project edit P --title y | device code --project P
device grant one --project Q | device withdraw one --project Q | device move one --from P --to Q
device edit one --may-begin-projects | device renew one | device revoke one
webhook allow hooks.invalid | webhook add https://hooks.invalid/ --project P --on stocks-updated
webhook test hooks.invalid => 1 | webhook remove hooks.invalid
token create qgis --project P | token renew qgis | token revoke qgis
person add Ada --role admin --everywhere | person grant Ada --role lab --project P
person link Ada --address https://soil.example.org | person sign-out Ada
person withdraw Ada --role lab --project P | person remove Ada
contact add --project P --name Zoë --plot A | contact edit Zoë --no-plots
contact consent add Zoë --purpose sampling --how paper | contact consent withdraw Zoë --purpose sampling
contact import {}/contacts.csv --project P | contact retain 30 | contact erase Zoë --reason x --yes
phone add P bo --address https://soil.example.org --json | phone revoke bo
conflict resolve @CONFLICT --keep --person Ada --reason x
quarantine release @WAITING --project P => 01 | quarantine rejudge | quarantine discard @WAITING --reason x
inbox decide @ROW --choose explain --reason right | warning explain @WARNING --project P --why right
lab sent BAG-2026 --project P --lab L --again
lab import {}/soc.csv --lab L --project P --write --method soc=dry_combustion => 01
lab decide rejected --project P --lab MARK --batch MARK --reason x
places import {}/places.geojson --project P --write => 01
export sqlite {}/all.db | export csv {}/tables
records edit plot --where code=A --set note=x --project P --yes --person Ada
records import {}/tables --write --differing replace => 01 | records delete skip --where note=none --project P --yes
undo @OPERATION --project P --write --reason x => 01
stocks derive --project P => 01 | stocks report P --html {}/report.html => 01
stocks year --all --year 2026 --html {}/year.html => 01
phone show @FORM --out {}/form | limits --set connections=500
backup {}/b.tar | audit export {}/audit.csv
"""
#: What is noted like the others, but is not typed on that server, with the reason.
ELSEWHERE = {
    "restore": "a test of its own",
    "move": "a test of its own",
    "bundle import": "needs a stick of a laptop; it writes by the one way",
    "webhook send": "nothing is new; it writes by the one way",
    "purge": "nothing is old enough; it writes by the one way",
    "attachments unnamed": "no file is old enough; it writes by the one way",
    "project bridge": "needs ten bags by two methods; it writes by the one way",
    "look": "waits for Ctrl-C; it reads by the one way, as export does",
    "stocks explain": "with --prov; needs a change: it reads by the one way",
    "records delete": "nothing fits the condition, so nothing is written",
}
#: What neither changes anything nor writes data out.
READS = {
    *("project list", "project show", "device list", "device show", "token list"),
    *("phone list", "phone submissions", "conflict list", "conflict show"),
    "inbox list",
    *(
        "quarantine list",
        "quarantine show",
        "warning list",
        "lab batches",
        "lab expected",
    ),
    *("records list", "attachments list", "stocks show", "stocks portfolio"),
    *("stocks compute", "stocks design", "search", "stats", "epochs"),
    *("board programme", "board campaign"),
    *("contact list", "contact show", "contact due", "contact consent list"),
    *("webhook list", "webhook show", "webhook deliveries"),
    *("verify", "doctor"),
    *("audit list", "audit verify", "person list"),
    # They serve, derive or make a server: nobody's data are changed by them.
    *("init", "run", "derive"),
}


def typed_lines():
    """Return the command lines of the table with their exit codes, as words."""
    for one in re.split(r"[|\n]", NOTED.strip()):
        words, _, codes = one.partition("=>")
        yield words.split(), tuple(map(int, codes.strip() or "0"))


def commands():
    return {
        " ".join(path): one for path, one in leaves(main, click.Context(main)) if path
    }


def command_of(words):
    """Return the command that a line of the table types."""
    return max(
        (name for name in commands() if words[: name.count(" ") + 1] == name.split()),
        key=len,
    )


def test_every_command_is_in_one_of_the_tables():
    noted = {command_of(words) for words, _ in typed_lines()} | set(ELSEWHERE)
    assert noted | READS == set(commands())
    assert noted & READS == set()


def test_commands_reach_a_store_by_the_one_way_that_notes():
    """Who opens a store beside it serves laptops, and does not work for an administrator."""
    found = {
        path.name
        for path in (ROOT / "server/cli").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        and any(name.name == "open_store" for name in node.names)
    }
    assert found == {"common.py", "service.py"}


def ask(data, *words, code=0):
    return json.loads(typed(data, *words, "--json", code=code).stdout)


def noted(data):
    return ask(data, "audit", "list")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return filled_server(tmp_path_factory.mktemp("noted"))


def finders(data, folder):
    """Return what finds the names of things that commands are about."""
    return {
        "@CONFLICT": lambda: ask(data, "conflict", "list")[0]["id"],
        "@WAITING": lambda: ask(data, "quarantine", "list")[0]["change"],
        "@FORM": lambda: ask(data, "phone", "submissions")[0]["instance"],
        "@WARNING": lambda: _warning(data),
        "@ROW": lambda: ask(data, "inbox", "list", "--kind", "warning")["rows"][0][
            "id"
        ],
        "@OPERATION": lambda: ask(data, "undo", "--list", "--project", "P")[0]["id"],
        "{}": lambda: str(folder),
        "MARK": lambda: MARK,
    }


def _warning(data):
    found = ask(data, "warning", "list", "--project", "P")[0]
    return f"{found['type']} {found['name']} {found['code']}"


def test_every_command_that_writes_leaves_a_line(filled, tmp_path):
    (tmp_path / "soc.csv").write_text("label,batch,SOC g/kg\nBAG-2016,B9,14.5\n")
    (tmp_path / "contacts.csv").write_text("name,email\nBo Ek,bo@example.org\n")
    shape = {"type": "Point", "coordinates": [2.0, 48.0]}
    place = {
        "type": "Feature",
        "geometry": shape,
        "properties": {"code": "9", "plot": "A"},
    }
    (tmp_path / "places.geojson").write_text(json.dumps(place))
    silent = []
    for words, codes in typed_lines():
        line = " ".join(words)
        for name, find in finders(filled, tmp_path).items():
            if name in line:
                line = line.replace(name, find())
        before = len(noted(filled))
        done = _typed(filled, line.split(), codes)
        new = noted(filled)[before:]
        told = {one["command"] for one in new}
        if told != {command_of(words)} and command_of(words) not in ELSEWHERE:
            silent.append((line, told, done.output))
        secret = re.findall(r"Code: (\S+)|Token: (\S+)", done.stdout)
        for text in [part for pair in secret for part in pair if part]:
            assert text not in json.dumps(new)
    assert silent == []
    assert typed(filled, "audit", "verify").output.endswith("every line holds.\n")
    typed(filled, "verify")


def _typed(data, words, codes):
    done = CliRunner().invoke(main, ["--data", str(data), *words])
    assert done.exit_code in codes, (words, done.output, done.exception)
    return done


def test_a_restore_is_the_last_line_of_what_it_puts_in_place(tmp_path):
    data, other, file = tmp_path / "a", tmp_path / "b", tmp_path / "a.tar"
    typed(data, "init")
    typed(data, "--person", "Ada", "project", "add", "--code", "P", "--title", "P")
    typed(data, "backup", file)
    typed(other, "--person", "Bo", "restore", file)
    commands_noted = [(one["person"], one["command"]) for one in noted(other)]
    assert commands_noted[-1] == ("Bo", "restore")
    assert ("Ada", "project add") in commands_noted
    assert [one["outcome"] for one in noted(other)][-2:] == ["handed out", "done"]
    typed(other, "verify")


def test_a_move_takes_the_log_along_and_is_its_last_line(tmp_path, empty_postgres):
    data, address = tmp_path / "a", empty_postgres()
    typed(data, "init")
    typed(data, "project", "add", "--code", "P", "--title", "P")
    before = noted(data)
    typed(data, "move", "--to", address)
    after = noted(data)
    assert after[:-1] == before
    assert after[-1]["command"] == "move"
    # The address may hold a password.
    assert "@" not in after[-1]["said"]["address"]
    typed(data, "project", "edit", "P", "--title", "y")
    assert [one["number"] for one in noted(data)] == list(
        range(1, len(noted(data)) + 1)
    )
    typed(data, "verify")


def test_a_command_that_was_refused_before_it_changed_anything_has_no_line(tmp_path):
    data = tmp_path / "a"
    typed(data, "init")
    typed(data, "device", "revoke", "nobody", code=4)
    typed(data, "project", "add", "--code", "", "--title", "P", code=4)
    assert [one for one in noted(data) if one["command"] == "device revoke"] == []


def test_lines_are_chosen_by_project_person_day_and_command(tmp_path):
    data = tmp_path / "a"
    typed(data, "init")
    for person, code in (("Ada", "P"), ("Bo", "Q")):
        typed(
            data, "--person", person, "project", "add", "--code", code, "--title", "T"
        )
        typed(data, "--person", person, "token", "create", code, "--project", code)

    def found(*words):
        listed = ask(data, "audit", "list", *words)
        return {(one["person"], one["command"]) for one in listed}

    ada = {("Ada", "project add"), ("Ada", "token create")}
    bo = {("Bo", "project add"), ("Bo", "token create")}
    assert found("--project", "P") == found("--person", "Ada") == ada
    assert found("--command", "token create") == found("--command", "token")
    assert found("--command", "token") == {
        ("Ada", "token create"),
        ("Bo", "token create"),
    }
    assert found("--command", "tok") == found("--since", "2999-01-01") == set()
    assert found("--since", "2020-01-01") == ada | bo
    assert "no day" in typed(data, "audit", "list", "--since", "x", code=2).output
    typed(data, "audit", "list", "--project", "none", code=4)


def test_an_export_of_the_log_can_be_checked_by_anybody(tmp_path):
    data, file = tmp_path / "a", tmp_path / "log.csv"
    typed(data, "init")
    typed(data, "project", "add", "--code", "P", "--title", "=1+1")
    typed(data, "audit", "export", file)
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["command"] for row in rows][-1] == "audit export"
    for row in rows:
        said = bytes.fromhex(row["previous_hash"]) + row["line"].encode()
        assert hashlib.sha256(said).hexdigest() == row["hash"]
    typed(data, "audit", "export", file, code=4)


def test_a_line_that_was_altered_past_the_program_is_named(tmp_path):
    data = tmp_path / "a"
    typed(data, "init")
    for code in "PQR":
        typed(data, "project", "add", "--code", code, "--title", code)
    connection = connect(data / "permille.db")
    connection.execute("UPDATE audit_line SET said = replace(said, 'root', 'toor')")
    connection.execute("UPDATE audit_line SET said = said || ' ' WHERE number = 2")
    connection.close()
    said = typed(data, "audit", "verify", code=4).output
    assert "audit line 2: it, or its hash, was altered" in said
    found = ask(data, "verify", code=4)["faults"]
    assert "administrators" in {fault["check"] for fault in found}
