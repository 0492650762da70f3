"""What a role may see of places and names: one place decides it, for all that shows records.

Where a role may not see exact places, they are the squares of a grid (server.reading.cells).
Where it may not see names, a person is a pseudonym, the same wherever the name stands in a
project, and free texts and attached files, which may say anything, are left out. A text
field that is new is left out until it is named here.
"""

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from schemas.attachments import Attachments
from schemas.explained import Explanations
from schemas.export.cells import plain, value_of
from schemas.export.shape import TYPE_OF
from schemas.fields import Text
from schemas.fingerprint import letters_of
from schemas.records import TYPES
from server.access.consents import public_plots
from server.access.records import find_record
from server.access.rights import MAY, Right
from server.reading.cells import Cell
from server.store.port import Transaction


class Sight(NamedTuple):
    """What somebody may see: places where they are, persons by their names."""

    exact_places: bool
    names: bool


ALL_OF_IT: Final = Sight(exact_places=True, names=True)
#: What each role may see.
SIGHTS: Final[Mapping[str, Sight]] = MappingProxyType(
    {
        role.value: Sight(Right.PLACES in rights, Right.NAMES in rights)
        for role, rights in MAY.items()
    }
)
#: The fields that name a person, and what their pseudonyms begin with.
PERSONS: Final[Mapping[str, Mapping[str, str]]] = {
    "plot": {"farm": "farm"},
    "campaign": {"crew": "person"},
    "custody_event": {"who": "person", "to_whom": "person"},
    "lab_batch": {"decided_by": "person"},
    "conflict": {"person": "person", "settled_by": "person", "device": "laptop"},
    "quarantined": {"person": "person", "device": "laptop"},
}
#: Texts that everybody may see: what they say is no person.
SHOWN_TEXTS: Final = frozenset(
    {
        *(("organisation", "name"), ("project", "title"), ("practice", "what")),
        *(("question_form", "title"), ("question_form", "source")),
        *(("campaign", "protocol"), ("sample", "sent_to_lab"), ("result", "lab")),
        *(("lab_control", "lab"), ("lab_batch", "lab"), ("answer", "value")),
    }
)
#: What is left out of what is no record type; the values of sides may say anything.
_ALSO_HIDDEN: Final = {
    "conflict": ("first_value", "other_value", "chosen", "reason"),
    "quarantined": ("fields", "problems", "reason"),
}
#: Of a derived row: why a person stands by it. `row` is the whole of it as JSON.
_OF_DERIVED: Final = ("row", "change_confirmed")
#: What tells where a plot is, besides places: whoever has a boundary can compare.
_PLACE_HASH: Final = "boundary_sha256"
#: Answers that can be no name: short numbers and days.
_HARMLESS: Final = re.compile(
    r"[-+]?[0-9]{1,6}(\.[0-9]{1,6})?|[0-9]{4}-[0-9]{2}-[0-9]{2}"
)
#: Letters of a pseudonym: of a hundred persons no two share one.
_LETTERS: Final = 6
_PURPOSE: Final = b"permille pseudonyms 1\0"


def _free_texts(record_type: str) -> frozenset[str]:
    """Return the fields that may say anything."""
    return frozenset(
        name
        for name, kind in TYPES[record_type].fields.items()
        if (type(kind) is Text or isinstance(kind, Attachments | Explanations))
        and name not in PERSONS.get(record_type, ())
        and (record_type, name) not in SHOWN_TEXTS
    )


#: What is left out for those who may not see names, by record type.
HIDDEN: Final[Mapping[str, frozenset[str]]] = {
    **{name: _free_texts(name) for name in TYPES},
    **{name: frozenset(columns) for name, columns in _ALSO_HIDDEN.items()},
}


@dataclass(frozen=True, slots=True)
class Veil:
    """What somebody may not see of some projects.

    `key` is what pseudonyms are made with. `public` has the plots that are shown where they
    are all the same: the code of each by its project and its id.
    """

    sight: Sight
    key: bytes
    public: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def is_coarse(self) -> bool:
        """Return whether places are shown by squares of the grid."""
        return not self.sight.exact_places

    def unasked(self, table: str) -> frozenset[str]:
        """Return the columns of a table by whose value nobody may look: values could be guessed."""
        record_type = TYPE_OF.get(table, "")
        found = frozenset[str]()
        if not self.sight.names:
            found |= HIDDEN.get(record_type, frozenset()) | {*_OF_DERIVED}
            found |= PERSONS.get(record_type, {}).keys()
            found |= {"value"} if record_type == "answer" else set()
        if self.is_coarse:
            found |= {"lon", "lat", "geometry", _PLACE_HASH}
        return found

    def shown(self, collection: str, text: bytes, cell: Cell | None) -> bytes:
        """Return a feature, a GeoJSON text, as it is shown."""
        feature = orjson.loads(text)
        said = feature["properties"]
        record_type = TYPE_OF.get(collection, "")
        project_id = said["project_id"]
        plot = said.get("code" if collection == "plots" else "plot")
        said = self._named(record_type, project_id, said, is_cell=True)
        codes = {code for (of, _), code in self.public.items() if of == project_id}
        if self.is_coarse and plot not in codes:
            said = _placed(said, cell)
            feature["geometry"] = _geometry(feature["geometry"], cell)
        return orjson.dumps({**feature, "properties": said})

    def fields(
        self,
        record_type: str,
        project_id: str,
        fields: Mapping[str, Any],
        cell: Cell | None = None,
        plot: str | None = None,
    ) -> dict[str, Any]:
        """Return the fields of a record as they are shown; `plot` is the id of its plot."""
        said = self._named(record_type, project_id, fields, is_cell=False)
        if self.is_coarse and (project_id, plot) not in self.public:
            said = _placed(said, cell)
        return said

    def pseudonym(self, project_id: str, name: str, kind: str = "person") -> str:
        """Return what a person is called in a project: the same for the same name."""
        text = unicodedata.normalize("NFC", " ".join(name.split())).casefold()
        said = f"{project_id}\0{kind}\0{text}".encode()
        digest = hmac.new(self.key, said, hashlib.sha256).digest()
        return f"{kind}-{letters_of(digest, _LETTERS)}"

    def _named(
        self,
        record_type: str,
        project_id: str,
        said: Mapping[str, Any],
        *,
        is_cell: bool,
    ) -> dict[str, Any]:
        """Return fields without names and free texts; the values of cells are those of a table."""
        if self.sight.names:
            return dict(said)
        persons = PERSONS.get(record_type, {})
        hidden = HIDDEN.get(record_type, frozenset())
        found = {
            name: None if name in hidden else value for name, value in said.items()
        }
        for name, kind in persons.items():
            if found.get(name):
                found[name] = self._persons(
                    (record_type, name), project_id, found[name], kind, is_cell=is_cell
                )
        if record_type == "answer" and not _HARMLESS.fullmatch(
            str(found.get("value") or "")
        ):
            found["value"] = None
        return _without_reasons(found)

    def _persons(
        self,
        of: tuple[str, str],
        project_id: str,
        value: Any,  # noqa: ANN401 - a name, or a list of names
        kind: str,
        *,
        is_cell: bool,
    ) -> Any:  # noqa: ANN401 - as the value
        known = TYPES.get(of[0])
        names = value
        if is_cell and known is not None:
            names = value_of(known.fields[of[1]], value)
        if not isinstance(names, list):
            return self.pseudonym(project_id, str(names), kind)
        called = sorted({self.pseudonym(project_id, name, kind) for name in names})
        return plain(called) if is_cell else called


def veil_of(
    tx: Transaction, project_ids: Sequence[str], role: str, today: str
) -> Veil | None:
    """Return what a role may not see of some projects; None where it may see all.

    Parameters
    ----------
    role
        One of `SIGHTS`.
    today
        The day on which consents are to be in force, YYYY-MM-DD.
    """
    sight = SIGHTS[role]
    if sight == ALL_OF_IT:
        return None
    public = {}
    if not sight.exact_places:
        for project_id, place in public_plots(tx, project_ids, today):
            plot = find_record(tx, project_id, place)
            if plot is not None and plot.type == "plot" and not plot.deleted:
                public[project_id, place] = str(plot.fields.get("code"))
    return Veil(sight, _key(tx), public)


def _key(tx: Transaction) -> bytes:
    """Return the secret that pseudonyms are made with, which follows from the server's own."""
    secret = bytes.fromhex(tx.setting("signing_key") or "")
    return hmac.new(secret, _PURPOSE, hashlib.sha256).digest()


def _placed(said: Mapping[str, Any], cell: Cell | None) -> dict[str, Any]:
    """Return fields whose places are the square they lie in."""
    found = dict(said)
    for name, place in (("lon", cell and cell.lon), ("lat", cell and cell.lat)):
        if found.get(name) is not None:
            found[name] = place
    if found.get("geometry") is not None:
        found["geometry"] = cell.square() if cell else None
    if _PLACE_HASH in found:
        found[_PLACE_HASH] = None
    return found


def _geometry(
    shape: Mapping[str, Any] | None, cell: Cell | None
) -> dict[str, Any] | None:
    if shape is None or cell is None:
        return None
    return cell.point() if shape["type"] == "Point" else cell.square()


def _without_reasons(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a derived row without what a person wrote, however it is held."""
    found = {name: None if name in _OF_DERIVED else v for name, v in said.items()}
    for name in ("change", "trend", "points"):
        if name in found:
            found[name] = _stripped(found[name])
    return found


def _stripped(value: Any) -> Any:  # noqa: ANN401 - a row, or a list of rows
    if isinstance(value, list):
        return [_stripped(each) for each in value]
    if isinstance(value, str):
        return json.dumps(_stripped(json.loads(value)), ensure_ascii=False)
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if name not in _OF_DERIVED}
