"""The languages of the page: texts by gettext, numbers and days as each writes them."""

from datetime import datetime
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, get_decimal_symbol

from collector.speech.catalogues import translations
from collector.speech.languages import LANGUAGES, Speech


class PageSpeech(Speech):
    """One language of the page: its texts, numbers and days."""

    def __init__(self, code: str) -> None:
        texts = translations(code, "collector.web", "texts")
        super().__init__(code, texts, get_decimal_symbol(code))
        self.locale = Locale.parse(code)

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Write a number; nothing where there is none."""
        if value is None:
            return ""
        pattern = (
            "0.######" if digits is None else f"0.{'0' * digits}" if digits else "0"
        )
        return str(format_decimal(value, pattern, self.locale, group_separator=False))

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
def speech(code: str) -> PageSpeech:
    """Return a language of the page."""
    return PageSpeech(code)


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
