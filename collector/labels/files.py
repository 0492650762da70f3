"""The file of a PDF: new, and whole or not at all."""

from pathlib import Path

from collector.errors import RefusedError
from schemas.durable_files import write_durably
from schemas.phrases import _


def refuse_taken(path: Path) -> None:
    """Refuse a place where a file is already, or that has no folder.

    Raises
    ------
    RefusedError
        Before anything is counted or drawn.
    """
    if path.exists():
        raise RefusedError(
            _("{path} is there already", path=str(path)),
            _("choose another name: --out"),
            code="file_taken",
        )
    if not path.parent.is_dir():
        raise RefusedError(
            _("there is no folder {path}", path=str(path.parent)),
            _("make it, or choose another: --out"),
        )


def write_pdf(path: Path, data: bytes) -> None:
    """Write a PDF; it is on the disk when this returns, or is not there."""
    write_durably(path, data)
