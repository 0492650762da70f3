"""Build the folder: python -m portable [--out DIR]."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

import click

from portable.building import build

_MIB: Final = 2**20


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="Where the folder is put.",
)
def main(out: Path) -> None:
    """Build `permille` for laptops without Python, of the system that this one has.

    Example: python -m portable --out /tmp/dist
    """
    click.echo("building; takes about two minutes", err=True)
    with tempfile.TemporaryDirectory() as work:
        folder = build(Path(work))
        out.mkdir(parents=True, exist_ok=True)
        place = out / folder.name
        shutil.rmtree(place, ignore_errors=True)
        shutil.move(folder, place)
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    click.echo(f"{place}: {size // _MIB} MiB; copy all of it, then type: permille")


main()
