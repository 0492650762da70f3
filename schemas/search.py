"""What of a record is searched, and what typed words ask for: the same on both sides. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.fields import Geometry, Id, Instant
from schemas.printing import TableForm, prose
from schemas.records import TYPES, label
from schemas.told import option_name, told

HITS: Final = TableForm("found", "type", prose("name"), prose("where"))
_WORD: Final = re.compile(r"\w+")
#: So much of a long value is shown around a word that was found.
_AROUND_CHARS: Final = 30

Fields = Mapping[str, Any]


class SearchQuery(NamedTuple):
    """Words that are looked for, and where: None does not narrow it."""

    words: str
    project_id: str | None = None
    record_type: str | None = None
    most: int = 100


class Searched(NamedTuple):
    """The texts of a record that are searched: its own name, and all that people wrote."""

    name: str
    words: str


def searched(record_type: str, fields: Fields) -> Searched:
    """Return what is searched of a record: its name, codes, notes, people, files.

    >>> found = searched("sample", {"sample_code": "HF-1", "note": "wet"})
    >>> found.name, found.words.splitlines()
    ('HF-1', ['HF-1', 'wet'])
    """
    name = label(record_type, fields).removeprefix(record_type).strip()
    return Searched(name, "\n".join(text for _, text in _texts(record_type, fields)))


def match_of(words: str) -> str:
    """Return words as SQLite's full-text search takes them: all, each as a beginning.

    Signs are no words: HF-1 is HF followed by a word that begins with 1.

    >>> match_of("HF-1 Ada"), match_of('"; --')
    ('"HF 1"* "Ada"*', '')
    """
    phrases = (" ".join(_WORD.findall(part)) for part in words.split())
    return " ".join(f'"{phrase}"*' for phrase in phrases if phrase)


def found_in(record_type: str, fields: Fields, words: str) -> str:
    """Return the values of a record that have one of the words, with their fields.

    >>> found_in("sample", {"sample_code": "HF-1", "note": "très humide"}, "TRES hf")
    'sample-code HF-1; note très humide'
    """
    wanted = [plain(word) for word in _WORD.findall(words)]
    found = []
    for name, text in _texts(record_type, fields):
        places = [at for word in wanted if (at := plain(text).find(word)) >= 0]
        if places:
            found.append(f"{option_name(name)} {_cut(text, min(places))}")
    return "; ".join(found)


def plain(text: str) -> str:
    """Return a text without capitals and accents.

    >>> plain("Échantillon")
    'echantillon'
    """
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _texts(record_type: str, fields: Fields) -> Iterator[tuple[str, str]]:
    for name, field in TYPES[record_type].fields.items():
        value = fields.get(name)
        if isinstance(field, Id | Geometry | Instant) or value is None:
            continue
        if isinstance(value, str | list):
            yield name, told(value)


def _cut(text: str, at: int) -> str:
    start = 0 if at <= _AROUND_CHARS else at - _AROUND_CHARS
    end = at + 2 * _AROUND_CHARS
    return (
        f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}"
    )
