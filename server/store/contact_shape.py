"""The shape of the tables of contacts and their consents. Pure."""

from typing import Final

from server.store.table_shape import TableShape

CONTACT_TABLES: Final = (
    # A farmer or another person of a project. What is personal is encrypted in `sealed`,
    # which is empty once the contact was erased.
    TableShape(
        "contact",
        {
            "project_id": str,
            "contact_id": str,
            "created_at": str,
            "sealed": bytes,
            "erased_at": str,
            "erased_by": str,
            "erased_because": str,
        },
        ("project_id", "contact_id"),
        needs=("created_at",),
    ),
    # What opens it, and the salt of what the audit log says of it, until it is erased: at
    # the end of more bytes than fit a page (`server.store.contacts`).
    TableShape(
        "contact_key",
        {"project_id": str, "contact_id": str, "secret": bytes},
        ("project_id", "contact_id"),
        needs=("secret",),
    ),
    # The plots that a contact farms, owns or answers for.
    TableShape(
        "contact_plot",
        {"project_id": str, "contact_id": str, "plot_id": str},
        ("project_id", "contact_id", "plot_id"),
        indexes=(("project_id", "plot_id"),),
    ),
    # What a contact agreed to, from when, until when; nothing in it is personal.
    TableShape(
        "consent",
        {
            "project_id": str,
            "contact_id": str,
            "number": int,
            "purpose": str,
            "given_on": str,
            "how": str,
            "ends_on": str,
            "withdrawn_on": str,
            "noted_at": str,
        },
        ("project_id", "contact_id", "number"),
        needs=("purpose", "given_on", "how", "noted_at"),
    ),
)
