"""The file of a form, read by pyxform: bounded before, and every failure in words."""

import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

from collector.errors import RefusedError
from schemas import limits
from schemas.gis.extra import how_to_install, is_installed

#: What pyxform reads.
SUFFIXES: Final = (".xlsx", ".xlsm", ".xls", ".csv", ".md")
_ZIPPED: Final = frozenset({".xlsx", ".xlsm"})
#: What pyxform, openpyxl and xlrd raise for files that are damaged or made up.
_FAULTS: Final = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError),
    *(OSError, RuntimeError, SyntaxError, TypeError, ValueError),
    *(struct.error, zipfile.BadZipFile, zlib.error),
)
_HINT: Final = "correct the form, and check it: permille questions add FORM.xlsx"
_SECTIONS: Final = frozenset({"GroupedSection", "Section", "Survey"})
#: Rows of a sheet that are looked at; groups and notes have some besides the questions.
_ROWS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A row of a form as pyxform understands it: `bind` and `control` are of its XForm."""

    name: str
    type: str
    is_group: bool
    is_repeat: bool
    label: object
    hint: object
    bind: Mapping[str, Any]
    control: Mapping[str, Any]
    default: str
    choices: str
    filter: str
    parameters: Mapping[str, Any]
    is_triggered: bool
    has_media: bool
    children: Sequence["Element"]

    @property
    def tag(self) -> str:
        """Return by what it is answered: input, select1, ...; empty where by nothing."""
        return str(self.control.get("tag") or "")

    def every(self) -> Iterator["Element"]:
        """Yield the element and all within it."""
        yield self
        for one in self.children:
            yield from one.every()


class Workbook(NamedTuple):
    """A form: its elements, its lists of choices, its rows as they were typed.

    `language` is the one that it begins with, as pyxform names it; `says` is what pyxform
    warns of.
    """

    survey: Element
    title: str
    form_id: str
    version: str
    language: str
    choices: Mapping[str, Sequence[Mapping[str, Any]]]
    rows: Sequence[Mapping[str, str]]
    says: Sequence[str]


def read_workbook(path: Path) -> Workbook:
    """Read the file of a form.

    Raises
    ------
    RefusedError
        If pyxform is not installed, or the file is no form, damaged or too large.
    """
    if not is_installed("pyxform"):
        raise RefusedError(
            "forms need more than the base install: pyxform is missing",
            how_to_install("forms"),
            code="extra_missing",
        )
    _check_file(path)
    # xlrd tells what it finds odd to what stdout is when it is imported: no JSON goes there.
    with redirect_stdout(sys.stderr):
        from pyxform.errors import PyXFormError  # noqa: PLC0415 - of an extra
        from xlrd.compdoc import CompDocError  # noqa: PLC0415 - of an extra

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of what it leaves alone
        try:
            return _read(path)
        except PyXFormError as error:
            raise RefusedError(f"{path.name}: {_said(error)}", _HINT) from None
        except (*_FAULTS, CompDocError):
            raise RefusedError(
                f"{path.name} is damaged, or no form: a form has a sheet survey with the"
                " columns type, name and label",
                f"save it anew; {_HINT}",
            ) from None


def row_of(workbook: Workbook, name: str) -> int | None:
    """Return the row of the sheet `survey` that has a name; None where none has."""
    for place, row in enumerate(workbook.rows):
        for column, cell in row.items():
            if column.strip().lower() == "name" and str(cell).strip() == name:
                return place + 2
    return None


def _check_file(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise RefusedError(
            f"{path.name} is no form", f"a form is one of: {' '.join(SUFFIXES)}"
        )
    size = path.stat().st_size
    if size > limits.FORM_FILE_BYTES:
        fit = limits.FORM_FILE_BYTES // 1024**2
        raise RefusedError(
            f"{path.name} has {size:,} bytes, and a form has {fit} MiB at most",
            "take pictures and other sheets out of it",
        )
    if path.suffix.lower() in _ZIPPED:
        _check_unpacked(path)


def _check_unpacked(path: Path) -> None:
    try:
        with zipfile.ZipFile(BytesIO(path.read_bytes())) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except _FAULTS:
        return  # pyxform says what it is
    if size > limits.FORM_UNPACKED_BYTES:
        raise RefusedError(
            f"{path.name} unpacks to {size:,} bytes, which no form does",
            "save the sheets survey, choices and settings in a workbook of their own",
        )


def _read(path: Path) -> Workbook:
    from pyxform.builder import (  # noqa: PLC0415 - of an extra
        create_survey_element_from_dict,
    )
    from pyxform.xls2json import workbook_to_json  # noqa: PLC0415 - of an extra
    from pyxform.xls2json_backends import get_xlsform  # noqa: PLC0415 - of an extra

    data = get_xlsform(BytesIO(path.read_bytes()), path.suffix.lower())
    rows = data.survey or []
    _check_rows(path, "survey", len(rows), limits.QUESTIONS)
    _check_rows(path, "choices", len(data.choices or []), limits.CHOICES)
    says: list[str] = []
    read = workbook_to_json(data, fallback_form_name=path.stem, warnings=says)
    survey = create_survey_element_from_dict(read)
    # What stands in the form as XML is not needed; what it finds wrong is.
    survey.to_xml(validate=False, warnings=says)
    return Workbook(
        _element(survey),
        _text(survey.title),
        _text(survey.id_string),
        _text(survey.version),
        _text(survey.default_language) or "default",
        read.get("choices", {}),
        rows,
        says,
    )


def _element(one: Any) -> Element:  # noqa: ANN401 - of pyxform
    kind = type(one).__name__
    is_repeat = kind == "RepeatingSection" or one.type in {"loop", "repeat"}
    children = getattr(one, "children", None) or ()
    is_list = isinstance(children, list | tuple)
    return Element(
        name=_text(one.name),
        type=_text(one.type),
        is_group=kind in _SECTIONS and not is_repeat,
        is_repeat=is_repeat,
        label=getattr(one, "label", None),
        hint=getattr(one, "hint", None),
        bind=getattr(one, "bind", None) or {},
        control=getattr(one, "control", None) or {},
        default=_text(getattr(one, "default", None)),
        choices=_text(getattr(one, "itemset", None) or getattr(one, "list_name", None)),
        filter=_text(getattr(one, "choice_filter", None)),
        parameters=getattr(one, "parameters", None) or {},
        is_triggered=bool(getattr(one, "trigger", None)),
        has_media=bool(getattr(one, "media", None)),
        children=tuple(_element(each) for each in children if is_list),
    )


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _check_rows(path: Path, sheet: str, count: int, most: int) -> None:
    if count > _ROWS * most:
        raise RefusedError(
            f"{path.name}: the sheet {sheet} has {count:,} rows, and {most:,}"
            f" {'questions' if sheet == 'survey' else 'choices'} fit",
            "ask less, or ask in several forms of several types: --for",
        )


def _said(error: BaseException) -> str:
    """Return the first line of what was raised."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
