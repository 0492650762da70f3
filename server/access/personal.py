"""What is personal about a contact: judged, sealed under a key of its own, opened again.

The text is JSON, encrypted with AES-256-GCM; the id of the contact is authenticated with
it, so that no text opens as that of somebody else. The audit log has a commitment to it:
an HMAC with a salt that goes when the key goes. While both are there anyone who may open
the contact can show what was said when; without them nothing can be told from it.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Final

from schemas import limits
from schemas.fields import FieldError, PlainField, Text, fail
from schemas.one_line import one_line
from schemas.problems import Problem
from server.errors import RefusedError, UnreadableError
from server.store.contact_values import SealedFields

_NONCE_BYTES: Final = 12
#: Signs that telephone numbers are written with, and at least five digits.
_TELEPHONE: Final = re.compile(r"\+?(?:[ ()/.-]*[0-9]){5,20}[ ()/.-]*")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True, slots=True)
class Personal:
    """What is personal about a contact; only the name is needed."""

    name: str
    telephone: str | None = None
    email: str | None = None
    address: str | None = None
    note: str | None = None

    def as_data(self) -> dict[str, str | None]:
        """Return the JSON object."""
        return asdict(self)


class _Line(Text):
    """A text on one line, of a form where it has one."""

    def __init__(
        self, most: int = limits.NAME_CHARS, form: re.Pattern[str] | None = None
    ) -> None:
        super().__init__(most=most)
        self._form = form

    def check(self, value: object) -> str:
        """Refuse what is not one storable line, or not of the form."""
        text = super().check(value)
        try:
            text = one_line(text, self.most)
        except ValueError:
            raise fail("bad_characters", value) from None
        if self._form is not None and not self._form.fullmatch(text):
            raise fail("not_an_address", value)
        return text


#: The personal fields, in the order in which they are asked for.
FIELDS: Final[Mapping[str, PlainField]] = MappingProxyType(
    {
        "name": _Line(),
        "telephone": _Line(limits.CODE_CHARS, _TELEPHONE),
        "email": _Line(limits.NAME_CHARS, _EMAIL),
        "address": _Line(2 * limits.NAME_CHARS),
        "note": _Line(limits.NOTE_CHARS),
    }
)


def personal_of(said: Mapping[str, object]) -> Personal:
    """Return what was said of a person; an empty text says nothing.

    Raises
    ------
    RefusedError
        With every field that cannot be kept.
    """
    found, problems = judged(said)
    if found is None:
        raise RefusedError("the contact cannot be kept as it is", problems)
    return found


def judged(said: Mapping[str, object]) -> tuple[Personal | None, list[Problem]]:
    """Return what was said of a person, or None with what is wrong with it."""
    kept, problems = dict[str, str](), list[Problem]()
    for name, value in said.items():
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            problems.append(Problem("unknown_field", name, value, f"known: {known}"))
        elif value is not None and value != "":
            try:
                kept[name] = str(FIELDS[name].check(value))
            except FieldError as error:
                problems.append(replace(error.problem, path=name))
    if not said.get("name"):
        problems.append(Problem("required", "name"))
    return (None if problems else Personal(**kept)), problems


def sealed(
    personal: Personal, contact_id: str, key: bytes, salt: bytes, nonce: bytes
) -> SealedFields:
    """Return what is personal, encrypted.

    Parameters
    ----------
    key, salt
        32 bytes each, of this contact alone.
    nonce
        12 bytes that were never used with the key.
    """
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 - 20 ms that most commands spare
        AESGCM,
    )

    assert len(nonce) == _NONCE_BYTES, "AES-GCM of one kind"
    text = AESGCM(key).encrypt(nonce, _plain(personal), contact_id.encode())
    return SealedFields(nonce + text, key, salt)


def opened(found: SealedFields, contact_id: str) -> Personal:
    """Return what is personal, decrypted.

    Raises
    ------
    UnreadableError
        If key and text are not those that were written together.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see sealed
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 - see sealed
        AESGCM,
    )

    nonce, text = found.text[:_NONCE_BYTES], found.text[_NONCE_BYTES:]
    try:
        plain = AESGCM(found.key).decrypt(nonce, text, contact_id.encode())
    except (InvalidTag, ValueError):
        raise UnreadableError(
            f"contact {contact_id} does not open with its key",
            "run: permille-server verify; restore a backup",
        ) from None
    return Personal(**json.loads(plain))


def commitment(personal: Personal, salt: bytes) -> str:
    """Return what the audit log says of a person: 64 hexadecimal digits, nothing without salt.

    Examples
    --------
    >>> commitment(Personal("Ada"), bytes(32))[:8]
    'bd761ac4'
    """
    return hmac.new(salt, _plain(personal), hashlib.sha256).hexdigest()


def _plain(personal: Personal) -> bytes:
    """Return the one text of a person: names of fields in order, empty ones left out."""
    said = {name: text for name, text in personal.as_data().items() if text}
    return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
