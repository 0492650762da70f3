"""The laptops and the server of the seven-laptop day: real commands, counted."""

import json
import shutil
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner

from collector.cli.root import cli
from collector.errors import Exit
from collector.store.packing import LINE
from schemas.records import TYPES
from server.cli import main as server_cli
from tests.faults.homes import Laptop
from tests.processes import PERMILLE_SERVER, run, start_server, stop, typed

#: Every so manieth command that does more than list runs as a process of its own.
PROCESS_EVERY = 40
LOOKS = ("list", "show")
#: Errors that no word of a person explains: of the program, or of the disk.
BROKEN = ("defect", "store", "system", "busy")
#: A list on the screen is as long as there are records.
ALL = ("--limit", "100000")
PROJECTS = ("P", "Q")
SAVED = (Exit.DONE, Exit.ATTENTION)


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it printed."""

    code: int
    data: Any

    @property
    def is_saved(self):
        return self.code in SAVED

    @property
    def error(self):
        """Return the code of the error, if it is one."""
        is_error = isinstance(self.data, dict) and "error" in self.data
        return self.data["error"]["code"] if is_error else ""


class DayLaptop(Laptop):
    """A home that people type into, and what they have on the screen."""

    def __init__(self, home, counts, *, init=True):
        self.name, self.counts = home.name, counts
        self._screens, self._place = {}, 0
        self._story = home.parent / "story.txt"
        super().__init__(home, init=init)

    def type(self, *words):
        """Type a command; now and then it is a process of its own."""
        is_look = words[1:2] and words[1] in LOOKS
        self.counts["looks" if is_look else "commands"] += 1
        given = ["--home", str(self.home), *map(str, words), "--json"]
        if not is_look and self.counts["commands"] % PROCESS_EVERY == 0:
            self.counts["processes"] += 1
            done = self.run(*words, "--json")
            code, out = done.returncode, done.stdout
            assert "Traceback" not in done.stderr, (words, done.stderr)
        else:
            answer = CliRunner().invoke(cli, given)
            code, out = answer.exit_code, answer.stdout
        found = Answer(code, json.loads(out.splitlines()[0]) if out.strip() else None)
        self.tell(code, *words, found.error)
        assert found.error not in BROKEN, (self.name, words, out)
        return found

    def tell(self, *words):
        """Write a line of the day's story, to read when something is lost."""
        with self._story.open("a") as story:
            print(self.name, *words, file=story)

    def known(self, kind, project):
        """Return the records of a kind as this laptop lists them."""
        place = kind, project
        if place not in self._screens:
            found = self.type(kind, "list", "--project", project, *ALL)
            self._screens[place] = found.data if found.is_saved else []
        return self._screens[place]

    def look_away(self):
        """Forget what was on the screen: it may be another by now."""
        self._screens.clear()

    def show(self, kind, record):
        """Return a record as the laptop shows it, deleted or not."""
        found = self.type(kind, "show", record)
        if found.is_saved:
            return found.data
        deleted = self.type(kind, "list", "--deleted", *ALL).data
        return next((one for one in deleted if one["id"] == record), None)

    def new_lines(self):
        """Return the changes that were kept since the last look, with their lines."""
        rows = self.read(
            f"SELECT place, id, {LINE} FROM change WHERE place > ? ORDER BY place",  # noqa: S608 - a constant
            self._place,
        )
        self._place = max([self._place, *(row[0] for row in rows)])
        return [(change, json.loads(raw)) for _, change, raw in rows]

    def changes(self):
        """Return the ids of all changes that are in this home."""
        return {row[0] for row in self.read("SELECT id FROM change")}

    def read(self, sql, *values):
        store = self.store()
        try:
            return store._read(sql, *values)
        finally:
            store.close()

    def copy_to(self, folder):
        shutil.copytree(self.home, folder)
        self.tell("was copied to", folder.name)

    def put_back(self, folder, *, in_place):
        """Put an earlier copy of the home back, as other files or into the same ones.

        Files that are written over keep all signs of their place: no command here
        notices that the home is older than it was.
        """
        if in_place:
            for file in ("permille.db", "key"):
                old, new = self.home / file, folder / file
                if old.read_bytes() != new.read_bytes():
                    old.write_bytes(new.read_bytes())
        else:
            shutil.rmtree(self.home)
            shutil.copytree(folder, self.home)
        self.tell("was put back to", folder.name, "in place" if in_place else "")
        self._start_over()

    def clone(self, home):
        """Return a laptop whose home is a copy of this one."""
        shutil.copytree(self.home, home)
        copy = DayLaptop(home, self.counts, init=False)
        copy._start_over()
        return copy

    def _start_over(self):
        self.look_away()
        self._place = 0
        self.new_lines()

    def device(self):
        return self.type("status").data["device"]

    def listed(self, *words):
        """Return every record of every kind as a list shows it, by its id."""
        return {
            kind: {one["id"]: one for one in self.type(kind, "list", *words, *ALL).data}
            for kind in TYPES
        }


class DayServer:
    """A server process, its administrator, and its backups."""

    def __init__(self, data, counts):
        self.data, self.counts = data, counts
        typed(data, "init")
        for code in PROJECTS:
            self.admin("project", "add", "--code", code, "--title", code)
        self._process, self.url = start_server(data)
        self._backups = []

    @property
    def port(self):
        return self.url.rsplit(":", 1)[1]

    def admin(self, *words):
        """Type an administrator's command; return how it ended, with what it printed."""
        self.counts["admin"] += 1
        done = CliRunner().invoke(server_cli, ["--data", str(self.data), *words])
        with (self.data.parent / "story.txt").open("a") as story:
            print("server", done.exit_code, *words, file=story)
        known = isinstance(done.exception, SystemExit | None)
        assert known, (words, done.output, done.exception)
        text = done.stdout.strip()
        is_json = "--json" in words and text[:1] in {"{", "["}
        return Answer(done.exit_code, json.loads(text) if is_json else done.output)

    def code(self):
        """Return a code for a laptop, good for all projects."""
        words = [word for code in PROJECTS for word in ("--project", code)]
        return self.admin("device", "code", *words, "--json").data["code"]

    def rows(self, sql, *values):
        db = sqlite3.connect(self.data / "permille.db")
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def changes(self):
        return {row[0] for row in self.rows("SELECT change_id FROM change")}

    def is_at_rest(self):
        """Return whether nothing is left to derive or to release."""
        left = "SELECT 1 FROM job UNION ALL SELECT 1 FROM release"
        return not self.rows(left)

    def come_to_rest(self):
        """Wait until what was pushed is derived: it is begun when nothing has come for a moment."""
        until = time.monotonic() + 60
        while not self.is_at_rest() and time.monotonic() < until:
            time.sleep(0.1)

    def back_up(self):
        """Write a backup while the server runs, or copy the database by hand."""
        file = self.data.parent / f"backup-{len(self._backups)}"
        if len(self._backups) % 2 == 0:
            file = file.with_suffix(".tar")
            run([*PERMILLE_SERVER, "--data", self.data], "backup", file, check=0)
        else:
            db = sqlite3.connect(self.data / "permille.db")
            db.execute("VACUUM INTO ?", (str(file),))
            db.close()
        self._backups.append(file)
        with (self.data.parent / "story.txt").open("a") as story:
            print("server was copied to", file.name, file=story)

    def restore(self, rng):
        """Stop, go back to one of the last backups, start; return how."""
        file = rng.choice(self._backups[-3:])
        stop(self._process)
        if file.suffix:
            command = [*PERMILLE_SERVER, "--data", self.data]
            run(command, "restore", file, "--force", check=0)
        else:
            for name in ("permille.db-wal", "permille.db-shm"):
                (self.data / name).unlink(missing_ok=True)
            shutil.copy(file, self.data / "permille.db")
        self._process, _ = start_server(self.data, self.port)
        with (self.data.parent / "story.txt").open("a") as story:
            print("server was put back to", file.name, file=story)
        self.counts["by hand" if not file.suffix else "by command"] += 1

    def verify(self):
        return run([*PERMILLE_SERVER, "--data", self.data], "verify", "--json")

    def stop(self):
        stop(self._process)
