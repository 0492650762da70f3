"""A form as it came, with its files, written to a folder."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from schemas.durable_files import PRIVATE_FILE, PRIVATE_FOLDER, write_durably
from schemas.export.attachments import ENDINGS
from server.errors import AlreadyThereError
from server.files.disk import BlobFiles
from server.store.phone_values import PhoneFile, Submission
from server.store.port import Store, Transaction


async def copy_out(
    store: Store, blobs: Path, found: Sequence[Submission], folder: Path
) -> None:
    """Write forms and their files to a new folder.

    A file is named for its content, never by the name that it came with; of several forms
    of one instance each is named for its content, too.

    Raises
    ------
    AlreadyThereError
        If the folder exists.
    """

    def job(tx: Transaction) -> tuple[list[bytes], list[PhoneFile]]:
        xmls = [tx.submission_xml(one.place) for one in found]
        files = [file for one in found for file in tx.phone_files(*one.place[:3])]
        return xmls, files

    xmls, files = await store.read(job)
    await asyncio.to_thread(_write, found, xmls, files, BlobFiles(blobs), folder)


def _write(
    found: Sequence[Submission],
    xmls: Sequence[bytes],
    files: Sequence[PhoneFile],
    blobs: BlobFiles,
    folder: Path,
) -> None:
    try:
        folder.mkdir(PRIVATE_FOLDER)
    except FileExistsError:
        raise AlreadyThereError(
            f"{folder} exists already", "name a new folder"
        ) from None
    for one, xml in zip(found, xmls, strict=True):
        name = "form.xml" if len(found) == 1 else f"form-{one.place.digest[:8]}.xml"
        write_durably(folder / name, xml, mode=PRIVATE_FILE)
    for file in {file.sha256: file for file in files}.values():
        content = blobs.path(file.sha256).read_bytes()
        name = f"{file.sha256}{ENDINGS.get(file.mime, '.bin')}"
        write_durably(folder / name, content, mode=PRIVATE_FILE)
