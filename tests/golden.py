"""Write the golden files of a new schema version from those of the version before.

    python -m tests.golden
    python -m tests.golden --value sample.munsell='"10YR 4/3"'
    python -m tests.golden --value custody_event='{"on": "2026-05-04", "who": "Ada"}'

Raise SCHEMA_VERSION in schemas/version.py and add the step to schemas/evolve.py first.
The lines of the version before are lifted; a field that is new needs a value, and a
record type that is new needs a record, without the ids of others. Exit codes: 0 written,
1 a value is missing or wrong, 2 the version is published: its files never change.
"""

import argparse
import asyncio
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from schemas import chain, describe, evolve
from schemas.messages import decode_request, decode_response, encode
from schemas.records import TYPES, record_id
from schemas.validate import load_record
from schemas.version import SCHEMA_VERSION
from server.config import DataDirectory
from tests.conftest import running_with_project
from tests.corpus import FIXTURES, WIRE
from tests.integration.test_versions import replayed

Values = Mapping[str, Any]

#: Fields of which the good record says nothing: it has a value above the limit.
LEFT_OUT = {
    "result": {"censored", "detection_limit"},
    "lab_control": {"censored", "certified_value"},
    "answer": {"plot_id", "point_id", "sample_id"},
}


class MissingError(Exception):
    """Values that nobody gave, or that cannot stand: a line for each."""


def main() -> int:
    """Write the files, or say why not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--value",
        action="append",
        default=[],
        metavar="TYPE[.FIELD]=JSON",
        help="the value of a new field, or the record of a new type",
    )
    given = parser.parse_args().value
    if WIRE.exists():
        print(
            f"Schema version {SCHEMA_VERSION} is published: {_shown(WIRE)} exists and"
            " never changes. Raise SCHEMA_VERSION in schemas/version.py first.",
            file=sys.stderr,
        )
        return 2
    try:
        files = golden_files(dict(map(_value, given)))
    except MissingError as error:
        print(error, file=sys.stderr)
        return 1
    write(files)
    print(f"written: {_shown(WIRE)}")
    print("Read replayed.json: it is what this server answers, right or wrong.")
    return 0


def golden_files(values: Values) -> dict[str, str]:
    """Return the files that follow from the version before: name -> text.

    Raises
    ------
    MissingError
        If a new field or type has no value, or one that cannot stand.
    """
    before = FIXTURES / "wire" / f"v{SCHEMA_VERSION - 1}"
    hello, *changes, end = _read(before / "request.ndjson")
    changes = _numbered(_completed([_lifted(line) for line in changes], values))
    links = _chain(changes)
    hello["schema"] = SCHEMA_VERSION
    end |= links[-1]
    answer = _answer(before, {link["n"]: link["hash"] for link in links})
    return {
        "request.ndjson": _lines([hello, *changes, end]),
        "request.json": _document(_decoded([hello, *changes, end], decode_request)),
        "response.ndjson": _lines(answer),
        "response.json": _document(_decoded(answer, decode_response)),
        "chain.json": _document(links),
        "records.json": _document(describe.contract()),
    }


def write(files: Mapping[str, str]) -> None:
    """Write the folder whole, with what this server answers to each version; or nothing."""
    WIRE.mkdir()
    try:
        for name, text in files.items():
            (WIRE / name).write_text(text, "utf-8")
        said = asyncio.run(_replayed())
        (WIRE / "replayed.json").write_text(_document(said), "utf-8")
    except BaseException:
        shutil.rmtree(WIRE)
        raise


async def _replayed() -> dict[str, Any]:
    errors_only = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=errors_only)
    said = {}
    for version in sorted(evolve.PUBLISHED):
        with tempfile.TemporaryDirectory() as folder:
            data = DataDirectory(Path(folder) / "server")
            async with running_with_project(data) as server:
                said[str(version)] = await replayed(server, version)
    return said


def _lifted(change: dict[str, Any]) -> dict[str, Any]:
    lifted = change | {"v": SCHEMA_VERSION}
    if "f" in change:
        lifted["f"] = evolve.up_cast(change["t"], change["v"], change["f"])
    return lifted


def _completed(changes: list[dict[str, Any]], values: Values) -> list[dict[str, Any]]:
    """Add what the version before did not have to the first change of each type."""
    firsts = {change["t"]: change for change in reversed(changes)}
    others = [change for change in changes if change is not firsts[change["t"]]]
    wrong = []
    for name, kind in TYPES.items():
        if name in firsts:
            said = {f for c in changes if c["t"] == name for f in c.get("f", {})}
            new = kind.fields.keys() - said - LEFT_OUT.get(name, set())
            wrong += _fill(firsts[name], new, values)
        elif name in values:
            firsts[name] = _founding(name, values[name], firsts)
        else:
            wrong.append(f"{name}: a new type; give its record: --value {name}=JSON")
    for name in () if wrong else TYPES:
        _, problems = load_record(name, firsts[name]["f"])
        wrong += [f"{name}.{found.path}: {found.code}" for found in problems]
    if wrong:
        raise MissingError("\n".join(wrong))
    return [*(firsts[name] for name in TYPES), *others]


def _fill(change: dict[str, Any], new: AbstractSet[str], values: Values) -> list[str]:
    """Set new fields to their values; return what to say of those without one."""
    name, fields = change["t"], TYPES[change["t"]].fields
    said = change["f"] | {f: values.get(f"{name}.{f}") for f in new}
    change["f"] = {f: said[f] for f in fields if said.get(f) is not None}
    return [
        f"{name}.{f}: a new field ({type(fields[f]).__name__}); --value {name}.{f}=JSON"
        for f in fields
        if f in new and f not in change["f"]
    ]


def _founding(
    name: str, record: dict[str, Any], firsts: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return the change that makes the first record of a new type."""
    last = max(firsts.values(), key=lambda change: int(change["h"]))
    refers = TYPES[name].references.items()
    ids = {f: firsts[to]["r"] for f, to in refers if to in firsts}
    said = ids | record
    fields = {f: value for f, value in said.items() if value is not None}
    return last | {
        "i": str(UUID(int=UUID(last["i"]).int + 1)),
        "h": last["h"] + 1,
        "t": name,
        "r": record_id(last["s"], name, fields),
        "f": fields,
    }


def _numbered(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [change | {"n": n} for n, change in enumerate(changes, start=1)]


def _chain(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    digest, links = chain.START, []
    for change in changes:
        digest = chain.link(digest, encode(change))
        links.append({"n": change["n"], "hash": digest.hex()})
    return links


def _answer(before: Path, now: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return the lines of the answer, lifted, with the hashes of the new chain."""
    text = (before / "response.ndjson").read_text("utf-8")
    for link in json.loads((before / "chain.json").read_text("utf-8")):
        text = text.replace(link["hash"], now[link["n"]])
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        if line["k"] != "row":
            continue
        kind = line["t"]
        line["f"] = evolve.up_cast_row(kind, line["f"])
        line["w"] = {evolve.present_name(kind, k): q for k, q in line["w"].items()}
        if "x" in line:
            line["x"] = [evolve.up_cast_conflict(kind, side) for side in line["x"]]
    return lines


def _decoded(
    lines: list[dict[str, Any]], decode: Callable[[bytes], dict[str, Any]]
) -> list[dict[str, Any]]:
    return [decode(encode(line)) for line in lines]


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _lines(lines: list[dict[str, Any]]) -> str:
    return "".join(encode(line).decode("utf-8") + "\n" for line in lines)


def _document(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _value(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        raise SystemExit(f"--value {name}: what follows = is no JSON") from None


def _shown(path: Path) -> str:
    return path.relative_to(FIXTURES.parent).as_posix()


if __name__ == "__main__":
    sys.exit(main())
