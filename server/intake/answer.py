"""The answer to a request, line by line (docs/protocol.md)."""

from collections.abc import Iterator
from typing import Any

import orjson

from schemas import limits
from schemas.messages import encode
from schemas.version import NEWEST_PROTOCOL, SCHEMA_VERSION
from server.intake.pull import Pulled
from server.intake.push import Accepted
from server.intake.request import Push
from server.merge.model import Verdict


def answer_of(
    accepted: Accepted, pulled: Pulled, push: Push, now: str, renew: str | None = None
) -> bytes:
    """Write an answer, line by line; `renew` is a code by which to get another token."""
    hello = _hello(accepted, pulled, push, now) | ({"renew": renew} if renew else {})
    before = map(_written, [hello, *_before_rows(accepted, pulled, push)])
    end = _written(_end(accepted, pulled, push))
    return b"\n".join([*before, *pulled.lines, end, b""])


def _written(line: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(line)
    except TypeError:  # a number beyond 64 bits
        return encode(line)


def _before_rows(
    accepted: Accepted, pulled: Pulled, push: Push
) -> Iterator[dict[str, Any]]:
    yield from map(_verdict, accepted.verdicts)
    yield from map(_late_verdict, pulled.late)
    if set(push.cursors) != accepted.project_ids:
        yield {"k": "scope", "streams": sorted(accepted.project_ids)}
    for project_id in pulled.resets:
        yield {"k": "reset", "s": project_id}
    for project_id, ids in pulled.purged.items():
        for start in range(0, len(ids), limits.PURGED_IDS):
            part = ids[start : start + limits.PURGED_IDS]
            yield {"k": "purged", "s": project_id, "r": part}


def _hello(accepted: Accepted, pulled: Pulled, push: Push, now: str) -> dict[str, Any]:
    line: dict[str, Any] = {"k": "hello"}
    if push.epoch is None:
        line["protocol"] = push.protocol
    if push.epoch != pulled.epoch:
        line["epoch"] = pulled.epoch
    line["now"] = now
    if push.schema != SCHEMA_VERSION:
        line["schema"] = SCHEMA_VERSION
    if push.protocol != NEWEST_PROTOCOL:
        line["speaks"] = NEWEST_PROTOCOL
    if pulled.shared:
        line["shared"] = pulled.shared
    if accepted.need is not None:
        log, n = accepted.need
        line["need_from"] = n
        if log != push.log_id:
            line["need_log"] = log
    return line


def _end(accepted: Accepted, pulled: Pulled, push: Push) -> dict[str, Any]:
    line: dict[str, Any] = {"k": "end"}
    if push.epoch is None:
        # A laptop that names no epoch expects every key.
        cursors = {s: [pulled.epoch, seq] for s, seq in pulled.cursors.items()}
        line |= {"cursors": cursors, "more": pulled.more}
    else:
        line |= {"cursors": pulled.cursors} if pulled.cursors else {}
        line |= {"more": True} if pulled.more else {}
    if pulled.digests:
        line["digest"] = {s: found.as_data() for s, found in pulled.digests.items()}
    if accepted.receipt is not None:
        receipt = accepted.receipt
        line["receipt"] = {"raw": receipt.raw, "sig": receipt.signature}
    return line


def _verdict(verdict: Verdict) -> dict[str, Any]:
    """Write the verdict on a change of the log that speaks: its place is its name."""
    return {"k": "v", "n": verdict.n, **_said(verdict)}


def _late_verdict(verdict: Verdict) -> dict[str, Any]:
    return {"k": "v", "i": verdict.change_id, "l": verdict.late, **_said(verdict)}


def _said(verdict: Verdict) -> dict[str, Any]:
    line: dict[str, Any] = {"r": verdict.outcome.value}
    if verdict.seq is not None:
        line["q"] = verdict.seq
    if verdict.repeated and verdict.late is None:
        line["d"] = True
    if verdict.why:
        line["why"] = [problem.as_data() for problem in verdict.why]
    if verdict.conflicts:
        line["cf"] = verdict.conflicts
    return line
