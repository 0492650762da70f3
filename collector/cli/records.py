"""The nouns: add, edit, show, list, delete, restore for every record type.

One builder makes them from schemas.records, so an option is there because the
field is there.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import (
    App,
    Callback,
    confirmed,
    example,
    json_flag,
    pass_app,
    person_flag,
    project_flag,
)
from collector.cli.lists import LIST_LIMIT, print_list, refuse_both, tell_left_out
from collector.cli.options import (
    ancestors,
    cleared,
    field_options,
    read_fields,
    reference_options,
    with_only_campaign,
    without_them,
)
from collector.cli.output import emit_json, print_facts
from collector.cli.record_examples import EDITS, EXAMPLES, NAMES, TEMPLATE
from collector.cli.saved_told import tell_saved, warn
from collector.cli.warnings import as_data
from collector.errors import Exit, RefusedError, UsageError
from collector.record import names, views
from schemas.phrases import _
from schemas.records import TYPES
from schemas.told import option_name, told

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.rules.overlay import RecordView

#: Problems of what was not given at all.
_MISSING: Final = frozenset({"required", "value_missing"})

#: What makes each command of a group.
Verbs = Mapping[str, Callable[[str], click.Command]]


class _Noun(click.Group):
    """The commands of one record type; each is made when it is typed."""

    def __init__(self, record_type: str, verbs: Verbs, **settings: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(record_type, **settings)
        self.record_type = record_type
        self.verbs = {**_VERBS, **verbs}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click
        """Return the names, in the order of the alphabet."""
        return sorted(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click
        """Make a command."""
        make = self.verbs.get(cmd_name)
        return make(self.record_type) if make else None


def build(record_type: str, verbs: Verbs = MappingProxyType({})) -> click.Group:
    """Make the command group of one record type; it may have verbs of its own."""
    said = (TYPES[record_type].schema.__doc__ or "").strip()
    shown = (
        f"permille {record_type} add {EXAMPLES[record_type]}",
        f"permille {record_type} list",
    )
    return _Noun(record_type, verbs, help=f"{said}\n\n{example(*shown)}")


def _add(record_type: str) -> click.Command:
    def add(app: App, project: str | None, as_json: bool, **given: object) -> None:
        add_by_options(app, record_type, project, as_json=as_json, given=given)

    shown = f"permille {record_type} add {EXAMPLES[record_type]}"
    return _command(
        add,
        f"Add a new {record_type}.\n\n{example(shown)}",
        [*field_options(record_type, without_them(record_type)), _project(record_type)],
    )


def add_by_options(
    app: App,
    record_type: str,
    project: str | None,
    *,
    as_json: bool,
    given: Mapping[str, Any],
) -> None:
    """Add a record as options say, and tell what came of it."""
    from collector.record import entry

    with app.laptop() as laptop:
        project_id: str | None = None
        if record_type != "project":
            project_id = names.the_project(laptop.store, project).id
            given = with_only_campaign(laptop, record_type, given, project_id)
        with typed_as_options(adds=True):
            entered = read_fields(laptop, record_type, given, project_id)
            saved = entry.add(laptop, record_type, entered, project_id)
        tell_saved(laptop, saved, "saved", as_json=as_json)


def _edit(record_type: str) -> click.Command:
    def edit(
        app: App,
        which: str | None,
        project: str | None,
        clear: tuple[str, ...],
        as_json: bool,
        **given: object,
    ) -> None:
        from collector.record import entry

        with app.laptop() as laptop:
            view = _named(laptop, record_type, which, project)
            patch = read_fields(laptop, record_type, given, view.project_id)
            emptied = cleared(record_type, clear)
            both = [name for name in emptied if name in patch]
            if both:
                raise UsageError(
                    _("{field} is given a value and cleared", field=both[0]),
                    _("leave one of them out"),
                )
            patch.update(dict.fromkeys(emptied))
            if not patch:
                raise UsageError(
                    _("nothing to change was given"), _("name a field to set")
                )
            with typed_as_options():
                saved = entry.edit(laptop, view, patch)
            tell_saved(
                laptop,
                saved,
                "saved" if saved.changed else "unchanged",
                as_json=as_json,
            )

    clear = click.Option(
        ["--clear"], multiple=True, metavar="FIELD", help="Empty this field."
    )
    words = EDITS.get(record_type, "--note checked")
    shown = [f"permille {record_type} edit {_example_name(record_type)} {words}"]
    if record_type == "project":
        # What a field day begins with.
        shown.insert(0, f"permille project edit {TEMPLATE}")
    return _command(
        edit,
        f"Change {names.one_of(record_type)}.\n\n{example(*shown)}",
        [
            _name_argument(record_type, required=record_type != "project"),
            *field_options(record_type),
            clear,
            _project(record_type),
        ],
    )


def _show(record_type: str) -> click.Command:
    def show(app: App, which: str, project: str | None, as_json: bool) -> None:
        from collector.record import entry

        with app.laptop() as laptop:
            view = _named(laptop, record_type, which, project)
            odd = entry.open_warnings(laptop, view)
            found = views.shown(laptop, view)
            found["warnings"] = [as_data(laptop.store, one) for one in odd]
            if as_json:
                emit_json(found)
                return
            called = names.called_in(laptop.store, record_type, [view.fields])
            click.echo(f"{record_type} {found['name']} ({view.state})")
            fields = found["fields"].items()
            pairs = [(option_name(name), told(v, called)) for name, v in fields]
            print_facts([*pairs, ("id", view.id)])
            warn(laptop, view, odd)

    shown = f"permille {record_type} show {_example_name(record_type)}"
    return _command(
        show,
        f"Show {names.one_of(record_type)}.\n\n{example(shown)}",
        [_name_argument(record_type), _project(record_type)],
        writes=False,
    )


def _list(record_type: str) -> click.Command:
    def list_(
        app: App,
        project: str | None,
        limit: int | None,
        everything: bool,
        deleted: bool,
        as_json: bool,
        **given: object,
    ) -> None:
        refuse_both(limit, everything=everything)
        with app.laptop() as laptop:
            project_id = names.project_of(laptop.store, project)
            under = ancestors(laptop, record_type, given, project_id)
            if deleted and under:
                raise UsageError("--deleted lists those of every parent")
            # A program reads all of it; a person is told what a screen leaves out.
            most = limit or (None if everything or as_json else LIST_LIMIT)
            found, every = (
                views.deleted(laptop, record_type, project_id, most)
                if deleted
                else views.listed(laptop, record_type, project_id, under, most)
            )
            if as_json:
                emit_json([views.shown(laptop, view) for view in found])
            else:
                print_list(laptop, record_type, found)
            tell_left_out(len(found), every, record_type)

    limit = click.Option(
        ["--limit"],
        type=click.IntRange(1),
        metavar="N",
        help=f"At most so many.  [default: {LIST_LIMIT}; all with --json]",
    )
    everything = click.Option(
        ["--all", "everything"], is_flag=True, help="All of them."
    )
    deleted = click.Option(
        ["--deleted"],
        is_flag=True,
        help=f"Those that were deleted: permille {record_type} restore.",
    )
    options = [o for o in reference_options(record_type) if o.name != "core_number"]
    shown = f"permille {record_type} list"
    return _command(
        list_,
        f"List every {record_type}, or those of a parent.\n\n{example(shown)}",
        [*options, deleted, limit, everything, _project(record_type)],
        "list",
        writes=False,
    )


def _delete(record_type: str) -> click.Command:
    def delete(
        app: App, which: str, project: str | None, yes: bool, as_json: bool
    ) -> None:
        from collector.record import entry

        with app.laptop() as laptop:
            view = _named(laptop, record_type, which, project)
            said = names.label(laptop.store, view)
            confirmed(f"Delete {record_type} {said}?", yes=yes)
            saved = entry.delete(laptop, view)
            tell_saved(laptop, saved, "deleted", as_json=as_json)

    yes = click.Option(["--yes"], is_flag=True, help="Do not ask.")
    shown = f"permille {record_type} delete {_example_name(record_type)} --yes"
    return _command(
        delete,
        f"Delete {names.one_of(record_type)} that nothing belongs to.\n\n{example(shown)}",
        [_name_argument(record_type), yes, _project(record_type)],
    )


def _restore(record_type: str) -> click.Command:
    def restore(app: App, which: str, project: str | None, as_json: bool) -> None:
        from collector.record import entry

        with app.laptop() as laptop:
            project_id = None
            if record_type != "project":
                project_id = names.project_of(laptop.store, project)
            view = names.find_deleted(laptop.store, record_type, which, project_id)
            saved = entry.restore(laptop, view)
            tell_saved(laptop, saved, "restored", as_json=as_json)

    shown = f"permille {record_type} restore {_example_name(record_type)}"
    return _command(
        restore,
        f"Bring a deleted {record_type} back as it was.\n\n{example(shown)}",
        [_name_argument(record_type), _project(record_type)],
    )


def _command(
    callback: Callback,
    text: str,
    params: list[click.Parameter],
    name: str = "",
    *,
    writes: bool = True,
) -> click.Command:
    return click.Command(
        name or callback.__name__,
        callback=pass_app(callback),
        help=text,
        params=[*params, *([person_flag()] if writes else []), json_flag()],
    )


def _name_argument(record_type: str, *, required: bool = True) -> click.Argument:
    form = names.FORMS[record_type] if required else f"[{names.FORMS[record_type]}]"
    return click.Argument(["which"], metavar=form, required=required)


def _project(record_type: str) -> click.Option:
    # A project is named by itself; there the option stays, hidden, and says nothing.
    return project_flag(hidden=record_type == "project")


def _example_name(record_type: str) -> str:
    return NAMES.get(record_type, EXAMPLES[record_type].split()[1])


def _named(
    laptop: "Laptop", record_type: str, which: str | None, project: str | None
) -> "RecordView":
    if which is None:
        return names.the_project(laptop.store, project)
    project_id = None
    if record_type != "project":
        project_id = names.project_of(laptop.store, project)
    return names.find(laptop.store, record_type, which, project_id)


@contextmanager
def typed_as_options(*, adds: bool = False) -> Iterator[None]:
    """Name the fields of a refusal as they were typed.

    A new record without a field that it needs is wrong usage, as without an argument.
    """
    try:
        yield
    except RefusedError as error:
        error.are_options = True
        if adds and any(problem.code in _MISSING for problem in error.problems):
            error.exit_code = Exit.USAGE
        raise


_VERBS: Final[Verbs] = MappingProxyType(
    {
        "add": _add,
        "edit": _edit,
        "show": _show,
        "list": _list,
        "delete": _delete,
        "restore": _restore,
    }
)

organisation = build("organisation")
project = build("project")
plot = build("plot")
practice = build("practice")
design = build("design")
point = build("point")
campaign = build("campaign")
sample = build("sample")
custody_event = build("custody_event")
result = build("result")
lab_control = build("lab_control")
lab_batch = build("lab_batch")
