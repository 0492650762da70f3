"""The files of a laboratory on the disk: read whole, and given back beside themselves."""

from collections.abc import Collection, Sequence
from pathlib import Path

from schemas.durable_files import write_beside
from schemas.lab.check import LabCheck, read_keys
from schemas.lab.matching import LabLine
from schemas.lab.outcome import returned
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


def give_back(found: LabCheck, taken: Collection[LabLine]) -> list[str]:
    """Write the rows that were not taken beside their files; return where.

    A sheet of a workbook comes back as a table of its own.
    """
    places = []
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
                sheet = "" if len(layouts) == 1 else f".{layout.sheet.name}"
                place = path.with_name(f"{path.stem}{sheet}.rejected.csv")
                places.append(str(write_beside(place, text.encode("utf-8-sig"))))
    return places
