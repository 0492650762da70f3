"""Taking data out: files of projects, and tokens for programs that read."""

import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Final

from schemas.export.run import ExportKind
from schemas.phrases import _
from server.access.read_tokens import is_live, make_token, revoke_token
from server.access.rights import Right, Role
from server.desk.frame import Asked, Desk, DeskPage, Download, GoTo
from server.desk.sent import MOST_BYTES
from server.errors import NotFoundError, RefusedError
from server.files.disk import BlobFiles
from server.operations.export import ExportWanted, export_projects
from server.store.port import Transaction
from server.store.values import ReadToken

_HERE: Final = "/desk/exports"
_COMMAND: Final = "permille-server export csv FOLDER"
_LIST: Final = "permille-server token list"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: No export of the desk reads an attached file.
_NO_FILES: Final = BlobFiles(Path("/nonexistent"))


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show which files there are, and who reads by a token."""
    now = desk.clock.stamp()

    def job(tx: Transaction) -> list[ReadToken]:
        return [one for one in tx.read_tokens() if is_live(one, now)]

    own = [one for one in await desk.store.read(job) if _is_shown(one, asked)]
    names = {one.id: one.name for one in asked.projects}
    facts = {
        "tokens": [
            (one, [names.get(each, "") for each in one.projects]) for one in own
        ],
        "address": desk.address,
        "may_make": asked.may(Right.DEVICES),
    }
    return DeskPage("exports.html.j2", _COMMAND, facts)


def _is_shown(token: ReadToken, asked: Asked) -> bool:
    return not {*token.projects}.isdisjoint(asked.project_ids)


async def workbook(desk: Desk, asked: Asked) -> Download:
    """Write the projects of the page as one workbook."""
    content = await _written(desk, asked, ExportKind.XLSX)
    return Download("permille.xlsx", _XLSX, content)


async def tables(desk: Desk, asked: Asked) -> Download:
    """Write the projects of the page as tables of CSV, in one archive."""
    content = await _written(desk, asked, ExportKind.CSV)
    return Download("permille-csv.zip", "application/zip", content)


async def _written(desk: Desk, asked: Asked, kind: ExportKind) -> bytes:
    await desk.store.note_hand_out()
    veil, today = _veil(asked), desk.clock.stamp()[:10]

    def job(tx: Transaction) -> bytes:
        with tempfile.TemporaryDirectory(prefix="permille-export-") as folder:
            target = Path(folder) / f"export.{kind.value}"
            wanted = ExportWanted(
                kind, target, asked.project_ids, veil=veil, today=today
            )
            export_projects(tx, wanted, _NO_FILES, lambda _table, _rows: None)
            return _read(target)

    content: bytes = await desk.store.read(job)
    return content


def _veil(asked: Asked) -> str:
    """Return the role whose sight the file has; empty for who may see all of each project."""
    sees_all = all(
        {Right.PLACES, Right.NAMES} <= asked.held.rights_in(one)
        for one in asked.project_ids
    )
    return "" if sees_all else Role.AUDITOR.value


def _read(target: Path) -> bytes:
    files = sorted(target.iterdir()) if target.is_dir() else [target]
    if sum(one.stat().st_size for one in files) > MOST_BYTES:
        raise RefusedError(
            "the export is larger than what a browser is handed",
            [],
            f"type: {_COMMAND}",
        )
    if not target.is_dir():
        return target.read_bytes()
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in files:
            archive.write(one, one.name)
    return packed.getvalue()


async def token(desk: Desk, asked: Asked) -> DeskPage:
    """Make a token that reads the project; it is shown this once."""
    assert asked.chosen is not None
    name = asked.said("name")
    if not name:
        raise RefusedError("the name is empty", [], "write what the token is for")
    made, secret = await make_token(
        desk.store,
        desk.clock,
        name,
        (asked.chosen.id,),
        asked.said("until") or None,
        Role.MANAGER if asked.said("sees") == Role.MANAGER else Role.VIEWER,
    )
    facts = {"token": made, "secret": secret, "address": desk.address}
    command = f"permille-server token create NAME --project {asked.chosen.name}"
    return DeskPage("token.html.j2", command, facts)


async def revoke(desk: Desk, asked: Asked) -> GoTo:
    """Refuse a token from now on."""
    own, wanted = {one.id for one in asked.projects}, asked.said("token")
    known = await desk.store.read(lambda tx: tx.read_tokens())
    # One that reads other projects too is not theirs alone.
    if not any(one.id == wanted and {*one.projects} <= own for one in known):
        raise NotFoundError(
            "there is no such token of these projects alone", f"see: {_LIST}"
        )
    revoked = await revoke_token(desk.store, desk.clock, wanted)
    return GoTo(_HERE, _("{name} was revoked", name=revoked.name))
