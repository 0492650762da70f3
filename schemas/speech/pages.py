"""The languages of a page: texts by gettext, numbers and days as each writes them."""

from datetime import datetime
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, get_decimal_symbol

from schemas.speech.catalogues import translations
from schemas.speech.languages import Speech


class PageSpeech(Speech):
    """One language of the pages of a package: its texts, numbers and days."""

    def __init__(self, code: str, package: str) -> None:
        texts = translations(code, package, "texts")
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

    def ago(self, text: str, now: str) -> str:
        """Write how long before another moment one was, in the largest unit that fits."""
        passed = datetime.fromisoformat(text) - datetime.fromisoformat(now)
        return str(format_timedelta(passed, add_direction=True, locale=self.locale))


@lru_cache
def speech_of_pages(code: str, package: str) -> PageSpeech:
    """Return a language of the pages of a package, which has their texts."""
    return PageSpeech(code, package)


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
