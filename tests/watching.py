"""What those who watch a server ask of it."""

import json

from aiohttp import ClientSession


async def asked(url, path, **headers):
    """Return status and body of what a server answers."""
    async with (
        ClientSession() as session,
        session.get(f"{url}{path}", headers=headers) as got,
    ):
        return got.status, await got.text()


async def failed(url):
    """Return what is said to be wrong where a server is not ready."""
    status, body = await asked(url, "/readyz")
    document = json.loads(body)
    assert (status, document["code"]) == (503, "not_ready")
    assert document["detail"] == "; ".join(document["failed"].values())
    return document["failed"]


async def counted(url, name):
    """Return the samples of one metric, by their labels."""
    status, body = await asked(url, "/metrics")
    assert status == 200
    lines = [line.rpartition(" ") for line in body.splitlines()]
    return {
        key.removeprefix(name): float(value)
        for key, _, value in lines
        if key.partition("{")[0] == name
    }
