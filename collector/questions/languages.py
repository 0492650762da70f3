"""Texts of a form in its languages: the one that it begins with, and the others by code."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.questions.form import Texts

#: What forms call their languages where they give no code.
_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("english", "anglais", "inglés", "inglês"), "en"),
        **dict.fromkeys(("français", "francais", "french", "francés", "francês"), "fr"),
        **dict.fromkeys(("español", "espanol", "spanish", "espagnol"), "es"),
        **dict.fromkeys(("português", "portugues", "portuguese", "portugais"), "pt"),
    }
)
_CODE: Final = re.compile(r"\(\s*([A-Za-z]{2,3})(?:[-_][A-Za-z]{2,4})?\s*\)\s*$")
_DEFAULT: Final = "default"


def language_code(name: str) -> str:
    """Return the code of a language as a form names it; the name where it has none.

    >>> language_code("French (fr)"), language_code("Español"), language_code("Wolof")
    ('fr', 'es', 'Wolof')
    """
    plain = name.strip()
    found = _CODE.search(plain)
    if found:
        return found[1].lower()
    return _CODES.get(plain.casefold(), plain)


def texts_of(value: Any, first: str) -> tuple[str, Texts]:  # noqa: ANN401 - of pyxform
    """Return a text in the language of the form, and in the others by their codes.

    `first` is the language of the form as pyxform names it.

    >>> texts_of({"default": "Slope", "French (fr)": "Pente"}, "default")
    ('Slope', {'fr': 'Pente'})
    >>> texts_of("Slope", "default"), texts_of(None, "default")
    (('Slope', {}), ('', {}))
    """
    if not isinstance(value, Mapping):
        return _plain(value), {}
    said = {str(name): _plain(text) for name, text in value.items()}
    said = {name: text for name, text in said.items() if text}
    own = next((said[name] for name in (first, _DEFAULT) if name in said), "")
    own = own or next(iter(said.values()), "")
    every = {
        language_code(name): text for name, text in said.items() if name != _DEFAULT
    }
    return own, {code: text for code, text in every.items() if text != own}


def _plain(value: object) -> str:
    return "" if value is None else str(value).strip()
