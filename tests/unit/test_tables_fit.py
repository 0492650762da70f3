"""Every table of both commands: nothing of it is cut on a narrow screen, nor in a file."""

import ast
import importlib
import pkgutil

import pytest

import collector.cli
import server.cli
from schemas.printing import TableForm, lines_of
from tests.unit.table_samples import LISTED, ROWS
from tests.ways import ROOT

WIDTHS = (60, 80, 200, None)
PRINTERS = {"table", "print_table", "lines_of"}


def modules():
    for package in (collector.cli, server.cli):
        for found in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{package.__name__}.{found.name}")


def forms():
    """Return every table form that a module of the commands holds."""
    for module in modules():
        for value in vars(module).values():
            if isinstance(value, TableForm):
                yield value
            elif isinstance(value, dict) or hasattr(value, "items"):
                yield from _held(value)


def _held(value):
    try:
        held = list(value.values())
    except TypeError:
        return
    yield from (each for each in held if isinstance(each, TableForm))


FORMS = {id(form): form for form in forms()}.values()


def rows_of(form):
    """Return sample rows; a table without any fails, so that none is forgotten."""
    kind, is_list, of = form.title.partition(" list of ")
    if not is_list:
        return ROWS[form.title]
    name, *rest = LISTED[kind]
    project = ["HF-LTE (0190a2b1)"] if of == "many projects" else []
    return [(name, *project, *rest, "decided here, not yet synced")] * 2


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.title)
def test_a_table_of_any_width_cuts_no_cell_that_is_no_prose(form, width):
    rows = rows_of(form)
    lines = lines_of(form, rows, width)
    text = "\n".join(lines)
    for row in rows:
        for column, value in zip(form.columns, row, strict=True):
            said = f"{value:.10g}" if isinstance(value, float) else str(value)
            whole = said.split() if column.wraps else [said]
            assert all(each in text for each in whole), (column.name, value)
    if width is not None:
        longest = max(
            len(word) for row in rows for cell in row for word in str(cell).split()
        )
        heads = max(len(column.name) for column in form.columns)
        # What is one word is not broken, however narrow the screen.
        assert max(map(len, lines)) <= max(width, heads + 2 + longest), text
    else:
        assert len(lines) == len(rows) + 1, "one line a record"
        last = rows[-1][-1]
        assert lines[-1].endswith(str(last)), "not cut at all"


def test_every_table_has_a_name_of_its_own_on_each_side():
    for side in ("collector", "server"):
        # Two commands may print the same form.
        forms_of_side = {
            id(value): value.title
            for module in modules()
            if module.__name__.startswith(side)
            for value in vars(module).values()
            if isinstance(value, TableForm)
        }
        titles = list(forms_of_side.values())
        assert len(titles) == len(set(titles))


def _calls(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        name = getattr(getattr(node, "func", None), "id", None) or getattr(
            getattr(node, "func", None), "attr", None
        )
        if name in PRINTERS:
            yield node


@pytest.mark.parametrize("side", ["collector", "server"])
def test_tables_are_printed_by_forms_that_this_test_has_seen(side):
    """What is no constant of its module, or pads cells itself, could be forgotten here."""
    for path in sorted((ROOT / side / "cli").glob("*.py")):
        constants = {name for name in vars(_module(path)) if name.isupper()}
        for call in _calls(path):
            form = call.args[0]
            named = getattr(form, "id", None) or getattr(
                getattr(form, "value", None), "id", None
            )
            assert named in constants | {"form"}, (path.name, call.lineno)
        assert "rich.table" not in path.read_text("utf-8"), path.name
        assert "ljust" not in path.read_text("utf-8"), path.name


def _module(path):
    return importlib.import_module(f"{path.parent.parent.name}.cli.{path.stem}")


def test_a_word_that_is_wider_than_the_screen_stays_whole():
    form = TableForm("hashes", "sha256")
    assert "f" * 64 in "\n".join(lines_of(form, [("f" * 64,)], 40))


def test_letters_that_take_two_places_keep_columns_straight():
    form = TableForm("plots", "plot", "state")
    lines = lines_of(form, [("稲田", "accepted"), ("HF", "accepted")], None)
    assert lines == ["plot  state", "稲田  accepted", "HF    accepted"]


def test_a_line_break_in_a_note_stays_in_its_cell():
    form = TableForm("notes", "plot", "note")
    assert lines_of(form, [("HF", "wet\nand cold")], None)[1] == "HF    wet and cold"
