"""A laptop that syncs with Kinto, as `laptops.py` wants it: `kinto_laptop VERB FOLDER URL`.

It stores nothing: what waits is in a file, and what it is sent is parsed and counted.
"""

import asyncio
import base64
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.peers.documents import read_documents
from benchmarks.peers.laptops import READY
from benchmarks.peers.sides import Verb

#: The server's records, and a laptop's that wait.
HELD: Final = "held.ndjson"
WAITING: Final = "waiting.ndjson"
#: There where a laptop knows what the server has when it starts.
SINCE: Final = "since"
#: What a server of Kinto takes at once, unless it is set up otherwise.
_BATCH: Final = 25
_VERSION: Final = "/v1"
Documents = list[dict[str, Any]]


def authorization() -> Mapping[str, str]:
    """Return the header of who writes and reads here."""
    name = base64.b64encode(b"bench:bench").decode()
    return {"Authorization": f"Basic {name}"}


class KintoLaptop:
    """One laptop: what waits on it, and what of the server it knows."""

    def __init__(self, documents: Documents, url: str, since: str) -> None:
        self._documents, self._url, self._since = documents, url, since
        self._base, _, collection = url.partition(_VERSION)
        self._path = f"{collection}/records"

    async def run(self, verb: Verb) -> int:
        """Do what is asked for; return how many records passed."""
        async with aiohttp.ClientSession(headers=authorization()) as session:
            pushed = 0 if verb is Verb.PULL else await self._push(session)
            pulled = 0 if verb is Verb.PUSH else await self._pull(session)
        return pulled if verb is Verb.PULL else pushed

    async def _push(self, session: aiohttp.ClientSession) -> int:
        for start in range(0, len(self._documents), _BATCH):
            asked = [self._put(each) for each in self._documents[start:][:_BATCH]]
            body = {"defaults": {"method": "PUT"}, "requests": asked}
            batch = f"{self._base}{_VERSION}/batch"
            async with session.post(batch, json=body) as answer:
                told = await answer.json()
            refused = [r for r in told["responses"] if r["status"] not in {200, 201}]
            assert not refused, refused[0]
        return len(self._documents)

    def _put(self, document: dict[str, Any]) -> dict[str, Any]:
        data = {name: value for name, value in document.items() if name != "_id"}
        return {"path": f"{self._path}/{document['_id']}", "body": {"data": data}}

    async def _pull(self, session: aiohttp.ClientSession) -> int:
        following = f"{self._url}/records"
        if self._since:
            following += f"?_since={self._since}"
        count = 0
        while following:
            async with session.get(following) as answer:
                assert answer.status == 200, await answer.text()
                count += len((await answer.json())["data"])
                following = answer.headers.get("Next-Page", "")
        return count


async def _standing(url: str) -> str:
    """Return where the server stands, as of a pull before."""
    async with (
        aiohttp.ClientSession(headers=authorization()) as session,
        session.head(f"{url}/records") as answer,
    ):
        return answer.headers["ETag"]


async def _main(verb: Verb, folder: Path, url: str) -> None:
    since = await _standing(url) if (folder / SINCE).exists() else ""
    laptop = KintoLaptop(read_documents(folder / WAITING), url, since)
    print(READY, flush=True)
    sys.stdin.readline()
    cpu_s, began_s = time.process_time(), time.perf_counter()
    records = await laptop.run(verb)
    seconds, spent_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    print(json.dumps({"seconds": seconds, "cpu_s": spent_s, "records": records}))


if __name__ == "__main__":
    asyncio.run(_main(Verb(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
