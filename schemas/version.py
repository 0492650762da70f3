"""The versions that travel on the wire and in every derived number."""

__version__ = "0.1.0"

#: Version of the sync protocol: the message shapes of schemas.messages.
PROTOCOL = 1

#: Version of the record schemas: schemas.records.
SCHEMA_VERSION = 4
