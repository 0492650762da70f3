"""What tests of readers share: tokens, requests, and a project with one of everything."""

from contextlib import asynccontextmanager

from aiohttp import ClientSession, encode_basic_auth

from server.access.read_tokens import make_token
from server.clock import Clock

SQUARE = [[2.35, 48.85], [2.36, 48.85], [2.36, 48.86], [2.35, 48.86], [2.35, 48.85]]


async def token_for(server, *projects, name="analyst", until=None, role="manager"):
    """Return a token that reads these projects, or the one of the server, as they are."""
    chosen = projects or (server.project_id,)
    _, token = await server.ask(
        lambda store: make_token(store, Clock(), name, chosen, until, role)
    )
    return token


class Analyst:
    """Somebody who reads with a token; every answer is a status and what it says."""

    def __init__(self, session, url):
        self.session, self.url = session, url

    async def get(self, path, **query):
        """Return status, headers, and the JSON document or text."""
        address = path if path.startswith("http") else self.url + path
        async with self.session.get(address, params=query) as answer:
            is_json = "json" in answer.content_type
            said = await (answer.json(content_type=None) if is_json else answer.text())
            return answer.status, answer.headers, said

    async def read(self, path, **query):
        """Return the document of an address that answers."""
        status, _, said = await self.get(path, **query)
        assert status == 200, said
        return said

    async def items(self, collection, **query):
        """Return all features, page after page by their links."""
        page = await self.read(f"/ogc/collections/{collection}/items", **query)
        found = list(page["features"])
        while on := next((k for k in page["links"] if k["rel"] == "next"), None):
            page = await self.read(on["href"])
            found += page["features"]
        assert len(found) == page["numberMatched"]
        return found

    async def rows(self, table, **query):
        """Return all rows of a table of OData, page after page."""
        page = await self.read(f"/odata/{table}", **query)
        found = list(page["value"])
        while on := page.get("@odata.nextLink"):
            page = await self.read(on)
            found += page["value"]
        return found


@asynccontextmanager
async def reading(server, token=None, *, basic=False):
    """Read a server with a token: as Bearer, or as the password of Basic."""
    headers = {}
    if token:
        said = encode_basic_auth("whoever", token) if basic else f"Bearer {token}"
        headers["Authorization"] = said
    async with ClientSession(headers=headers) as session:
        yield Analyst(session, server.url)


def plan(laptop, code="P1", lon=2.355):
    """Record a plot with its boundary, a point, a campaign and a core; return their ids."""
    polygon = {
        "type": "Polygon",
        "coordinates": [[[x - 2.355 + lon, y] for x, y in SQUARE]],
    }
    plot = laptop.add("plot", {"code": code, "geometry": polygon, "area_ha": 4.0})
    point = laptop.add(
        "point", {"plot_id": plot, "code": "1", "lon": lon, "lat": 48.8555555555555}
    )
    campaign = laptop.add(
        "campaign",
        {
            "name": f"2026-{code}",
            "start_date": "2026-05-01",
            "end_date": "2026-05-31",
            "purpose": "baseline",
            "crew": ["Zoë Ümit"],
        },
    )
    core = laptop.add(
        "core",
        {
            "point_id": point,
            "campaign_id": campaign,
            "number": 1,
            "sampled_at": "2026-05-04T00:30:00+02:00",
        },
    )
    return {"plot": plot, "point": point, "campaign": campaign, "core": core}


def bag(laptop, core, number=1, **more):
    """Record a bag with a result; return both ids."""
    sample = laptop.add(
        "sample",
        {
            "core_id": core,
            "sample_code": f"B-{number}",
            "depth_top_cm": 0.1 + 0.2,
            "depth_bottom_cm": 30.0,
            "bulk_density_g_cm3": 1.3,
            "bulk_density_definition": "whole",
            "note": f"worm casts {number}",
            **more,
        },
    )
    result = laptop.add(
        "result",
        {
            "sample_id": sample,
            "analyte": "soc",
            "replicate": 1,
            "value": 14.5,
            "unit": "g_kg",
            "method": "dry_combustion",
            "recovery_factor": 1.1,
            "recovery_applied": True,
        },
    )
    return {"sample": sample, "result": result}
