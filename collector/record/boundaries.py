"""The boundary of a plot as somebody gives it: a file, or a text that was pasted."""

from collections.abc import Mapping
from typing import Any

from collector.errors import RefusedError
from schemas.boundary_files import read_boundary
from schemas.tables.refusal import TableError, in_file


def boundary_in(
    name: str, data: bytes, *, latitude_first: bool = False
) -> Mapping[str, Any]:
    """Return the one boundary of a file or a text; `name` is what a refusal calls it.

    Raises
    ------
    RefusedError
        If it holds no boundary, or several.
    """
    try:
        with in_file(name):
            return read_boundary(data, latitude_first=latitude_first)
    except TableError as error:
        found = error.refusal
        code = "too_large" if found.code == "file_too_large" else found.code
        raise RefusedError(found.reason, found.hint, code=code) from None
