"""The four languages, which of them a person reads, and how phrases are said in them."""

import re
from collections.abc import Mapping, Sequence
from gettext import NullTranslations
from types import MappingProxyType
from typing import Final

from schemas.phrases import Figure, Phrase, _, problem_phrase
from schemas.problems import Problem
from schemas.told import told

#: Each language in its own words; English is what the program is written in.
LANGUAGES: Final = MappingProxyType(
    {"en": "English", "fr": "Français", "es": "Español", "pt": "Português"}
)
#: Behind the code of a language: its country, its encoding, its variant.
_BEHIND: Final = re.compile("[-_.@]")
_PLAIN: Final = ("C", "POSIX")


class Speech:
    """One language: its texts, and the sign between a number and its decimals."""

    def __init__(
        self, code: str, texts: NullTranslations, decimal_sign: str = "."
    ) -> None:
        self.code = code
        self.texts = texts
        self._decimal_sign = decimal_sign

    def said(self, value: object) -> str:
        """Return a phrase, a number or any value as it is said."""
        match value:
            case Phrase():
                found = self._phrase(value)
            case Figure():
                found = str(value).replace(".", self._decimal_sign)
            case float():
                found = told(value).replace(".", self._decimal_sign)
            case bool():
                found = self.texts.gettext(told(value))
            case list() | tuple():
                found = ", ".join(map(self.said, value))
            case _:
                found = told(value)
        return found

    def problem(
        self,
        problem: Problem,
        called: Mapping[str, str] | None = None,
        *,
        is_option: bool = False,
    ) -> str:
        """Return what is wrong and what to do about it, as the rules say it."""
        return self.said(problem_phrase(problem, called, is_option=is_option))

    def _phrase(self, phrase: Phrase) -> str:
        if phrase.number is None:
            text = self.texts.gettext(phrase.one)
        else:
            # A language may have the plural for 0, or the singular.
            text = self.texts.ngettext(phrase.one, phrase.many, round(phrase.number))
        if not phrase.values:
            return text
        return text.format(**{n: self.said(v) for n, v in phrase.values.items()})


ENGLISH: Final = Speech("en", NullTranslations())

#: Words of values that no phrase names.
YES_AND_NO: Final = (_("yes"), _("no"))


def best_of(asked: Sequence[str]) -> str:
    """Return the first of the four languages, of those that a person reads.

    >>> best_of(["de-CH", "fr-CH", "en"]), best_of(["pt_BR.UTF-8"]), best_of(["xx"])
    ('fr', 'pt', 'en')
    """
    found = (_BEHIND.split(one)[0].lower() for one in asked)
    return next((one for one in found if one in LANGUAGES), "en")


def of_system(environment: Mapping[str, str]) -> str:
    """Return the language that a system is set to, where it is one of the four.

    >>> of_system({"LANG": "es_MX.UTF-8"}), of_system({"LC_ALL": "C", "LANG": "fr_FR"})
    ('es', 'en')
    >>> of_system({"LANGUAGE": "de:pt", "LANG": "de_DE"}), of_system({})
    ('pt', 'en')
    """
    said = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((text for text in said if text), "")
    if _BEHIND.split(locale)[0] in _PLAIN:
        return "en"
    return best_of((environment.get("LANGUAGE") or locale).split(":"))
