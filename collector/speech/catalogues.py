"""What commands say, in each language."""

from functools import lru_cache

from babel.numbers import get_decimal_symbol

from schemas.speech.catalogues import translations
from schemas.speech.languages import ENGLISH, Speech


@lru_cache
def speech_of_commands(code: str) -> Speech:
    """Return a language as commands speak it."""
    if code == "en":
        return ENGLISH
    texts = translations(code, "collector.speech", "texts/commands")
    return Speech(code, texts, get_decimal_symbol(code))
