"""From a line of a log to the change that it says. Pure."""

from typing import Any

from schemas import chain
from schemas.conflicts import change_of
from schemas.ids import is_id
from schemas.messages import MessageError, decode_request, parse_object
from schemas.problems import Problem
from server.merge.model import Change


def read_change(log: str, raw: bytes, digest: bytes) -> Change:
    """Read one change line of a log; `digest` is the hash of the chain after it.

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
    base = line["b"]
    return Change(
        log_id=log,
        n=line["n"],
        id=line.get("i") or chain.change_id(digest),
        hlc=line["h"],
        project_id=line["s"],
        type=line["t"],
        record_id=line["r"],
        op=line["o"],
        base=(base[0], base[1]) if base else None,
        version=line["v"],
        fields=line["f"],
        person=line["u"],
        replaces=line["x"],
        raw=raw,
        hash=digest,
        group=line["g"],
        resolves=tuple(line.get("c", ())),
        reason=line.get("y"),
        bases={g: tuple(b) if b else None for g, b in line.get("bg", {}).items()},
        seen=_seen(line),
    )


def _seen(line: dict[str, Any]) -> frozenset[str]:
    """Return the changes that a line says its author knew; who decides knew both sides."""
    return frozenset([*line.get("a", ()), *map(change_of, line.get("c", ()))])


def _unreadable(log: str, raw: bytes, digest: bytes, problem: Problem) -> Change:
    """Keep a line that names itself but cannot be understood: custody first."""
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
