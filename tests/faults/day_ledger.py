"""The ledger of the seven-laptop day: every value that was typed and said to be saved."""

import json
from collections import defaultdict
from dataclasses import dataclass, field

from schemas.fields import FieldClass
from schemas.groups import by_group, members
from schemas.records import TYPES


@dataclass(frozen=True)
class Entry:
    """One field group of one change, as the laptop showed it right after."""

    laptop: str
    change: str
    type: str
    record_id: str
    group: str
    whole: dict
    typed: str

    def __str__(self):
        return (
            f"{self.type} {self.record_id} {self.group} = {self.whole}"
            f" (change {self.change} of {self.laptop}: {self.typed})"
        )


@dataclass(frozen=True)
class Decision:
    """A decision on conflicts that somebody was told is kept."""

    by: str
    change: str
    record_id: str
    conflicts: tuple


@dataclass
class Ledger:
    """What was typed and saved, what screens showed, and which disks are gone."""

    entries: list = field(default_factory=list)
    changes: dict = field(default_factory=dict)  # id: (laptop, what was typed)
    decisions: list = field(default_factory=list)
    displayed: dict = field(default_factory=lambda: defaultdict(set))
    #: What each laptop showed before somebody typed, or right after.
    seen: dict = field(default_factory=lambda: defaultdict(set))
    #: Over which values of a field group a value was typed.
    beneath: dict = field(default_factory=lambda: defaultdict(set))
    #: Changes whose home was replaced by an older copy, and why they do not count.
    without_home: set = field(default_factory=set)
    gone: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)

    def note(self, laptop, typed, lines, screens):
        """Note the lines that a command kept, and what is shown of their records."""
        words = " ".join(typed.words)
        for change, line in lines:
            self.changes[change] = (laptop, words)
            if line.get("c"):
                found = Decision(laptop, change, line["r"], tuple(line["c"]))
                self.decisions.append(found)
            screen = screens.get(line["r"])
            if screen is not None and line["o"] != "del":
                self._note_groups(laptop, words, (change, line), screen)

    def _note_groups(self, laptop, words, said, screen):
        change, line = said
        kind, record = line["t"], line["r"]
        for group, values in by_group(kind, line.get("f", {})).items():
            whole = whole_group(kind, group, screen["fields"])
            if not are_equal(kind, group, values, whole):
                self.faults.append(
                    f"shown is not what is kept: {kind} {record} {group}:"
                    f" {whole} shown, {values} in change {change} ({words})"
                )
            entry = Entry(laptop, change, kind, record, group, whole, words)
            self.entries.append(entry)
            self.displayed[record, group].add(as_text(whole))
            typed = record, group, as_text(whole)
            same = {one for one in self.seen[laptop] if one[:2] == typed[:2]}
            self.beneath[typed] |= same - {typed}
            self.seen[laptop].add(typed)

    def knew(self, laptop, value):
        """Return whether a laptop was shown a value, or one that was typed over it."""
        left, done = set(self.seen[laptop]), set()
        while left and value not in left:
            done |= left
            left = set().union(*(self.beneath[one] for one in left)) - done
        return value in left

    def see(self, laptop, kind, record, fields, only=None):
        """Note what a laptop shows of a record before somebody types; `only` of fields."""
        names = TYPES[kind].fields if only is None else only
        for group in by_group(kind, dict.fromkeys(names)):
            whole = whole_group(kind, group, fields)
            self.seen[laptop].add((record, group, as_text(whole)))

    def show(self, record, kind, groups, fields):
        """Note whole groups of a record that somebody saw and meant so."""
        for group in groups:
            whole = whole_group(kind, group, fields)
            self.displayed[record, group].add(as_text(whole))

    def check_typed(self, laptop, typed, screen):
        """Check that a command that said "saved" shows the values that were typed."""
        for name, value in typed.says.items():
            shown = screen["fields"].get(name)
            if name != "sampled_at" and not _is_same(value, shown):
                self.faults.append(
                    f"saved and not shown on {laptop}: {' '.join(typed.words)}:"
                    f" {name} is {shown!r}"
                )

    def lose_home(self, laptop, kept):
        """Note that the home of a laptop has only these changes from now on."""
        own = {change for change, (whose, _) in self.changes.items() if whose == laptop}
        self.without_home |= own - kept

    def lose(self, somewhere, why):
        """Note which changes without a home are nowhere any more."""
        for change in self.without_home - self.gone.keys() - somewhere:
            self.gone[change] = why


def whole_group(kind, group, fields):
    return {name: fields.get(name) for name in members(kind, group)}


def are_equal(kind, group, one, other):
    return as_text(whole_group(kind, group, one)) == as_text(
        whole_group(kind, group, other)
    )


def as_text(value):
    return json.dumps(value, sort_keys=True)


def class_of(kind, group):
    """Return the class of a field group: how two writes of it meet."""
    return TYPES[kind].fields[members(kind, group)[0]].field_class


def is_measurement(kind, group):
    return class_of(kind, group) is FieldClass.MEASUREMENT


def _is_same(typed, shown):
    match shown:
        case list():
            return sorted(typed) == sorted(shown)
        case float() | int():
            return float(typed) == float(shown)
        case _:
            return typed == shown
