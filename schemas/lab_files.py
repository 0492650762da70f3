"""The files of a laboratory on the disk: read whole, and given back beside themselves."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from schemas.durable_files import write_beside
from schemas.lab.check import Beside, LabCheck, read_duplicates, read_keys
from schemas.lab.expected import labels_in
from schemas.lab.matching import LabLine
from schemas.lab.outcome import LabKept, returned
from schemas.tables.differing import Differing
from schemas.tables.lines import check_size
from schemas.tables.refusal import in_file


def read_files(paths: Sequence[Path]) -> dict[str, bytes]:
    """Return what files hold, by their paths.

    Raises
    ------
    TableError
        If one is too large.
    """
    found = {}
    for path in paths:
        with in_file(str(path)):
            check_size(path.stat().st_size)
        found[str(path)] = path.read_bytes()
    return found


class Delivery(NamedTuple):
    """The files of a laboratory, and what a person says of them."""

    files: Sequence[Path]
    key: Path | None = None
    duplicates: Path | None = None
    batch: str | None = None
    differing: Differing = Differing.KEEP
    only: Sequence[str] = ()


class ReadDelivery(NamedTuple):
    """What the files of a laboratory hold."""

    files: Mapping[str, bytes]
    keys: Mapping[str, str]
    beside: Beside


def read_delivery(sent: Delivery) -> ReadDelivery:
    """Return what the files of a laboratory hold.

    Raises
    ------
    TableError
        If one is too large, or does not have the columns it is for.
    """
    twins = {}
    if sent.duplicates is not None:
        (data,) = read_files([sent.duplicates]).values()
        with in_file(str(sent.duplicates)):
            twins = read_duplicates(sent.duplicates.name, data)
    beside = Beside(sent.batch, twins, sent.differing, sent.only)
    return ReadDelivery(read_files(sent.files), read_key(sent.key), beside)


def read_labels(given: Sequence[str]) -> list[str]:
    """Return labels of bags: those of files, where one of that name is here, and the rest.

    Raises
    ------
    TableError
        If a file is too large, or no table.
    """
    labels = []
    for text in given:
        path = Path(text)
        if path.is_file():
            (data,) = read_files([path]).values()
            with in_file(text):
                labels += labels_in(path.name, data)
        else:
            labels.append(text)
    return labels


def read_key(path: Path | None) -> dict[str, str]:
    """Return the labels of bags by the laboratory's numbers; none without a file.

    Raises
    ------
    TableError
        If it is too large, or does not name both.
    """
    if path is None:
        return {}
    (data,) = read_files([path]).values()
    with in_file(str(path)):
        return read_keys(path.name, data)


def give_back_others(found: LabCheck, how: Differing) -> LabKept:
    """Write the rows that were not taken beside their files; return what was kept."""
    wanted, beside = found.wanted(how), found.beside(how)
    back = give_back(found, [line for line, _ in (*wanted, *beside)])
    return LabKept(len(wanted), len(beside), back, is_written=True)


def give_back(found: LabCheck, taken: Collection[LabLine]) -> list[str]:
    """Write the rows that were not taken beside their files; return where."""
    return [
        str(write_beside(place, text.encode("utf-8-sig")))
        for place, text in rows_back(found, taken).items()
    ]


def rows_back(found: LabCheck, taken: Collection[LabLine]) -> dict[Path, str]:
    """Return the rows that were not taken as the text of files beside their own.

    A sheet of a workbook comes back as a table of its own.
    """
    files = {}
    for name, layouts in found.layouts.items():
        for layout in layouts:
            own = [
                line
                for line in found.lines[name]
                if line.reading.sheet == layout.sheet.name
            ]
            text = returned(layout, own, taken)
            if text:
                path = Path(name)
                own_name = layout.sheet.name.removeprefix(path.name).strip()
                sheet = f".{own_name}" if own_name and len(layouts) > 1 else ""
                place = path.with_name(f"{path.stem}{sheet}.rejected.csv")
                files[place] = text
    return files
