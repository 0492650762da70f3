"""The shape of the tables of phones. Pure."""

from typing import Final

from server.store.table_shape import TableShape

PHONE_TABLES: Final = (
    # Who fills in forms on a phone; the server keeps the key of its log.
    TableShape(
        "phone",
        {
            "project_id": str,
            "device_id": str,
            "token_hash": str,
            "person": str,
            "address": str,
            "secret": str,
        },
        ("project_id", "device_id"),
        needs=("token_hash", "address", "secret"),
        indexes=(("token_hash",), ("device_id",)),
    ),
    # What a phone sent, to the letter; `numbers` are places in its log.
    TableShape(
        "phone_submission",
        {
            "arrived": int,
            "project_id": str,
            "device_id": str,
            "instance_id": str,
            "digest": str,
            "form_id": str,
            "version": str,
            "received_at": str,
            "operation": str,
            "wanted": str,
            "numbers": str,
            "why": str,
            "detail": str,
            "xml": bytes,
        },
        ("arrived",),
        unique=("project_id", "device_id", "instance_id", "digest"),
        needs=(
            *("project_id", "device_id", "instance_id", "digest", "form_id", "version"),
            *("received_at", "operation", "wanted", "numbers", "why", "detail", "xml"),
        ),
    ),
    TableShape(
        "phone_file",
        {
            "project_id": str,
            "device_id": str,
            "instance_id": str,
            "digest": str,
            "name": str,
            "sha256": str,
            "size": int,
            "mime": str,
            "received_at": str,
        },
        ("project_id", "device_id", "instance_id", "digest", "name", "sha256"),
        needs=("size", "mime", "received_at"),
        indexes=(("sha256",),),
    ),
)
