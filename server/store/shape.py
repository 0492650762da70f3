"""The shape of the server's tables, whatever the database. `project_id` leads every key."""

from typing import Final

from schemas.signing import NO_RECEIPT
from server.store.board_shape import BOARD_TABLES
from server.store.contact_shape import CONTACT_TABLES
from server.store.people_shape import PEOPLE_TABLES
from server.store.phone_shape import PHONE_TABLES
from server.store.table_shape import TableShape
from server.store.webhook_shape import WEBHOOK_TABLES

#: Every table that has a key.
TABLES: Final = (
    TableShape("meta", {"key": str, "value": str}, ("key",)),
    TableShape(
        "project",
        {
            "project_id": str,
            "head": int,
            "created_at": str,
            "digest_count": int,
            "digest_sum": str,
            "receipt_count": int,
            "receipt_hash": str,
            "gc_floor": int,
            "asked": int,
        },
        ("project_id",),
        needs=("head", "created_at"),
        defaults={
            "digest_count": 0,
            "digest_sum": "0",
            "receipt_count": 0,
            "receipt_hash": NO_RECEIPT,
            "gc_floor": 0,
            "asked": 0,
        },
    ),
    # The ids of projects and logs, which records and changes name by their numbers.
    TableShape("numbered_id", {"number": int, "id": str}, ("number",), needs=("id",)),
    # `computable_by_author`: the last writer's laptop has the row without being sent it.
    TableShape(
        "record_row",
        {
            "project": int,
            "id": str,
            "type": str,
            "seq": int,
            "deleted": int,
            "computable_by_author": int,
            "open_conflicts": int,
            "last_log": int,
            "last_n": int,
            "parent_id": str,
            "natural_key": str,
            "writers": str,
            "fields": str,
        },
        ("project", "id"),
        needs=("type", "seq", "fields", "writers", "deleted", "computable_by_author"),
        indexes=(("project", "type", "natural_key"), ("project", "parent_id")),
    ),
    TableShape(
        "log",
        {
            "arrived": int,
            "log_id": str,
            "device_id": str,
            "n": int,
            "hash": bytes,
            "parent_log": str,
            "parent_n": int,
        },
        ("arrived",),
        unique=("log_id",),
        needs=("log_id", "device_id", "n", "hash"),
    ),
    # Lines of a log as they came, those of one push together (`server.store.logs`).
    TableShape(
        "segment",
        {"number": int, "first_n": int, "received_at": str, "lines": bytes},
        ("number",),
        needs=("first_n", "received_at", "lines"),
    ),
    # No `outcome` is the usual one: accepted.
    TableShape(
        "change_row",
        {
            "log": int,
            "n": int,
            "project": int,
            "segment": int,
            "seq": int,
            "change_id": str,
            "hash": bytes,
            "outcome": str,
            "why": str,
            "conflicts": str,
        },
        ("log", "n"),
        needs=("project", "segment", "change_id", "hash"),
        indexes=(("project", "change_id"),),
    ),
    # The verdicts that were given anew, in the order in which authors are to hear them.
    TableShape(
        "late",
        {"number": int, "project_id": str, "change_id": str, "at": str},
        ("number",),
        needs=("project_id", "change_id", "at"),
    ),
    TableShape(
        "conflict",
        {
            "arrived": int,
            "project_id": str,
            "id": str,
            "record_id": str,
            "type": str,
            "group_name": str,
            "base": str,
            "theirs": str,
            "ours": str,
            "change_id": str,
            "device_id": str,
            "person": str,
            "at": str,
            "status": str,
            "settled_at": str,
            "settled_by": str,
            "reason": str,
            "chosen": str,
        },
        ("arrived",),
        unique=("project_id", "id"),
        needs=(
            *("project_id", "id", "record_id", "group_name"),
            *("theirs", "ours", "change_id", "status"),
        ),
        indexes=(("project_id", "record_id"),),
    ),
    TableShape(
        "quarantine",
        {
            "arrived": int,
            "project_id": str,
            "change_id": str,
            "log_id": str,
            "n": int,
            "type": str,
            "record_id": str,
            "parent_id": str,
            "fields": str,
            "why": str,
            "device_id": str,
            "person": str,
            "at": str,
            "status": str,
            "waits_for": str,
            "settled_at": str,
            "reason": str,
        },
        ("arrived",),
        unique=("project_id", "change_id"),
        needs=("project_id", "change_id", "record_id", "why", "status"),
        indexes=(
            ("project_id", "record_id"),
            ("project_id", "status"),
            ("project_id", "waits_for"),
        ),
    ),
    # What a decision was made on, for changes that come after it once more.
    TableShape(
        "decided",
        {"project_id": str, "seen": str, "group_name": str, "decision": str},
        ("project_id", "seen", "group_name"),
        needs=("decision",),
    ),
    # Records that have come and that others still wait for.
    TableShape(
        "release",
        {"project_id": str, "record_id": str, "after": int},
        ("project_id", "record_id"),
        needs=("after",),
    ),
    # The numbers that changes had in timelines that were lost.
    TableShape(
        "stood",
        {"project_id": str, "change_id": str, "epoch": str, "seq": int},
        ("project_id", "change_id", "epoch"),
        needs=("seq",),
    ),
    TableShape(
        "purged",
        {"project_id": str, "id": str, "type": str, "at": str, "seq": int},
        ("project_id", "id"),
        needs=("type", "at", "seq"),
        indexes=(("project_id", "seq"),),
    ),
    TableShape(
        "attachment",
        {"project_id": str, "record_id": str, "sha256": str, "gone_at": str},
        ("project_id", "record_id", "sha256"),
        indexes=(("project_id", "sha256"), ("sha256",)),
    ),
    TableShape(
        "device",
        {
            "device_id": str,
            "name": str,
            "token_hash": str,
            "created_at": str,
            "revoked_at": str,
            "last_seen_at": str,
            "public_key": str,
            "skew_s": float,
        },
        ("device_id",),
        needs=("name", "token_hash", "created_at"),
        indexes=(("token_hash",),),
    ),
    # What a laptop says of itself: its program, changes it has yet to send, room on its disk.
    TableShape(
        "device_state",
        {
            "device_id": str,
            "app": str,
            "behind": int,
            "free_mib": int,
            "said_at": str,
        },
        ("device_id",),
        needs=("app", "behind", "said_at"),
    ),
    TableShape(
        "device_project",
        {"project_id": str, "device_id": str, "withdrawn_at": str},
        ("project_id", "device_id"),
        indexes=(("device_id",),),
    ),
    # Who may read and do nothing else; the role says how exactly (`server.access.veil`).
    TableShape(
        "read_token",
        {
            "token_id": str,
            "name": str,
            "token_hash": str,
            "created_at": str,
            "expires_at": str,
            "revoked_at": str,
            "role": str,
        },
        ("token_id",),
        needs=("name", "token_hash", "created_at", "role"),
        indexes=(("token_hash",),),
    ),
    TableShape(
        "read_token_project",
        {"project_id": str, "token_id": str},
        ("project_id", "token_id"),
        indexes=(("token_id",),),
    ),
    TableShape(
        "code",
        {
            "code_hash": str,
            "name": str,
            "projects": str,
            "expires_at": str,
            "used_by": str,
        },
        ("code_hash",),
        needs=("name", "projects", "expires_at"),
    ),
    # Devices that are to get another token, and by which code; the tokens that they were
    # given since, until one of them was used.
    TableShape(
        "renewal",
        {"device_id": str, "code": str, "asked_at": str},
        ("device_id",),
        needs=("code", "asked_at"),
        indexes=(("code",),),
    ),
    TableShape(
        "next_token",
        {"token_hash": str, "device_id": str, "made_at": str},
        ("token_hash",),
        needs=("device_id", "made_at"),
        indexes=(("device_id",),),
    ),
    # The blocks of codes for labels, each given to one laptop, once and for all.
    TableShape(
        "label_block",
        {"block": str, "device_id": str, "request_id": str, "given_at": str},
        ("block",),
        needs=("device_id", "request_id", "given_at"),
        indexes=(("device_id",),),
    ),
    *PHONE_TABLES,
    *PEOPLE_TABLES,
    *CONTACT_TABLES,
    *WEBHOOK_TABLES,
    # What administrators did, each line chained to the one before it.
    TableShape(
        "audit_line",
        {"number": int, "said": str, "hash": bytes},
        ("number",),
        needs=("said", "hash"),
    ),
    # `asked`: the number of the asking, which no other of the project has.
    TableShape(
        "job",
        {"project_id": str, "plot_id": str, "asked": int, "leased_until": int},
        ("project_id", "plot_id"),
        needs=("asked", "leased_until"),
        indexes=(("project_id", "asked"),),
    ),
    # Found once per plot and setting, and never moved.
    TableShape(
        "reference_mass",
        {"project_id": str, "plot_id": str, "setting": str, "mass": str, "at": str},
        ("project_id", "plot_id", "setting"),
        needs=("mass", "at"),
    ),
    # Every number that ever stood, with the records it was derived from.
    TableShape(
        "derived_version",
        {
            "project_id": str,
            "id": str,
            "seq": int,
            "type": str,
            "plot_id": str,
            "fields": str,
            "inputs": str,
            "at": str,
        },
        ("project_id", "id", "seq"),
        needs=("type", "plot_id", "fields", "inputs", "at"),
    ),
    *BOARD_TABLES,
    TableShape(
        "epoch",
        {"number": int, "id": str, "at": str, "reason": str, "device_id": str},
        ("number",),
        needs=("id", "at", "reason"),
    ),
    TableShape(
        "epoch_start",
        {"epoch_id": str, "project_id": str, "head": int},
        ("epoch_id", "project_id"),
        needs=("head",),
    ),
    TableShape(
        "receipt",
        {
            "arrived": int,
            "log_id": str,
            "n": int,
            "raw": str,
            "signature": str,
            "pushed": str,
        },
        ("arrived",),
        unique=("log_id", "n"),
        needs=("log_id", "n", "raw", "signature", "pushed"),
    ),
    TableShape(
        "seal",
        {"name": str, "rows": int, "total": int},
        ("name",),
        needs=("rows", "total"),
    ),
)
#: A change may write several values of one group: there is no key.
HISTORY: Final[dict[str, type]] = {
    "project_id": str,
    "record_id": str,
    "group_name": str,
    "old_values": str,
    "written_seq": int,
    "replaced_seq": int,
    "written_by": str,
    "replaced_by": str,
}
