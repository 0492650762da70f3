"""Records over HTTP: one POST per round of a sync, the rows of the daily check."""

import json
from collections.abc import Mapping
from typing import Any, Final

from backports import zstd

from collector.client.between import RETRY
from collector.client.http import Headers, HttpClient, document_of, is_page
from collector.errors import PermilleError, RefusedError, UnreachableError
from collector.rules.reply import (
    CutReplyError,
    Message,
    MisshapenReplyError,
    Reply,
    read_reply,
    read_rows,
)
from schemas.messages import NDJSON, MessageError, decode_body

#: What saying that a body is packed costs.
_SAYING_SO_BYTES: Final = len("Content-Encoding: zstd\r\n")
#: 500 bags with notes: 64 bytes each in 2.6 ms, where level 6 makes 67 in 1.8 ms and
#: level 12 makes 63 in 3.9 ms.
_ZSTD_LEVEL: Final = 9


class SyncClient(HttpClient):
    """The records of one server, as this device may see them."""

    #: The code by which the server last said that this laptop is to get another token.
    renew_code: str | None = None

    async def sync(self, body: bytes, asked_epoch: str = "") -> Reply:
        """Send one sync request, which names a timeline or none, and read its answer.

        Raises
        ------
        UnreachableError
            If no whole answer came.
        RefusedError
            If the server refused the request.
        """
        headers = {"Content-Type": NDJSON, "Accept-Encoding": "zstd"}
        packed = zstd.compress(body, _ZSTD_LEVEL)
        if len(packed) + _SAYING_SO_BYTES < len(body):
            headers["Content-Encoding"] = "zstd"
        else:
            packed = body
        raw = await self._ask("POST", "/v1/sync", headers, packed)
        try:
            reply = read_reply(raw.split(b"\n"), asked_epoch)
        except CutReplyError as error:
            raise _unusable(error) from None
        self.renew_code = reply.hello.get("renew")
        return reply

    async def enrol(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Trade an enrolment code for a device token.

        Raises
        ------
        UnreachableError
            If no whole answer came.
        RefusedError
            If the server refused the code.
        """
        return await self._trade("/v1/enrol", request, "enrolled")

    async def labels(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for a block of labels.

        Raises
        ------
        UnreachableError
            If no whole answer came.
        RefusedError
            If the server gives this laptop no more.
        """
        return await self._trade("/v1/labels", request, "labelled")

    async def _trade(
        self, path: str, request: Mapping[str, Any], answer: str
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        body = json.dumps(request, ensure_ascii=False).encode()
        raw = await self._ask("POST", path, headers, body)
        try:
            return decode_body(answer, raw)
        except MessageError as error:
            raise UnreachableError(
                f"the answer is not one of a Permille server: {error}",
                "check the address",
            ) from None

    async def buckets(self, project_id: str) -> Mapping[str, list[int | str]]:
        """Ask for the digest of each bucket of a project.

        Raises
        ------
        UnreachableError
            If no whole answer came.
        """
        raw = await self._get(f"/v1/streams/{project_id}/buckets")
        found = document_of(raw).get("buckets")
        if not isinstance(found, dict) or not all(map(_is_digest, found.values())):
            raise _unusable(MisshapenReplyError("the server's digests cannot be used"))
        return found

    async def rows_in(
        self, project_id: str, buckets: list[str]
    ) -> tuple[str, list[Message]]:
        """Ask for the rows of some buckets, with the server's epoch.

        Raises
        ------
        UnreachableError
            If no whole answer came.
        """
        raw = await self._get(f"/v1/streams/{project_id}/rows?in={','.join(buckets)}")
        try:
            return read_rows(raw.split(b"\n"))
        except CutReplyError as error:
            raise _unusable(error) from None

    async def _get(self, path: str) -> bytes:
        return await self._ask("GET", path, {"Accept-Encoding": "zstd"})

    async def _ask(
        self, method: str, path: str, headers: Headers, body: bytes | None = None
    ) -> bytes:
        async with self._request(method, path, headers, body) as response:
            if response.status >= 300 or is_page(response.headers):
                raise await self._refusal(response)
            return await self._read(response)


def _unusable(error: CutReplyError) -> PermilleError:
    """Return what to say of an answer: one that was cut is asked for again."""
    if isinstance(error, MisshapenReplyError):
        return RefusedError(
            str(error),
            "nothing was taken from it; tell the administrator of the server",
            code="bad_reply",
        )
    return UnreachableError(str(error), RETRY, code="cut_reply")


def _is_digest(value: object) -> bool:
    """Return whether a digest is a count and a sum."""
    match value:
        case [int(), str()]:
            return True
        case _:
            return False
