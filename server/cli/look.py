"""Command `look`: a copy of the records in a browser."""

from typing import Any

import click

from server.cli.common import (
    json_option,
    print_json,
    projects_option,
    say,
    with_store,
)
from server.config import DataDirectory


@click.command()
@projects_option
@click.option(
    "--port",
    default=0,
    show_default="a free one",
    type=click.IntRange(0, 65535),
    help="Port on this machine.",
)
@json_option
@click.pass_context
def look(
    context: click.Context, projects: tuple[str, ...], port: int, as_json: bool
) -> None:
    """Show a copy of the records in a browser, by Datasette, until stopped with Ctrl-C.

    The copy is what `export sqlite` makes, as of now: tables, views that join names, and
    search. It lies in a private folder and is removed at the end. Nobody can write into
    it. It is served on this machine alone (127.0.0.1), to whoever uses this machine.
    Needs the extra look.

    \b
    Example:
      permille-server look --project HF
      ssh -L 8001:127.0.0.1:8001 SERVER permille-server look --port 8001
    """
    import signal
    import tempfile
    from pathlib import Path

    from schemas.export.run import ExportKind
    from server.access.projects import ids_of
    from server.files.disk import BlobFiles
    from server.operations.export import ExportWanted, export_projects
    from server.operations.look import DATABASE, check_installed, datasette

    check_installed()
    data = context.find_object(DataDirectory)
    assert data is not None, "the root command names the data directory"
    blobs = BlobFiles(data.blobs)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="permille-look-") as name:
        folder = Path(name)

        async def job(store: Any) -> Any:  # noqa: ANN401
            ids = await ids_of(store, projects)
            wanted = ExportWanted(ExportKind.SQLITE, folder / DATABASE, ids)
            return await store.read(
                lambda tx: export_projects(tx, wanted, blobs, lambda *_: None)
            )

        done = with_store(context, job, hands_out=True)
        with datasette(folder, port, done.snapshot.cursor) as looking:
            if as_json:
                print_json({"url": looking.url, **done.about()})
            else:
                say(f"Permille copy on {looking.url}")
                say("Stop with Ctrl-C; the copy is removed then.", err=True)
            try:
                looking.wait()
            except KeyboardInterrupt:
                say("stopped, the copy is removed", err=True)
