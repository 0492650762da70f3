"""The administrator of the seven-laptop day: decides, releases, discards, withdraws."""

import json

from schemas.groups import WHOLE_RECORD
from tests.faults import day_words as words
from tests.faults.day_ledger import Decision
from tests.faults.day_words import in_order

SETTLED = {"discarded", "replaced", "released"}


class Administrator:
    """Who types at the server, by the seed of the day."""

    def __init__(self, server, ledger, rng, counts):
        self.server, self.ledger = server, ledger
        self.rng, self.counts = rng, counts
        self.withdrawn = []

    def move_scope(self, laptop):
        """Withdraw the second project from a laptop, or give it back to another."""
        if self.withdrawn and self.rng.random() < 0.6:
            device = self.withdrawn.pop()
            self.server.admin("device", "grant", device, "--project", "Q")
            self.server.admin("quarantine", "rejudge")
            return
        device = laptop.device()
        answer = self.server.admin("device", "withdraw", device, "--project", "Q")
        self.counts["withdrawals"] += answer.code == 0
        self.withdrawn.append(device)

    def administer(self):
        """Decide on a conflict, or on a change that waits."""
        if self.rng.random() < 0.5:
            self.decide()
            return
        found = self.server.admin("quarantine", "list", "--all", "--json").data
        waiting = [one for one in found if one["status"] not in SETTLED]
        chance = self.rng.random()
        if chance < 0.3 or not waiting:
            self.server.admin("quarantine", "rejudge")
            return
        change = self.rng.choice(waiting)["change"]
        typed = ("release", change)
        if chance < 0.5:
            typed = ("discard", change, "--reason", "typed twice")
        self.server.admin("quarantine", *typed)

    def decide(self):
        """Decide on an open conflict, and note in the ledger what was chosen."""
        found = in_order(self.server.admin("conflict", "list", "--json").data)
        if not found:
            return
        one = self.rng.choice(found)
        chosen = words.choice(self.rng, one)
        typed = ("conflict", "resolve", one["id"], *chosen.words)
        before = self.server.changes()
        answer = self.server.admin(*typed, "--reason", "seen", "--json")
        if answer.code:
            self.counts["decisions refused"] += 1
            return
        self.counts["decisions of the administrator"] += 1
        for change in self.server.changes() - before:
            made = Decision("the server", change, one["record"], (one["id"],))
            self.ledger.decisions.append(made)
        standing = "SELECT fields FROM record WHERE id = ?"
        groups = {one["group"]} - {WHOLE_RECORD}
        for (fields,) in self.server.rows(standing, one["record"]):
            self.ledger.show(one["record"], one["type"], groups, json.loads(fields))
