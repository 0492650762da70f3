"""The audit log: what administrators do, written in the transaction in which they do it.

A command of an administrator is handed an `AuditedStore` and nothing else, so it cannot
write without a line. A line says when, who, which command with what, and which projects;
secrets that a command makes are no part of it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from schemas.names import meant
from server.clock import Clock
from server.store.kept_values import AuditLine
from server.store.port import ALONE, Holds, Store, Transaction

T = TypeVar("T")

#: What a line says of the command: it changed something, data were handed out, or it was
#: refused after it had changed something.
DONE: Final = "done"
HANDED_OUT: Final = "handed out"
STOPPED: Final = "stopped"
#: The options that name projects.
_NAMING: Final = ("project", "projects", "old", "new")


@dataclass(frozen=True, slots=True)
class Act:
    """One command of an administrator: who typed it, and with what.

    `run` is the id of this running of it, `login` the account on the machine, `said` its
    options and arguments by name.
    """

    run: str
    person: str
    login: str
    command: str
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A line of the audit log as it is read; `projects` are ids, `line` is what is hashed."""

    number: int
    at: str
    run: str
    person: str
    login: str
    command: str
    said: Mapping[str, Any]
    projects: tuple[str, ...]
    outcome: str
    line: str
    hash: str

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}


class AuditedStore:
    """A `Store` that writes a line of the audit log in each transaction that writes.

    Each job is alone, whatever it says that it holds: lines follow each other.
    """

    def __init__(self, store: Store, clock: Clock, act: Act) -> None:
        self._store, self._clock, self._act = store, clock, act
        self._has_written = False
        self._about: set[str] = set()
        self._named: set[str] | None = None
        self._also_said: dict[str, Any] = {}

    def say(self, **said: Any) -> None:  # noqa: ANN401 - what JSON has
        """Say more of the command than its options, in each line from now on."""
        self._also_said |= said

    def about(self, projects: Iterable[str]) -> None:
        """Say which projects the command is about, where its options do not."""
        self._about |= {*projects}

    async def write(
        self, job: Callable[[Transaction], T], holds: Holds | None = ALONE
    ) -> T:
        """Run a job in a writing transaction, with its line; return after its commit."""
        named = holds.project_ids if holds else ()
        result = await self._store.write(lambda tx: self._noted(tx, job, named))
        self._has_written = True
        return result

    def read(self, job: Callable[[Transaction], T]) -> Any:  # noqa: ANN401 - as the store's
        """Run a job on one snapshot."""
        return self._store.read(job)

    def locked(self, name: str, work: Callable[[], T]) -> Any:  # noqa: ANN401 - as the store's
        """Do something with files of which no other process does anything meanwhile."""
        return self._store.locked(name, work)

    def leads(self) -> Any:  # noqa: ANN401 - as the store's
        """Return whether this one does what one alone does."""
        return self._store.leads()

    def forget_deleted(self) -> Any:  # noqa: ANN401 - as the store's
        """Take what was deleted out of the database's files."""
        return self._store.forget_deleted()

    def close(self) -> None:
        """Finish what was begun and let go."""
        self._store.close()

    async def note_hand_out(self) -> None:
        """Write that the command hands data out, before it does."""
        await self._write_line(HANDED_OUT)
        self._has_written = True

    async def note_stop(self, why: str) -> None:
        """Write that the command was stopped, if there is a line of it already."""
        if self._has_written:
            await self._write_line(f"{STOPPED}: {why}")

    async def _write_line(self, outcome: str) -> None:
        await self._store.write(
            lambda tx: tx.add_audit_line(self._line(self._known(tx), outcome))
        )

    def _known(self, tx: Transaction) -> set[str]:
        """Return the projects that the options name, read once, and those told of."""
        if self._named is None:
            self._named = named_projects(tx, self._act.said)
        return self._named | self._about

    def _noted(
        self,
        tx: Transaction,
        job: Callable[[Transaction], T],
        projects: Iterable[str],
    ) -> T:
        before = tx.heads()
        result = job(tx)
        moved = {name for name, head in tx.heads().items() if before.get(name) != head}
        named = moved | {*projects} | self._known(tx)
        tx.add_audit_line(self._line(named, DONE))
        return result

    def _line(self, projects: Iterable[str], outcome: str) -> str:
        act = self._act
        said = {
            "at": self._clock.stamp(),
            "run": act.run,
            "person": act.person,
            "login": act.login,
            "command": act.command,
            "said": {**act.said, **self._also_said},
            "projects": sorted(projects),
            "outcome": outcome,
        }
        return json.dumps(said, ensure_ascii=True, separators=(",", ":"))


def audit_entries(tx: Transaction) -> list[AuditEntry]:
    """Return every line of the audit log, oldest first."""
    return [_entry(line) for line in tx.kept(AuditLine)]


def _entry(line: AuditLine) -> AuditEntry:
    said = json.loads(line.said)
    projects = tuple(said.pop("projects"))
    return AuditEntry(
        **said,
        number=line.number,
        projects=projects,
        line=line.said,
        hash=bytes(line.hash).hex(),
    )


def told_value(value: object) -> str:
    """Return a value of an option or a form as people read it."""
    if isinstance(value, list):
        return " ".join(map(told_value, value))
    return "yes" if value is True else "no" if value is False else str(value)


def named_projects(tx: Transaction, said: Mapping[str, Any]) -> set[str]:
    """Return the projects that the options of a command name, by code or start of an id."""
    texts = [text for name in _NAMING for text in _texts(said.get(name))]
    if not texts:
        return set()
    codes: dict[str, list[str]] = {project_id: [] for project_id in tx.heads()}
    for code, project_id in tx.codes_in_use().items():
        codes[project_id].append(code)
    return {found for text in texts for found in meant(text.casefold(), codes)}


def _texts(value: object) -> list[str]:
    many = value if isinstance(value, list) else [value]
    return [each for each in many if isinstance(each, str) and each]


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which lines: what is None does not narrow them. `since` is a day, `by` a person or login."""

    project_id: str | None = None
    by: str | None = None
    since: str | None = None
    command: str | None = None


def chosen(entries: Iterable[AuditEntry], wanted: AuditQuery) -> list[AuditEntry]:
    """Return the lines that are wanted; a group of commands stands for all of its own."""
    return [
        one
        for one in entries
        if (wanted.project_id is None or wanted.project_id in one.projects)
        and (wanted.by is None or wanted.by in {one.person, one.login})
        and (wanted.since is None or one.at >= wanted.since)
        and (
            wanted.command is None or f"{one.command} ".startswith(f"{wanted.command} ")
        )
    ]
