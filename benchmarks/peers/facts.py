"""What each side does and does not do: figures beside each other are not of the same work.

As they run here. PouchDB and Kinto can be set up to do more, which would cost them more:
functions that validate, JSON schemas, a plugin that keeps history, PostgreSQL.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: What may be done with a record, in the order of the columns.
DONE: Final = (
    "validation",
    "signature",
    "hash chain",
    "encrypted laptop",
    "history",
    "conflicts kept",
    "derivation",
    "on the disk",
)
SAID: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "permille": dict.fromkeys(DONE, "yes"),
        "pouchdb": {
            "validation": "no",
            "signature": "no",
            "hash chain": "not checked",
            "encrypted laptop": "no",
            "history": "until compaction",
            "conflicts kept": "whole documents",
            "derivation": "no",
            "on the disk": "not synced",
        },
        "kinto": {
            "validation": "no",
            "signature": "no",
            "hash chain": "no",
            "encrypted laptop": "keeps nothing",
            "history": "no",
            "conflicts kept": "last one wins",
            "derivation": "no",
            "on the disk": "in memory",
        },
        "executemany": {
            **dict.fromkeys(DONE, "no"),
            "on the disk": "yes",
        },
    }
)
#: What the words mean.
MEANING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "validation": "fields are judged by type, range and reference on both sides",
        "signature": "what a laptop sends is signed, and the server checks that",
        "hash chain": "an altered record of the past is found",
        "encrypted laptop": "the laptop's files are encrypted",
        "history": "earlier values can be read",
        "conflicts kept": "of two edits of one value both are kept and shown",
        "derivation": "stocks are computed of what came",
        "on the disk": "what was acknowledged is fsynced before that",
    }
)
