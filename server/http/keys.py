"""What handlers find in the application."""

import asyncio
from typing import Final

from aiohttp import web

from server.files.upload import Blobs
from server.store.port import Store

STORE: Final[web.AppKey[Store]] = web.AppKey("store")
BLOBS: Final = web.AppKey("blobs", Blobs)
#: Set when plots wait to be derived.
WAKE: Final = web.AppKey("wake", asyncio.Event)
