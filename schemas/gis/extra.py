"""Packages of extras, imported when they are needed; or what to install."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from schemas.phrases import _
from schemas.places.feature import refuse

_NOT_PORTABLE: Final = _(
    "the portable permille comes without it; use one that was installed with Python:"
    " see the README"
)


@contextmanager
def needed_for(what: str, extra: str = "geo") -> Iterator[None]:
    """Say which extra to install where a package of it is missing.

    Raises
    ------
    TableError
        If one is.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        reason = f"{what} needs more than the base install: {missing} is missing"
        raise refuse("extra_missing", reason, how_to_install(extra)) from None


def how_to_install(extra: str) -> str:
    """Return what to type to install an extra."""
    if is_portable():
        return _NOT_PORTABLE
    return _(
        "run: pip install 'permille[{extra}]', or with the file of make wheel:"
        " pip install 'permille-….whl[{extra}]'",
        extra=extra,
    )


def is_portable() -> bool:
    """Return whether this is the folder that runs without Python."""
    return bool(getattr(sys, "frozen", False))


def is_installed(name: str) -> bool:
    """Return whether a package of an extra is there."""
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
