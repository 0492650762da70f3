"""What handlers find in the application."""

import asyncio
from typing import Final

from aiohttp import web

from server.files.upload import Blobs
from server.http.body import Arriving, BodyRooms, Work
from server.http.full_disk import FullDisk
from server.http.metrics import Metrics
from server.http.speakers import Speakers
from server.reading.follow import Follower
from server.store.port import Store

STORE: Final[web.AppKey[Store]] = web.AppKey("store")
#: Set when the server was told to stop.
STOPPING: Final = web.AppKey("stopping", asyncio.Event)
METRICS: Final = web.AppKey("metrics", Metrics)
BLOBS: Final = web.AppKey("blobs", Blobs)
FULL_DISK: Final = web.AppKey("full_disk", FullDisk)
#: Set when something was pushed: what waited for it may be released, plots derived.
WAKE: Final = web.AppKey("wake", asyncio.Event)
#: Set when plots wait to be derived.
DERIVE: Final = web.AppKey("derive", asyncio.Event)
#: Who speaks, and how much of it.
SPEAKERS: Final = web.AppKey("speakers", Speakers)
#: Memory of bodies, of each kind its own: none takes the room of another.
BODIES: Final = web.AppKey("bodies", BodyRooms)
ENROLMENTS: Final = web.AppKey("enrolments", BodyRooms)
#: Repairs that are made at once.
REPAIRS: Final = web.AppKey("repairs", Work)
#: What readers read, and how many do so at once.
READ_COPY: Final = web.AppKey("read_copy", Follower)
READS: Final = web.AppKey("reads", Work)
PIECES: Final = web.AppKey("pieces", Arriving)
