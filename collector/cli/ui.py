"""ui: the page of this laptop, in a browser."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collector.cli.app import App, ask_passphrase, pass_app
from collector.cli.output import say

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Port on 127.0.0.1; a free one when left out.",
)
@click.option("--no-browser", is_flag=True, help="Print the address alone.")
@click.option(
    "--tiles",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A map under the plan, MBTiles or PMTiles of pictures; it is remembered.",
)
@click.option("--no-tiles", is_flag=True, help="The plan without a map from now on.")
@pass_app
def ui(
    app: App, port: int, no_browser: bool, tiles: Path | None, no_tiles: bool
) -> None:
    """Open the page of this laptop in a browser; no network is needed.

    It is at 127.0.0.1 alone. The address opens once; then the browser keeps the session.
    Stop it with Ctrl-C: nothing that was saved is lost.

    \b
    Example:
      permille ui
      permille ui --no-browser --port 8765
      permille ui --tiles valley.mbtiles
    """
    import asyncio
    from contextlib import AbstractContextManager

    from collector.errors import RefusedError, UsageError
    from collector.laptop.open import opened
    from schemas.gis.extra import how_to_install

    if tiles is not None and no_tiles:
        raise UsageError("--tiles and --no-tiles exclude each other", "choose one")
    try:
        from collector.web.serve import only_one, serve
    except ModuleNotFoundError as error:
        raise RefusedError(
            f"{error.name} is missing, which the page needs",
            how_to_install("ui"),
            code="extra_missing",
        ) from None

    home = app.home
    # Asked once: the page opens the laptop several times.
    passphrase = ask_passphrase() if home.passphrase_rule.exists() else ""

    def open_laptop() -> "AbstractContextManager[Laptop]":
        return opened(home, app.clock, lambda: passphrase)

    # What keeps it from opening is told before anything is made in its home.
    with open_laptop() as laptop:
        _choose_tiles(laptop, tiles, forgets=no_tiles)
    lock = only_one(home)
    try:
        ready = partial(_tell, opens_browser=not no_browser)
        asyncio.run(serve(app.clock, open_laptop, port, ready))
    finally:
        lock.release()


def _choose_tiles(laptop: "Laptop", tiles: Path | None, *, forgets: bool) -> None:
    from collector.web.tiles import forget, remember

    if tiles is not None:
        remember(laptop, tiles)
    elif forgets:
        forget(laptop)


def _tell(address: str, *, opens_browser: bool) -> None:
    say(f"the page is open at {address}")
    say("stop it with Ctrl-C")
    if opens_browser:
        import webbrowser

        webbrowser.open(address)
