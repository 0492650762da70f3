"""Catalogues of texts, read from .po files as translators write them."""

from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def translations(code: str, package: str, folder: str) -> NullTranslations:
    """Return the texts of a folder, and behind them those of the rules."""
    if code == "en":
        return NullTranslations()
    found = _read(package, f"{folder}/{code}.po", code)
    found.add_fallback(_read("schemas.speech", f"texts/rules/{code}.po", code))
    return found


def _read(package: str, path: str, code: str) -> GNUTranslations:
    source = files(package).joinpath(path).read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source), code))
    compiled.seek(0)
    return GNUTranslations(compiled)
