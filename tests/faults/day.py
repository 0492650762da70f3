"""The seven-laptop day: people type, homes and the server go back, all agree at night.

Seven laptops record, edit, delete, decide and sync in an order that follows from a seed,
through the real commands. Homes are copied, put back and cloned; the server is put back
two or three times. Then everybody syncs until nothing moves, and `day_checks` says
whether all have the same and whether any value that was typed is lost.
"""

from collections import Counter
from dataclasses import dataclass
from random import Random

from schemas.groups import WHOLE_RECORD
from schemas.records import TYPES
from tests.faults import day_words as words
from tests.faults.day_admin import Administrator
from tests.faults.day_checks import faults_of
from tests.faults.day_homes import PROJECTS, DayLaptop, DayServer
from tests.faults.day_ledger import Ledger
from tests.faults.day_words import Typed, in_order
from tests.faults.homes import MAPPING

LAPTOPS = 7
CLONES = 3
#: So often all may sync in the evening until nothing moves.
ROUNDS = 20
#: What is done in one step, and how often.
STEPS = {
    "edit": 52,
    "add": 22,
    "delete": 4,
    "bring_back": 2,
    "fix": 4,
    "resolve": 6,
    "tabulate": 1.5,
    "mistake": 1.5,
    "sync": 9,
    "check": 0.7,
    "status": 1,
    "copy_home": 1.2,
    "put_home_back": 0.4,
    "clone": 0.15,
    "recover": 0.3,
    "carry_bundle": 0.7,
    "back_up": 0.6,
    "administer": 2,
    "move_scope": 0.2,
}
SAID = ("pushed", "received", "settled_late", "repaired", "pending", "moved")


@dataclass(frozen=True)
class Told:
    """What a day came to."""

    seed: int
    edits: int
    counts: Counter
    gone: Counter
    faults: list

    def __str__(self):
        counts = ", ".join(f"{n} {name}" for name, n in sorted(self.counts.items()))
        gone = ", ".join(f"{n} {why}" for why, n in sorted(self.gone.items()))
        lost = f"{len(self.faults)} faults" if self.faults else "nothing lost"
        return (
            f"seven-laptop day {self.seed}: {self.edits} edits ({counts});"
            f" not counted: {gone or 'none'}; {lost}"
        )


class Day:
    """One day, by its seed."""

    def __init__(self, path, seed, edits, restores=None):
        self.path, self.rng, self.seed = path, Random(seed), seed
        self.edits, self.saved = edits, 0
        self.counts, self.ledger = Counter(), Ledger()
        self.server = DayServer(path / "server", self.counts)
        self.office = Administrator(self.server, self.ledger, self.rng, self.counts)
        self.laptops, self.copies = [], []
        times = self.rng.choice((2, 3)) if restores is None else restores
        self.restores = [
            int(edits * (i + self.rng.uniform(0.6, 1.2)) / (times + 0.5))
            for i in range(times)
        ]

    def live(self):
        """Live the day; return what it came to."""
        try:
            self.morning()
            while self.saved < self.edits:
                self.step()
            self.evening()
            faults = [*self.ledger.faults, *faults_of(self)]
            self.count_what_came()
        finally:
            self.server.stop()
        gone = Counter(self.ledger.gone.values())
        return Told(self.seed, self.saved, self.counts, gone, faults)

    def morning(self):
        """Enrol the laptops and let the first one prepare what others build on."""
        for number in range(LAPTOPS):
            laptop = DayLaptop(self.path / f"lap{number}", self.counts)
            self.enrol(laptop)
            self.laptops.append(laptop)
        for laptop in self.laptops:
            self.sync(laptop)
        for project in PROJECTS:
            for one in self.laptops[0].known("project", project):
                groups = set(TYPES["project"].groups.values())
                self.ledger.show(one["id"], "project", groups, one["fields"])
        self.server.back_up()

    def step(self):
        """Run one step of somebody, and fail the server when its time has come."""
        if self.restores and self.saved >= self.restores[0]:
            self.restores.pop(0)
            self.server.restore(self.rng)
            self.note_losses("the server had lost it when its laptop's disk was gone")
        name = self.rng.choices([*STEPS], STEPS.values())[0]
        getattr(self, name)(self.rng.choice(self.laptops))

    # What people type ------------------------------------------------------------

    def save(self, laptop, typed, kind=None):
        """Type a command that saves, and note in the ledger what it said."""
        answer = laptop.type(*typed.words)
        if not answer.is_saved:
            self.counts[f"refused: {answer.error}"] += 1
            assert not laptop.new_lines(), (typed, "refused, and kept")
            return answer
        lines = laptop.new_lines()
        records = {line["r"]: line["t"] for _, line in lines}
        screens = {r: laptop.show(t, r) for r, t in records.items()}
        laptop.look_away()
        self.ledger.note(laptop.name, typed, lines, screens)
        if kind and isinstance(answer.data, dict) and "fields" in answer.data:
            self.ledger.check_typed(laptop.name, typed, answer.data)
        if not lines and not self._says_unchanged(answer):
            said = f"said to be saved and in no line: {typed.words} {answer.data}"
            self.ledger.faults.append(said)
        self.saved += bool(lines)
        return answer

    @staticmethod
    def _says_unchanged(answer):
        data = answer.data or {}
        return data.get("outcome") == "unchanged" or data.get("kept") == 0

    def known(self, laptop):
        """Return a look at what a laptop lists of one project."""
        project = self.rng.choices(PROJECTS, (3, 1))[0]
        return project, lambda kind: laptop.known(kind, project)

    def edit(self, laptop):
        _, known = self.known(laptop)
        typed = words.edition(self.rng, known)
        if typed:
            kind, _, which, *_ = typed.words
            for one in known(kind):
                if one["id"] == which:
                    self.ledger.see(laptop.name, kind, which, one["fields"])
            self.save(laptop, typed, kind)

    def add(self, laptop):
        project, known = self.known(laptop)
        typed = words.addition(self.rng, known, project)
        self.save(laptop, typed, typed.words[0])

    def mistake(self, laptop):
        typed = words.mistake(self.rng, self.known(laptop)[1])
        if typed:
            answer = laptop.type(*typed.words)
            assert not answer.is_saved, typed
            assert not laptop.new_lines(), typed

    def delete(self, laptop):
        kind = self.rng.choices([*words.DELETED], words.DELETED.values())[0]
        found = self.known(laptop)[1](kind)
        if found:
            which = self.rng.choice(found)["id"]
            self.save(laptop, Typed((kind, "delete", which, "--yes")))

    def bring_back(self, laptop):
        kind = self.rng.choice([*words.DELETED])
        found = laptop.type(kind, "list", "--deleted", "--limit", "100").data
        if found:
            which = self.rng.choice(found)["id"]
            self.save(laptop, Typed((kind, "restore", which)))

    def fix(self, laptop):
        found = in_order(laptop.type("fix").data)
        if not found:
            return
        one = self.rng.choice(found)
        screen = laptop.show(one["type"], one["record"]) or {"fields": {}}
        for fields in (screen["fields"], screen["fields"] | one["meanwhile"]):
            self.ledger.see(laptop.name, one["type"], one["record"], fields)
        self.save(laptop, words.correction(self.rng, one))

    def resolve(self, laptop):
        found = laptop.type("conflicts").data
        left = in_order(one for one in found if not one["decided"])
        if not left:
            return
        for one in found:
            for side in ("stood", "other", "stands"):
                who = laptop.name, one["type"], one["record"]
                self.ledger.see(*who, one[side] or {}, only=one[side] or {})
            if (
                one["group"] == WHOLE_RECORD
            ):  # the record as it was deleted, or is to be
                screen = laptop.show(one["type"], one["record"]) or {"fields": {}}
                self.ledger.see(*who, screen["fields"])
        start = ["conflicts", "resolve"]
        if self.rng.random() < 0.05:
            end = ("--all", "--keep", "--reason", "first", "--yes")
            self.save(laptop, Typed((*start, *end)))
            return
        one = self.rng.choice(left)
        chosen = words.choice(self.rng, one)
        which = [one["record"], "--id", one["id"]]
        if self.rng.random() < 0.3:
            which = which[:1]
        end = (*chosen.words, "--reason", "seen again", "--yes")
        self.save(laptop, Typed((*start, *which, *end), chosen.says))

    def tabulate(self, laptop):
        """Import a small table of a laboratory."""
        file, mapping = self.path / "lab.csv", self.path / "lab.toml"
        file.write_text("\n".join(words.table(self.rng)) + "\n")
        mapping.write_text(MAPPING)
        rejected = self.path / "rejected.csv"
        rejected.unlink(missing_ok=True)
        project = self.rng.choice(PROJECTS)
        given = ["import", "layers", file, "--mapping", mapping, "--write"]
        given += ["--rejected", rejected, "--project", project]
        self.save(laptop, Typed(tuple(map(str, given))))

    def status(self, laptop):
        assert laptop.type("status").is_saved

    # Sync ------------------------------------------------------------------------

    def sync(self, laptop, *options):
        """Sync as a person would: a yes to removals, a new code where one is needed."""
        self.counts["syncs"] += 1
        answer = laptop.type("sync", *options)
        if answer.error == "many_removals":
            self.counts["removals accepted"] += 1
            answer = laptop.type("sync", *options, "--accept-removals")
        elif not answer.is_saved:
            self.counts[f"sync: {answer.error}"] += 1
            self.enrol(laptop)
            answer = laptop.type("sync", *options)
        laptop.look_away()
        assert answer.is_saved, (laptop.name, answer)
        return answer.data

    def check(self, laptop):
        found = self.sync(laptop, "--check")
        self.counts["repaired"] += found["repaired"]

    def enrol(self, laptop):
        answer = laptop.type("enrol", self.server.url, self.server.code())
        assert answer.is_saved, (laptop.name, answer)
        laptop.look_away()

    def carry_bundle(self, laptop):
        """Carry changes to the server on a stick, and most often its answers back."""
        file, reply = self.path / "stick.bundle", self.path / "stick.answers"
        every = ("--all",) if self.rng.random() < 0.3 else ()
        if not laptop.type("bundle", "export", file, *every).is_saved:
            return
        words_in = ("bundle", "import", str(file), "--reply", str(reply))
        answer = self.server.admin(*words_in)
        self.counts["bundles" if answer.code == 0 else "bundles refused"] += 1
        if answer.code == 0 and self.rng.random() < 0.7:
            laptop.type("bundle", "apply", reply)
            laptop.look_away()

    # Homes -----------------------------------------------------------------------

    def copy_home(self, laptop):
        folder = self.path / f"copy-{len(self.copies)}"
        laptop.copy_to(folder)
        self.copies.append((laptop, folder))

    def put_home_back(self, laptop):
        own = [folder for whose, folder in self.copies if whose is laptop]
        if not own:
            return
        in_place = self.rng.random() < 0.5
        laptop.put_back(self.rng.choice(own[-3:]), in_place=in_place)
        self.counts["homes put back in place" if in_place else "homes put back"] += 1
        self.ledger.lose_home(laptop.name, laptop.changes())
        self.note_losses("not synced when the disk was gone")

    def note_losses(self, why):
        """Note which changes are on no disk any more."""
        somewhere = set().union(*(laptop.changes() for laptop in self.laptops))
        self.ledger.lose(somewhere | self.server.changes(), why)

    def clone(self, laptop):
        if len(self.laptops) >= LAPTOPS + CLONES:
            return
        copy = laptop.clone(self.path / f"clone{len(self.laptops)}")
        self.laptops.append(copy)
        self.ledger.seen[copy.name] |= self.ledger.seen[laptop.name]
        self.counts["clones"] += 1
        if self.rng.random() < 0.5:
            self.enrol(copy)

    def recover(self, laptop):
        self.counts["recovers"] += laptop.type("recover").is_saved

    # The administrator -----------------------------------------------------------

    def back_up(self, _laptop):
        self.server.back_up()

    def move_scope(self, laptop):
        self.office.move_scope(laptop)

    def administer(self, _laptop):
        self.office.administer()

    # The evening -----------------------------------------------------------------

    def evening(self):
        """Return every laptop all projects, and sync until nothing moves."""
        for laptop in self.laptops:
            self.sync(laptop)
            for project in PROJECTS:
                device = laptop.device()
                self.server.admin("device", "grant", device, "--project", project)
        for turn in range(ROUNDS):
            self.server.come_to_rest()
            order = self.rng.sample(self.laptops, len(self.laptops))
            moved = [self._moved(laptop) for laptop in order]
            if not any(moved) and self.server.is_at_rest():
                self.counts["rounds of the evening"] = turn + 1
                return
        self.ledger.faults.append(f"it moves after {ROUNDS} rounds: {moved}")

    def count_what_came(self):
        """Count the cases that the day brought about: a quiet day shows nothing."""
        for status in self.server.rows("SELECT status FROM conflict"):
            self.counts[f"conflicts {status[0]}"] += 1
        for status in self.server.rows("SELECT status FROM quarantine"):
            self.counts[f"waits {status[0]}"] += 1
        (self.counts["replaced"],) = self.server.rows("SELECT count(*) FROM history")[0]
        (self.counts["records"],) = self.server.rows("SELECT count(*) FROM record")[0]

    def _moved(self, laptop):
        report = self.sync(laptop, "--accept-removals")
        return {name: report[name] for name in SAID if report[name]}


def live_a_day(path, seed, edits, restores=None):
    """Live one day; return what it came to."""
    return Day(path, seed, edits, restores).live()
