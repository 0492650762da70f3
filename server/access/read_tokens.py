"""Tokens that read and do nothing else, and who reads with the token of a laptop."""

from dataclasses import replace
from typing import Final, NamedTuple

from server.access.days import end_of
from server.access.enrolment import digest
from server.access.names import Nameable
from server.access.veil import Veil, veil_of
from server.clock import Clock, iso
from server.errors import RefusedError, refuse
from server.reading.follow import Heads, heads_of
from server.store.port import Store, Transaction
from server.store.values import ReadToken

#: What people see begin each of these tokens: a laptop's has none.
_START: Final = "read-"
_HOUR_MS: Final = 3_600_000
#: What a laptop may see.
_LAPTOP: Final = "collector"
#: What a new token may see, where nobody says.
NEW_ROLE: Final = "viewer"


class Who(NamedTuple):
    """Who reads: id and name, the projects they may know, and where these stand.

    `veil` is what they may not see of them.
    """

    id: str
    name: str
    projects: tuple[str, ...]
    heads: Heads
    veil: Veil | None = None


async def who_reads(store: Store, token: str, now: str) -> Who:
    """Return who reads with a token: an analyst, or a laptop its own projects.

    Raises
    ------
    RequestError
        401, if it is not known, has expired or was revoked.
    """
    kept = digest(token)

    def job(tx: Transaction) -> Who | None:
        found = tx.read_token(kept, now) or tx.device_by_token(kept)
        if found is None:
            return None
        projects = tuple(sorted(found.projects))
        # A laptop has its own projects as they are.
        role = found.role if isinstance(found, ReadToken) else _LAPTOP
        veil = veil_of(tx, projects, role, now[:10])
        return Who(found.id, found.name, projects, heads_of(tx, projects), veil)

    who = await store.read(job)
    if who is None:
        raise refuse("bad_read_token")
    return who


async def make_token(
    store: Store,
    clock: Clock,
    name: str,
    projects: tuple[str, ...],
    until: str | None,
    role: str = NEW_ROLE,
) -> tuple[ReadToken, str]:
    """Make a token that reads some projects up to the end of a day, UTC.

    The token is shown this once; the server keeps its hash. It shows what its role may see
    (`server.access.veil`).

    Raises
    ------
    RefusedError
        If a live token has this name.
    UsageError
        If the day is none, or is past.
    """
    secret, now = f"{_START}{clock.secret()}", clock.stamp()
    expires = end_of(until, now) if until else None
    token = ReadToken(clock.new_id(), name, now, projects, expires, None, role)

    def job(tx: Transaction) -> None:
        if any(one.name == name and is_live(one, now) for one in tx.read_tokens()):
            raise RefusedError(
                f"there is a token {name} already",
                [],
                f"choose another name, or: permille-server token revoke {name}",
            )
        tx.add_read_token(token, digest(secret))

    await store.write(job)
    return token, secret


async def revoke_token(store: Store, clock: Clock, name: str) -> ReadToken:
    """Refuse a token from now on, by its name, its id or the start of it.

    Raises
    ------
    NotFoundError
        If there is none.
    AmbiguousError
        If several are called so.
    """
    now = clock.stamp()

    def job(tx: Transaction) -> ReadToken:
        token = _find_token(tx, name, now)
        for one in tx.read_tokens():
            # One that was renewed goes with the new one.
            if one.id == token.id or (one.name == token.name and is_live(one, now)):
                tx.revoke_read_token(one.id, now)
        return token

    return await store.write(job)


async def renew_token(
    store: Store, clock: Clock, name: str, overlap_hours: int
) -> tuple[ReadToken, str, str]:
    """Make another token in place of one, which is taken for so many hours more.

    Returns the new one, its secret, which is shown this once, and until when the old one is
    taken.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is none, or several are called so.
    RefusedError
        If it is taken no more.
    """
    secret, now = f"{_START}{clock.secret()}", clock.stamp()
    ends = iso(clock.now_ms() + overlap_hours * _HOUR_MS)

    def job(tx: Transaction) -> tuple[ReadToken, str]:
        old = _find_token(tx, name, now)
        if not is_live(old, now):
            raise RefusedError(
                f"the token {old.name} is taken no more",
                [],
                "make another one: permille-server token create",
            )
        new = replace(old, id=clock.new_id(), created_at=now)
        until = min(ends, old.expires_at or ends)
        tx.end_read_token(old.id, until)
        tx.add_read_token(new, digest(secret))
        return new, until

    new, until = await store.write(job)
    return new, secret, until


def _find_token(tx: Transaction, name: str, now: str) -> ReadToken:
    known = {one.id: one for one in tx.read_tokens()}
    found = _TOKEN.meant(name, known, lambda one: is_live(one, now))
    if len({one.name for one in found.values()}) == 1:
        # Of one that was renewed and still counts, the new one is meant.
        return max(found.values(), key=lambda one: one.created_at)
    return _TOKEN.only(name, found, known)


def has_readers(tx: Transaction, now: str) -> bool:
    """Return whether somebody has a token to read with."""
    return any(is_live(token, now) for token in tx.read_tokens())


def is_live(token: ReadToken, now: str) -> bool:
    """Return whether a token is taken at a moment."""
    return token.revoked_at is None and (
        token.expires_at is None or token.expires_at > now
    )


_TOKEN: Final[Nameable[ReadToken]] = Nameable(
    "token",
    "permille-server token list",
    lambda token, start: f"{token.name} ({start}) of {token.created_at[:16]}",
)
