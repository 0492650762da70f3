"""A whole file that came otherwise than in pieces, kept under its hash."""

import errno
from functools import partial
from typing import BinaryIO

from server.errors import refuse
from server.files.disk import BlobFiles
from server.files.upload import Blobs
from server.store.port import Store


async def keep_file(store: Store, blobs: Blobs, sha256: str, content: BinaryIO) -> None:
    """Keep a file whose content has that hash; it is on the disk when this returns.

    A repeat is harmless.

    Raises
    ------
    RequestError
        507, where the disk is full.
    """
    async with blobs.lock(sha256):
        await store.locked(sha256, partial(_keep, blobs.files, sha256, content))


def _keep(files: BlobFiles, sha256: str, content: BinaryIO) -> None:
    state = files.state(sha256)
    if state is not None and state.complete:
        files.touch(sha256)
        return
    try:
        files.keep_open(sha256, content)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise refuse("disk_full") from None
        raise
