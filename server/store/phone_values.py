"""Phones and what they sent, as the store keeps it: values. Pure."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone that fills in the forms of one project; `id` is that of its device and its log.

    `secret` is the key its log is signed with, `address` the one that it was given.
    """

    id: str
    project_id: str
    name: str
    person: str | None
    address: str
    secret: bytes
    public_key: str
    created_at: str
    last_seen_at: str | None = None
    revoked_at: str | None = None


class PhonePlace(NamedTuple):
    """A form as one phone filled it in; `digest` is the SHA-256 of its XML."""

    project_id: str
    phone_id: str
    instance_id: str
    digest: str


class Submission(NamedTuple):
    """A form that a phone sent, and the changes that were made of it.

    `wanted` names its files, `numbers` the places of its changes in the log of the phone;
    `operation` is what each of them says that it is part of. `why` is the code of the
    problem for which all of it waits, and `detail` its words.
    """

    place: PhonePlace
    form_id: str
    version: str
    received_at: str
    operation: str
    wanted: tuple[str, ...]
    numbers: tuple[int, ...] = ()
    why: str = ""
    detail: str = ""


class PhoneFile(NamedTuple):
    """A file of a submission; `mime` is empty where its bytes are of no known type."""

    place: PhonePlace
    name: str
    sha256: str
    size: int
    mime: str
    received_at: str
