"""What forms ask in each language of the field: words.json, in the order of the languages."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final, NamedTuple


class Words(NamedTuple):
    """One text in each of the languages."""

    en: str
    fr: str
    es: str
    pt: str


_SAID: Final[Mapping[str, Any]] = json.loads(
    files(__package__).joinpath("words.json").read_text("utf-8")
)
#: The languages of forms, as ODK names them; the first is the usual one.
LANGUAGES: Final[tuple[str, ...]] = tuple(_SAID["languages"])
#: What a question, a group and a form are called.
QUESTIONS: Final = {name: Words(*said) for name, said in _SAID["questions"].items()}
CHOICES: Final = {
    name: {code: Words(*said) for code, said in codes.items()}
    for name, codes in _SAID["choices"].items()
}
BELOW_TOP: Final = Words(*_SAID["rules"]["below_top"])
FROM_TO: Final = Words(*_SAID["rules"]["from_to"])
