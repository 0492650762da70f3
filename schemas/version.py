"""The versions that travel on the wire and in every derived number."""

__version__ = "0.1.0"

#: Version of the sync protocol that every peer speaks: the shapes of schemas.messages.
PROTOCOL = 1

#: In this one the changes of a request may come by columns: schemas.columns.
NEWEST_PROTOCOL = 2

#: Version of the record schemas: schemas.records.
SCHEMA_VERSION = 7
