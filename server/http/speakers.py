"""Who speaks: the device of a token, within the bounds of one laptop and one address."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from math import ceil
from typing import Final, TypeVar

from aiohttp import web

from schemas.problems import Problem
from server.access import enrolment
from server.access.read_tokens import Who
from server.config import Limits
from server.errors import RequestError, refuse
from server.http.addresses import Networks, is_among, speaker, who
from server.http.guesses import Guesses
from server.store.people_values import Person
from server.store.phone_values import Phone
from server.store.port import Holds, Store
from server.store.values import Device

T = TypeVar("T")

#: What a request is found to be on its way: the device that speaks.
DEVICE: Final = web.RequestKey("device", str)
#: Tokens that were right since the start, by their hashes.
_KNOWN: Final = 10_000
#: Refusals that count as a wrong guess.
_WRONG: Final = frozenset(
    {
        *("bad_token", "bad_code", "bad_read_token", "bad_phone_token"),
        "bad_sign_in_link",
    }
)


def credentials(request: web.Request, scheme: str) -> str:
    """Return what a request carries under a scheme, or nothing."""
    said, _, found = request.headers.get("Authorization", "").partition(" ")
    return found.strip() if said.lower() == scheme else ""


class Speakers:
    """Counts what addresses guess, and what devices have under way."""

    def __init__(self, limits: Limits, trusted: Networks) -> None:
        self.limits, self.trusted = limits, trusted
        self._guesses = Guesses(limits.wrong_guesses)
        self._known: dict[str, None] = {}
        self._under_way: Counter[str] = Counter()
        #: How many changes a device had sent when those that wait were counted, and these.
        self._waiting: dict[str, tuple[int, int]] = {}

    def address_of(self, request: web.Request) -> str:
        """Return where a request came from: the network of one owner."""
        return who(self._speaker(request))

    def is_trusted(self, request: web.Request) -> bool:
        """Return whether who speaks, not a proxy between, has a trusted address."""
        return is_among(self._speaker(request), self.trusted)

    def _speaker(self, request: web.Request) -> str:
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
        return speaker(request.remote or "", forwarded, self.trusted)

    def waiting_addresses(self) -> dict[str, float]:
        """Return the addresses that guessed too often, each with how many seconds it waits."""
        return self._guesses.waiting(asyncio.get_running_loop().time())

    async def device_of(self, request: web.Request, store: Store) -> Device:
        """Return the device that speaks, and count its request until it is answered.

        Raises
        ------
        RequestError
            401 without a live token, 429 after too many wrong ones, or where the device
            has too much under way.
        """
        token = credentials(request, "bearer")
        if not token:
            raise refuse("no_token")
        device = await self.asked(
            request, token, lambda: enrolment.device_of(store, token)
        )
        self.begin(request, device, self.limits.requests_per_laptop)
        return device

    async def asked(
        self, request: web.Request, token: str, ask: Callable[[], Awaitable[T]]
    ) -> T:
        """Ask whose a token is; only one that was never right counts as a guess."""
        kept = enrolment.digest(token)
        if kept in self._known:
            return await ask()
        found = await self.guess(request, ask)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[kept] = None
        return found

    async def guess(self, request: web.Request, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask whether a code or token is right, unless its address tried too many.

        Raises
        ------
        RequestError
            What was asked refuses; or 429.
        """
        address, now_s = self.address_of(request), asyncio.get_running_loop().time()
        wait_s = self._guesses.wait_s(address, now_s)
        if wait_s:
            problem = Problem("too_many_guesses", detail=f"from {address}")
            raise RequestError(problem, {"Retry-After": str(ceil(wait_s))})
        try:
            return await ask()
        except RequestError as error:
            if error.problem.code in _WRONG:
                self._guesses.wrong(address, now_s)
            raise

    async def why_full(self, device: Device | Phone, store: Store) -> str:
        """Return what a device has sent as much of as it may; empty where it may go on."""
        sent, logs = await store.read(lambda tx: tx.sent_by(device.id))
        if logs >= self.limits.laptop_logs:
            return f"{logs} logs: it was copied or restored as often"
        if sent >= self.limits.laptop_changes:
            return f"{self.limits.laptop_changes} changes"
        # What was sent since may wait, all of it: only then it is counted anew.
        at, waited = self._waiting.get(device.id, (0, 0))
        if waited + sent - at >= self.limits.laptop_waiting:
            waited = await store.read(lambda tx: tx.waiting_of(device.id))
            self._waiting[device.id] = (sent, waited)
            if waited >= self.limits.laptop_waiting:
                return f"{waited} changes that wait; see: permille fix"
        return ""

    async def count_file(
        self, request: web.Request, store: Store, size: int, code: str = "quota"
    ) -> None:
        """Count a file that begins to arrive; `code` is that of the refusal.

        Raises
        ------
        RequestError
            403, where the device has sent as many bytes of files as it may.
        """
        device, most = request[DEVICE], self.limits.laptop_files_mib
        sent = await store.write(lambda tx: tx.count_file(device, size), Holds())
        if sent > most * 1024 * 1024:
            raise refuse(code, f"{most} MiB of files")

    def begin(
        self, request: web.Request, device: Device | Who | Phone | Person, most: int
    ) -> None:
        """Count a request until it is answered.

        Raises
        ------
        RequestError
            429, where as many are under way as may be.
        """
        if self._under_way[device.id] >= most:
            problem = Problem("too_many_at_once", detail=device.name)
            raise RequestError(problem, {"Retry-After": "3"})
        self._under_way[device.id] += 1
        request[DEVICE] = device.id

    def end(self, request: web.Request) -> None:
        """Count a request no longer."""
        device = request.get(DEVICE)
        if device is None:
            return
        self._under_way[device] -= 1
        if self._under_way[device] <= 0:
            del self._under_way[device]
