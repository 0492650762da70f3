"""The change line of a log, written and read here only. Pure.

Both sides write lines: a laptop what a person enters, the server what an administrator
does. Bytes of a line are never written anew, but where it moves to another log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from schemas import chain
from schemas.conflicts import change_of
from schemas.evolve import up_cast
from schemas.ids import is_id
from schemas.messages import MessageError, Op, decode_request, encode, parse_object
from schemas.problems import Problem
from schemas.version import SCHEMA_VERSION

Fields = Mapping[str, Any]

#: A row of the server: its timeline (epoch) and its number there.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Draft:
    """One change to be kept.

    `base` is the server row its author was looking at, `bases` those of field groups
    where a change of this laptop hid a newer row, `seen` changes that the author knew
    besides. `replaces` is the quarantined change it stands for, `resolves` the conflicts
    it decides and `reason` why; the drafts of a `group` stand or fall together. `is_new`
    says that no record of this laptop has the id yet.
    """

    project_id: str
    type: str
    record_id: str
    op: Op = Op.PUT
    fields: Fields = field(default_factory=dict)
    base: Place | None = None
    bases: Mapping[str, Place | None] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    replaces: str | None = None
    is_new: bool = False
    group: str | None = None
    resolves: tuple[str, ...] = ()
    reason: str | None = None


_NO_BASES: Final[Mapping[str, Place | None]] = MappingProxyType({})


class Change(NamedTuple):
    """One change of a log, with its raw line and the chain's hash after it.

    The rest is what its `Draft` said. `seen` are changes that its author knew whatever
    the bases say; who decides conflicts knew both sides of them.
    """

    log_id: str
    n: int
    id: str
    hlc: int
    project_id: str
    type: str
    record_id: str
    op: str
    base: Place | None
    version: int
    fields: dict[str, Any]
    person: str | None
    replaces: str | None
    raw: bytes
    hash: bytes
    group: str | None = None
    resolves: tuple[str, ...] = ()
    reason: str | None = None
    unreadable: str = ""
    bases: Mapping[str, Place | None] = _NO_BASES
    seen: frozenset[str] = frozenset()

    def base_of(self, group: str) -> Place | None:
        """Return the row in which the author saw a group."""
        return self.bases.get(group, self.base)


def write_change(draft: Draft, n: int, stamp: int, person: str | None) -> bytes:
    """Write a draft as line n of a log; keys that say nothing are left out.

    The line has no id: that follows from the hash of the log after it.
    """
    said: dict[str, Any] = {
        "k": "c",
        "n": n,
        "h": stamp,
        "s": draft.project_id,
        "t": draft.type,
        "r": draft.record_id,
        "o": str(draft.op),
        "v": SCHEMA_VERSION,
        "b": list(draft.base) if draft.base else None,
        "g": draft.group,
        "f": dict(draft.fields) or None,
        "u": person,
        "x": draft.replaces,
        "c": list(draft.resolves) or None,
        "y": draft.reason,
        "bg": {g: list(b) if b else None for g, b in draft.bases.items()} or None,
        "a": list(draft.seen) or None,
    }
    return encode({key: value for key, value in said.items() if value is not None})


def move_change(raw: bytes, change_id: str, n: int) -> bytes:
    """Write a line anew for its place in another log; it keeps its id and its words."""
    said = parse_object(raw)
    return encode({"k": said.pop("k"), **said, "n": n, "i": change_id})


def read_draft(raw: bytes) -> Draft:
    """Read a line of one's own log back; its fields are named as they are today.

    Nothing is checked: what is in the log was written by `write_change`.
    """
    line = parse_object(raw)
    return Draft(
        line["s"],
        line["t"],
        line["r"],
        Op(line["o"]),
        up_cast(line["t"], line["v"], line.get("f") or {}),
        _place(line.get("b")),
        _bases(line.get("bg", {})),
        tuple(line.get("a") or ()),
        line.get("x"),
        group=line.get("g"),
        resolves=tuple(line.get("c") or ()),
        reason=line.get("y"),
    )


def group_of(raw: bytes) -> str | None:
    """Return what a line stands or falls together with."""
    group: str | None = parse_object(raw).get("g")
    return group


def type_of(raw: bytes) -> str | None:
    """Return the type of the record that a line is about."""
    record_type: str | None = parse_object(raw).get("t")
    return record_type


def person_of(raw: bytes) -> str | None:
    """Return the person that a line says wrote it."""
    person: str | None = parse_object(raw).get("u")
    return person


def reason_of(raw: bytes) -> str | None:
    """Return why a line says that it was written, if it does."""
    reason: str | None = parse_object(raw).get("y")
    return reason


def read_change(log: str, raw: bytes, digest: bytes) -> Change:
    """Read one change line of a log; `digest` is the hash of the chain after it.

    A line that names its place and project and cannot be understood otherwise is an
    unreadable change: custody first.

    Raises
    ------
    MessageError
        If it is no change, or one that names neither its place nor its project.
    """
    try:
        line = decode_request(raw)
    except MessageError as error:
        return _unreadable(log, raw, digest, error.problem)
    if line["k"] != "c":
        found = f"expected a change, found {line['k']}"
        raise MessageError(Problem("bad_message", detail=found))
    return Change(
        log_id=log,
        n=line["n"],
        id=line.get("i") or chain.change_id(digest),
        hlc=line["h"],
        project_id=line["s"],
        type=line["t"],
        record_id=line["r"],
        op=line["o"],
        base=_place(line["b"]),
        version=line["v"],
        fields=line["f"],
        person=line["u"],
        replaces=line["x"],
        raw=raw,
        hash=digest,
        group=line["g"],
        resolves=tuple(line.get("c", ())),
        reason=line.get("y"),
        bases=_bases(line["bg"]) if "bg" in line else _NO_BASES,
        seen=_seen(line) if "a" in line or "c" in line else frozenset(),
    )


def _bases(said: Mapping[str, list[Any] | None]) -> dict[str, Place | None]:
    return {group: _place(base) for group, base in said.items()}


def _seen(line: Mapping[str, Any]) -> frozenset[str]:
    return frozenset([*line.get("a", ()), *map(change_of, line.get("c", ()))])


def _place(said: list[Any] | None) -> Place | None:
    return (said[0], said[1]) if said else None


def _unreadable(log: str, raw: bytes, digest: bytes, problem: Problem) -> Change:
    try:
        line = parse_object(raw)
    except MessageError:
        raise MessageError(problem) from None
    n, project_id = line.get("n"), line.get("s")
    if type(n) is not int or not is_id(project_id):
        raise MessageError(problem)
    said, record = line.get("i"), line.get("r")
    name = said if is_id(said) else chain.change_id(digest)
    return Change(
        log_id=log,
        n=n,
        id=str(name),
        hlc=0,
        project_id=str(project_id),
        type="unknown",
        record_id=str(record) if is_id(record) else str(name),
        op="unknown",
        base=None,
        version=0,
        fields={},
        person=None,
        replaces=None,
        raw=raw,
        hash=digest,
        unreadable=problem.detail or problem.text,
    )
