"""ui: the page of this laptop, in a browser."""

import click

from collector.cli.app import App, ask_passphrase, pass_app
from collector.cli.output import say


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Port on 127.0.0.1; a free one when left out.",
)
@click.option("--no-browser", is_flag=True, help="Print the address alone.")
@pass_app
def ui(app: App, port: int, no_browser: bool) -> None:
    """Open the page of this laptop in a browser; no network is needed.

    It is at 127.0.0.1 alone. The address opens once; then the browser keeps the session.
    Stop it with Ctrl-C: nothing that was saved is lost.

    \b
    Example:
      permille ui
      permille ui --no-browser --port 8765
    """
    import asyncio
    from contextlib import AbstractContextManager

    from collector.errors import RefusedError
    from collector.laptop.laptop import Laptop
    from collector.laptop.open import opened
    from schemas.gis.extra import how_to_install

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

    def open_laptop() -> AbstractContextManager[Laptop]:
        return opened(home, app.clock, lambda: passphrase)

    def ready(address: str) -> None:
        say(f"the page is open at {address}")
        say("stop it with Ctrl-C")
        if not no_browser:
            import webbrowser

            webbrowser.open(address)

    with open_laptop():
        pass  # what keeps it from opening is told before anything is made in its home
    lock = only_one(home)
    try:
        asyncio.run(serve(app.clock, open_laptop, port, ready))
    finally:
        lock.release()
