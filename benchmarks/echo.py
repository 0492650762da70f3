"""The bare web server of the yardsticks: takes a body, answers with so many bytes."""

import asyncio

from aiohttp import web

#: The request header that says how many bytes to answer.
WANTED = "X-Bytes"


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b"x" * int(request.headers[WANTED]))


async def _serve() -> None:
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
