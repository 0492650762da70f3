"""Attached files on the laptop: encrypted like the database, one file per content.

A file is a header (magic, salt) and chunks of AES-256-GCM. Its key is derived by HKDF
from the key of the database and the salt, so no two files share a key, and the number
of a chunk is nonce enough. The last chunk says that it is the last: a file that was cut,
or whose chunks were moved, does not open.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from collector.errors import StoreError
from schemas.durable_files import durable_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: What a range that is read costs at least to decrypt.
CHUNK_BYTES: Final = 64 * 1024
SALT_BYTES: Final = 16
_MAGIC: Final = b"PMA1"
_HEADER_BYTES: Final = len(_MAGIC) + SALT_BYTES
_TAG_BYTES: Final = 16
_SEALED_BYTES: Final = CHUNK_BYTES + _TAG_BYTES


class Vault:
    """The attached files of one laptop."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key

    def size(self, sha256: str) -> int | None:
        """Return the bytes of a file that is here, or None."""
        try:
            sealed = self._file(sha256).stat().st_size - _HEADER_BYTES
        except FileNotFoundError:
            return None
        chunks = -(-sealed // _SEALED_BYTES)
        return sealed - chunks * _TAG_BYTES

    def put(self, sha256: str, data: bytes, salt: bytes) -> None:
        """Keep a file; it is on disk when this returns. Harmless to repeat."""
        self._path.mkdir(mode=0o700, exist_ok=True)
        cipher, name = self._cipher(salt), sha256.encode()
        with durable_file(self._file(sha256), mode=0o600) as file:
            file.write(_MAGIC + salt)
            for place in range(0, len(data), CHUNK_BYTES):
                is_last = place + CHUNK_BYTES >= len(data)
                nonce = _nonce(place // CHUNK_BYTES, is_last=is_last)
                chunk = data[place : place + CHUNK_BYTES]
                file.write(cipher.encrypt(nonce, chunk, name))

    def read(self, sha256: str, offset: int, most: int) -> bytes:
        """Return up to so many bytes of a file, from an offset.

        Raises
        ------
        StoreError
            If it is damaged, or under another key.
        """
        size = self.size(sha256)
        assert size is not None, "only what is here is read"
        end = min(offset + most, size)
        first, last = offset // CHUNK_BYTES, -(-end // CHUNK_BYTES)
        with self._file(sha256).open("rb") as file:
            header = file.read(_HEADER_BYTES)
            cipher = self._cipher(header[len(_MAGIC) :])
            file.seek(first * _SEALED_BYTES, os.SEEK_CUR)
            chunks = [
                _opened(
                    cipher,
                    _nonce(n, is_last=(n + 1) * CHUNK_BYTES >= size),
                    file.read(_SEALED_BYTES),
                    sha256,
                )
                for n in range(first, last)
            ]
        begin = offset - first * CHUNK_BYTES
        return b"".join(chunks)[begin : begin + end - offset]

    def drop(self, sha256: str) -> None:
        """Remove a file; harmless when it is not here."""
        self._file(sha256).unlink(missing_ok=True)

    def _file(self, sha256: str) -> Path:
        return self._path / f"{sha256}.enc"

    def _cipher(self, salt: bytes) -> "AESGCM":
        # Importing cryptography costs; most commands read no attached file.
        from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415
            AESGCM,
        )
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        rule = HKDF(SHA256(), 32, salt=salt, info=b"permille attachment 1")
        return AESGCM(rule.derive(self._key))


def _nonce(chunk: int, *, is_last: bool) -> bytes:
    return chunk.to_bytes(11, "big") + bytes([is_last])


def _opened(cipher: "AESGCM", nonce: bytes, sealed: bytes, sha256: str) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see _cipher

    try:
        return cipher.decrypt(nonce, sealed, sha256.encode())
    except (InvalidTag, ValueError):
        raise StoreError(
            f"the attached file {sha256[:12]} is damaged or under another key",
            "attach the original again, or fetch it: permille attachments get",
            code="damaged_attachment",
        ) from None
