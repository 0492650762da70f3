"""What handlers find in the application."""

import asyncio
from typing import Final

from aiohttp import web

from server.store.port import Store

STORE: Final[web.AppKey[Store]] = web.AppKey("store")
#: Set when plots wait to be derived.
WAKE: Final = web.AppKey("wake", asyncio.Event)
