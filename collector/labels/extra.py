"""Whether what draws labels is installed."""

from typing import Final

from collector.errors import RefusedError
from schemas.gis.extra import how_to_install, is_installed
from schemas.phrases import _

_DRAWS: Final = ("reportlab", "segno")


def need_labels() -> None:
    """Refuse to draw where a package of the extra is missing.

    Raises
    ------
    RefusedError
        With what to install.
    """
    for name in _DRAWS:
        if not is_installed(name):
            raise RefusedError(
                _(
                    "labels and lists need more than the base install: {name} is missing",
                    name=name,
                ),
                how_to_install("labels"),
                code="extra_missing",
            )
