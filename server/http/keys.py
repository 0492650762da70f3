"""What handlers find in the application."""

import asyncio
from typing import Final

from aiohttp import web

from server.files.upload import Blobs
from server.http.body import Arriving, BodyRooms, Work
from server.http.speakers import Speakers
from server.store.port import Store

STORE: Final[web.AppKey[Store]] = web.AppKey("store")
BLOBS: Final = web.AppKey("blobs", Blobs)
#: Set when plots wait to be derived.
WAKE: Final = web.AppKey("wake", asyncio.Event)
#: Who speaks, and how much of it.
SPEAKERS: Final = web.AppKey("speakers", Speakers)
#: Memory of bodies, of each kind its own: none takes the room of another.
BODIES: Final = web.AppKey("bodies", BodyRooms)
ENROLMENTS: Final = web.AppKey("enrolments", BodyRooms)
#: Repairs that are made at once.
REPAIRS: Final = web.AppKey("repairs", Work)
PIECES: Final = web.AppKey("pieces", Arriving)
