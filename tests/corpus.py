"""The corpus of bad input in fixtures/broken, and good records to compare with."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Any

import pytest

from schemas.records import TYPES
from schemas.version import SCHEMA_VERSION

FIXTURES = Path(__file__).parents[1] / "fixtures"
#: The golden files of the present schema version.
WIRE = FIXTURES / "wire" / f"v{SCHEMA_VERSION}"


@dataclass(frozen=True)
class Case:
    """One bad record and the problems it must give: (code, path), in order.

    `raw` is the record as a lenient JSON text where strict JSON cannot say it
    (NaN, half a character); such a record may reach an entry form, never the wire.
    """

    type: str
    name: str
    record: Mapping[str, Any]
    expect: tuple[tuple[str, str], ...]
    raw: str | None = None

    @property
    def fits_the_wire(self):
        return self.raw is None

    def __str__(self):
        return f"{self.type}: {self.name}"


@dataclass(frozen=True)
class LineCase:
    """One hostile request line and the code of its problem."""

    name: str
    raw: bytes
    expect: str

    def __str__(self):
        return self.name


def over(cases):
    """Run a test on each case, as one test that tells of all that fail."""

    def decorate(test):
        @wraps(test)
        def on_all(**given):
            failed = []
            for case in cases:
                try:
                    test(case=case, **given)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - told below
                    failed.append(f"{case}: {error!r}")
            assert not failed, "\n".join([f"{len(failed)} fail:", *failed])

        others = [p for p in signature(test).parameters.values() if p.name != "case"]
        on_all.__signature__ = Signature(others)
        return on_all

    return decorate


@cache
def load_cases(record_type: str | None = None) -> tuple[Case, ...]:
    """Return the cases of one record type, or of all."""
    types = [record_type] if record_type else list(good_records())
    return tuple(case for name in types for case in _cases(name))


@cache
def load_lines() -> tuple[LineCase, ...]:
    """Return the hostile request lines."""
    return tuple(
        LineCase(said["name"], base64.b64decode(said["base64"]), said["expect"])
        for said in _read("lines")
    )


@cache
def good_records() -> Mapping[str, Mapping[str, Any]]:
    """Return one full good record per type, in the order of their dependence.

    They are those of the golden request, so that they refer to each other.
    """
    return {change["t"]: change["f"] for change in founding_changes()}


def founding_changes() -> tuple[Mapping[str, Any], ...]:
    """Return the changes of the golden request that make one record per type."""
    return golden_changes()[: len(TYPES)]


@cache
def golden_changes() -> tuple[Mapping[str, Any], ...]:
    """Return the changes of the golden request, as JSON."""
    lines = (WIRE / "request.ndjson").read_bytes().splitlines()
    return tuple(json.loads(line) for line in lines[1:-1])


def _cases(record_type):
    for said in _read(record_type):
        raw = said.get("raw")
        record = said["record"] if raw is None else json.loads(raw)
        expect = tuple((found["code"], found["path"]) for found in said["expect"])
        yield Case(record_type, said["name"], record, expect, raw)


def _read(name):
    return json.loads((FIXTURES / "broken" / f"{name}.json").read_text("utf-8"))
