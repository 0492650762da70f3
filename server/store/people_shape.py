"""The shape of the tables of people, their roles, and their sessions at the desk. Pure."""

from typing import Final

from server.store.table_shape import TableShape

PEOPLE_TABLES: Final = (
    # `login` is the account on the machine of the server by which commands know a person.
    TableShape(
        "person",
        {
            "person_id": str,
            "name": str,
            "login": str,
            "made_at": str,
            "ended_at": str,
        },
        ("person_id",),
        needs=("name", "made_at"),
        indexes=(("login",),),
    ),
    # `project_id` is `*` for a role in every project.
    TableShape(
        "person_role",
        {"project_id": str, "person_id": str, "role": str, "held_since": str},
        ("project_id", "person_id", "role"),
        needs=("held_since",),
        indexes=(("person_id",),),
    ),
    # Links that open the desk once.
    TableShape(
        "sign_in_link",
        {"link_hash": str, "person_id": str, "expires_at": str, "used_at": str},
        ("link_hash",),
        needs=("person_id", "expires_at"),
    ),
    TableShape(
        "desk_session",
        {
            "session_id": str,
            "session_hash": str,
            "person_id": str,
            "begun_at": str,
            "used_at": str,
            "ended_at": str,
            "browser": str,
        },
        ("session_id",),
        unique=("session_hash",),
        needs=("session_hash", "person_id", "begun_at", "used_at", "browser"),
        indexes=(("person_id",),),
    ),
)
