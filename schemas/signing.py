"""Ed25519 (RFC 8032): what a device and the server sign, and the text form of keys.

A push ends with the device's signature over its log, its last change and the hash
after it: who signed that hash vouches for every change before it. A receipt is one
line of JSON that the server signed; receipts are chained per project.
"""

import base64
import binascii
import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

#: Bytes of a secret or public key.
KEY_BYTES: Final = 32
#: The first receipt of a project follows this.
NO_RECEIPT: Final = "0" * 64


def push_text(log: str, n: int, digest: bytes) -> bytes:
    """Return what a device signs at the end of a push."""
    return f"permille push 1\n{log}\n{n}\n{digest.hex()}".encode()


def enrolment_text(code: str) -> bytes:
    """Return what a laptop signs when it enrols, to show that the key is its own."""
    return f"permille enrolment 1\n{code}".encode()


def receipt_text(raw: str) -> bytes:
    """Return what the server signs of a receipt."""
    return f"permille receipt 1\n{raw}".encode()


def receipt_hash(raw: str) -> str:
    """Return the link to a receipt that the next one of its projects carries."""
    return hashlib.sha256(raw.encode()).hexdigest()


def public_key(secret: bytes) -> str:
    """Return the public key of a secret key, as text.

    Examples
    --------
    >>> public_key(bytes(32))
    'O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik='
    """
    key = Ed25519PrivateKey.from_private_bytes(secret).public_key()
    return base64.b64encode(key.public_bytes_raw()).decode()


def is_public_key(text: str) -> bool:
    """Return whether a text is a public key."""
    return _bytes(text, KEY_BYTES) is not None


def sign(secret: bytes, text: bytes) -> str:
    """Sign a text; return the signature as text."""
    signature = Ed25519PrivateKey.from_private_bytes(secret).sign(text)
    return base64.b64encode(signature).decode()


def is_signed(public: str, signature: str, text: bytes) -> bool:
    """Return whether the holder of a key signed a text."""
    key, found = _bytes(public, KEY_BYTES), _bytes(signature, 64)
    if key is None or found is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(found, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(text: str, length: int) -> bytes | None:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == length else None
