"""What tells this laptop's database from a copy of it on another disk or machine.

No single sign is enough. A file that was copied has another number on its disk, but a
disk that was copied block by block has the same files under the same numbers; two
disks that were filled alike may number them alike. So several signs are kept, each of
which outlives reboots, renamed folders and ordinary writes:

- `file`, the number of the database on its disk;
- `key`, that of the key file with when it was last changed: nobody writes to it again,
  and no program that restores files can set that time;
- `machine` and `name`, which who copies disks gives anew to each machine;
- `disk`, the number that its maker gave the disk.

The number of the device (st_dev) is none: it is given anew at every start of some
machines. A sign that cannot be read says nothing. A false alarm, such as a machine that
was given another name, costs a new log and nothing else.
"""

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from collector.config import Home

_MACHINE_ID: Final = Path("/etc/machine-id")
_BLOCK_DEVICES: Final = Path("/sys/dev/block")
#: Where Linux shows the number of a disk, by how it is connected.
_DISK_NUMBERS: Final = ("wwid", "device/wwid", "serial", "device/serial")

Signs = Mapping[str, str]


def signs_of(home: Home) -> dict[str, str]:
    """Return the signs of the place where a laptop's data is."""
    found = os.stat(home.database)  # noqa: PTH116 - of the path as it is
    signs = {
        "file": str(found.st_ino),
        "key": _unwritten(home),
        "machine": _text(_MACHINE_ID),
        "name": platform.node().partition(".")[0].lower(),
        "disk": disk_number(found.st_dev),
    }
    return {name: sign for name, sign in signs.items() if sign}


def read_signs(text: str) -> dict[str, str]:
    """Read signs as they were written down; a bare number is that of the file.

    Examples
    --------
    >>> read_signs("260072"), read_signs('{"name": "lap-1"}')
    ({'file': '260072'}, {'name': 'lap-1'})
    """
    return {"file": text} if text.isdecimal() else dict(json.loads(text))


def write_signs(signs: Signs) -> str:
    """Write signs down."""
    return json.dumps(signs, sort_keys=True)


def are_of_one_place(known: Signs, found: Signs) -> bool:
    """Return whether no sign that is known on both sides differs.

    Examples
    --------
    >>> are_of_one_place({"file": "7"}, {"file": "7", "name": "lap-1"})
    True
    >>> are_of_one_place({"file": "7", "name": "lap-1"}, {"file": "7", "name": "lap-2"})
    False
    """
    return all(found[name] == known[name] for name in found.keys() & known.keys())


def disk_number(device: int, devices: Path = _BLOCK_DEVICES) -> str:
    """Return the number that its maker gave a disk, where the system shows it."""
    if sys.platform == "win32":
        return ""
    here = devices / f"{os.major(device)}:{os.minor(device)}"
    return next(_disk_numbers(here.resolve()), "")


def _disk_numbers(block: Path) -> Iterator[str]:
    yield from filter(None, (_text(block / name) for name in _DISK_NUMBERS))
    if (block / "partition").exists():
        yield from _disk_numbers(block.parent)
    # An encrypted or joined volume lies on others.
    for below in sorted(block.glob("slaves/*")):
        yield from _disk_numbers(below.resolve())


def _unwritten(home: Home) -> str:
    for path in (home.key, home.passphrase_rule):
        if path.exists():
            found = path.stat()
            return f"{found.st_ino}/{found.st_ctime_ns}"
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
