"""The languages of the page: texts by gettext, numbers and days as each writes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from schemas.problems import Problem
from schemas.told import problem_line

#: Each language in its own words; English is what the program is written in.
LANGUAGES: Final = {
    "en": "English",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
}


class Speech:
    """One language: its texts, numbers and days."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self.texts = _texts(code)

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Write a number; nothing where there is none."""
        if value is None:
            return ""
        pattern = (
            "0.######" if digits is None else f"0.{'0' * digits}" if digits else "0"
        )
        return str(format_decimal(value, pattern, self.locale, group_separator=False))

    def problem(self, problem: Problem, called: Mapping[str, str] | None = None) -> str:
        """Write what is wrong and what to do about it, as the rules say it."""
        return problem_line(problem, called, say=self.texts.gettext)

    def day(self, text: str | None) -> str:
        """Write the day of a moment or a day."""
        if not text:
            return ""
        return str(format_date(datetime.fromisoformat(text), "medium", self.locale))

    def moment(self, text: str | None) -> str:
        """Write a moment as it was where it was recorded."""
        if not text:
            return ""
        when = datetime.fromisoformat(text)
        return str(
            format_datetime(
                when, "d MMM y HH:mm", tzinfo=when.tzinfo, locale=self.locale
            )
        )


@lru_cache(len(LANGUAGES))
def speech(code: str) -> Speech:
    """Return a language of the page."""
    return Speech(code)


def best_of(asked: Sequence[str]) -> str:
    """Return the first language that the page speaks, of those that a person reads.

    >>> best_of(["de-CH", "fr-CH", "en"]), best_of(["xx"])
    ('fr', 'en')
    """
    found = (one.partition("-")[0].lower() for one in asked)
    return next((one for one in found if one in LANGUAGES), "en")


def accepted(header: str) -> list[str]:
    """Return the languages of an `Accept-Language`, the liked ones first.

    >>> accepted("fr;q=0.5, pt-BR, en;q=0.7")
    ['pt-BR', 'en', 'fr']
    """
    liked = []
    for place, one in enumerate(header.split(",")):
        name, _, weight = one.strip().partition(";q=")
        try:
            liked.append((-float(weight or 1), place, name))
        except ValueError:
            continue
    return [name for _, _, name in sorted(liked)]


def _texts(code: str) -> NullTranslations:
    """Return the texts of the page, and behind them those of the rules."""
    if code == "en":
        return NullTranslations()
    found = _read(code, f"texts/{code}.po")
    found.add_fallback(_read(code, f"texts/rules/{code}.po"))
    return found


def _read(code: str, path: str) -> GNUTranslations:
    source = files("collector.web").joinpath(path).read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source), code))
    compiled.seek(0)
    return GNUTranslations(compiled)
