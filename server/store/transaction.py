"""One transaction on one connection: the same statements on each database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.signing import public_key
from server.clock import Clock
from server.store.attachments import AttachmentTables
from server.store.audit_lines import AuditTables
from server.store.contacts import ContactTables
from server.store.custody import CustodyTables
from server.store.derivation import DerivationTables
from server.store.devices import DeviceTables
from server.store.feed import FeedTables
from server.store.figures import FigureTables
from server.store.kept import KeptTables
from server.store.labels import LabelTables
from server.store.logs import LogTables
from server.store.merge_tables import MergeTables
from server.store.people import PeopleTables
from server.store.phones import PhoneTables
from server.store.read_tokens import ReadTokenTables
from server.store.renewals import RenewalTables
from server.store.reports import ReportTables
from server.store.save import SaveTables
from server.store.values import Device
from server.store.versions import version_of
from server.store.webhooks import WebhookTables


@dataclass(eq=False)
class SqlTransaction(
    LogTables,
    MergeTables,
    SaveTables,
    CustodyTables,
    FeedTables,
    DeviceTables,
    ReadTokenTables,
    LabelTables,
    RenewalTables,
    PhoneTables,
    PeopleTables,
    ContactTables,
    WebhookTables,
    DerivationTables,
    FigureTables,
    AttachmentTables,
    ReportTables,
    KeptTables,
    AuditTables,
):
    """One transaction on one connection, of either driver."""

    connection: Any

    def stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Run a query whose rows are fetched as they are read."""
        return iter(self.connection.execute(sql, values))

    def home(self) -> str | None:
        """Return which cluster keeps the database, and in which timeline; None of a file."""
        return None

    def table_version(self) -> int:
        """Return the version of the tables."""
        return version_of(self.connection)


def begin_server(tx: SqlTransaction, clock: Clock) -> None:
    """Write the first epoch of a new server, and the device and log that stand for it."""
    secret = clock.key()
    own = Device(
        clock.new_id(),
        "server",
        clock.stamp(),
        None,
        None,
        public_key=public_key(secret),
    )
    tx.set_setting("signing_key", secret.hex())
    tx.set_setting("own_device", own.id)
    tx.begin_epoch(clock.new_id(), clock.stamp(), "begun", None)
    # No token has this hash: nobody enters as the server.
    tx.add_device(own, "none")
    tx.save_log(own.id, own.id)
