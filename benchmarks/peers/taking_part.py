"""Who takes part in a run: those that were asked for and can be had."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures import say
from benchmarks.peers import bare, install
from benchmarks.peers.install import NotHereError
from benchmarks.peers.kinto import Kinto
from benchmarks.peers.permille import Permille
from benchmarks.peers.pouchdb import PouchDB
from benchmarks.peers.sides import Side
from benchmarks.stage import World

_POUCHDB: Final = "pouchdb"
_KINTO: Final = Kinto.name
PEERS: Final = (_POUCHDB, _KINTO, bare.NAME)


@dataclass(frozen=True, slots=True)
class TakingPart:
    """Who is there, and who is not."""

    sides: Sequence[Side]
    #: Measured when many sync at once, and otherwise not.
    crowd_only: Sequence[Side]
    missing: dict[str, str]
    versions: dict[str, str]
    has_bare: bool

    @property
    def names(self) -> list[str]:
        """Return what is measured besides Permille."""
        found = [side.name for side in self.sides]
        return [*found, bare.NAME] if self.has_bare else found


def taking_part(wanted: Sequence[str], cache: Path, world: World) -> TakingPart:
    """Install who was asked for; who cannot be had is named, never left out silently."""
    sides: list[Side] = [Permille(world)]
    crowd_only: list[Side] = []
    missing: dict[str, str] = {}
    versions: dict[str, str] = {}
    if _POUCHDB in wanted:
        try:
            modules = install.pouchdb(cache)
        except NotHereError as error:
            missing[_POUCHDB] = str(error)
        else:
            pouchdb = PouchDB(world.folder / _POUCHDB, modules, world)
            sides.append(pouchdb)
            crowd_only.append(pouchdb.both_ways())
            versions |= _versions(modules)
    if _KINTO in wanted:
        try:
            programs = install.kinto(cache)
        except NotHereError as error:
            missing[_KINTO] = str(error)
        else:
            sides.append(Kinto(world.folder / _KINTO, programs, world))
            pins = (install.HERE / "kinto.txt").read_text("utf-8")
            versions |= dict(
                re.findall(r"^(kinto|waitress)==(\S+)", pins, re.MULTILINE)
            )
    for name, reason in missing.items():
        say(f"NOT MEASURED: {name}: {reason}")
    missing |= {name: "not asked for" for name in PEERS if name not in wanted}
    return TakingPart(sides, crowd_only, missing, versions, bare.NAME in wanted)


def _versions(modules: Path) -> dict[str, str]:
    """Return what npm installed of what matters."""
    return {
        name: json.loads((modules / name / "package.json").read_text("utf-8"))[
            "version"
        ]
        for name in ("pouchdb", "express-pouchdb", "express", "leveldown")
    }
