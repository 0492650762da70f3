"""The code that a phone scans: the settings of Collect, as its documentation defines them."""

import base64
import json
import zlib
from io import BytesIO, StringIO
from typing import Any, Final

from server.store.phone_values import Phone

#: What every address of a phone begins with: the shape of ODK Central's for app users.
KEYED: Final = "/v1/key/{token}/projects/{project}"
#: What a code may be written as, by the ending of its file.
KINDS: Final = ("png", "svg", "pdf")
#: Half a block is a module: small enough for a screen of 80 characters.
_QUIET: Final = 2
_SCALE: Final = 8


def address_of(phone: Phone, token: str) -> str:
    """Return where a phone finds its project: the address that it was given."""
    return phone.address + KEYED.format(token=token, project=phone.project_id)


def settings_of(phone: Phone, token: str, project: str) -> dict[str, Any]:
    """Return the settings of Collect for a phone.

    Parameters
    ----------
    phone
        Whose they are.
    token
        Its token, which is a part of the address.
    project
        What people call the project.
    """
    general = {
        "server_url": address_of(phone, token),
        # Forms and lists come and go as they do on the server.
        "form_update_mode": "match_exactly",
        "autosend": "wifi_and_cellular",
    }
    if phone.person:
        general["metadata_username"] = phone.person
    return {"general": general, "admin": {}, "project": {"name": project}}


def code_text(settings: dict[str, Any]) -> str:
    """Return the text of the code: JSON, packed by zlib, in base64."""
    said = json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(said, 9)).decode()


def drawn(text: str, kind: str) -> bytes:
    """Return a code as a picture: png, svg or pdf."""
    import segno  # noqa: PLC0415 - who only lists phones draws nothing

    picture = BytesIO()
    segno.make_qr(text).save(picture, kind=kind, scale=_SCALE)
    return picture.getvalue()


def in_letters(text: str) -> list[str]:
    """Return a code as lines of a terminal, two modules in one character."""
    import segno  # noqa: PLC0415

    written = StringIO()
    segno.make_qr(text).terminal(written, border=_QUIET, compact=True)
    return written.getvalue().splitlines()
