"""label: codes of bags, printed before or after they are filled."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, say, table
from collector.errors import Exit, UsageError
from collector.record import names
from schemas import limits
from schemas.phrases import _, ngettext
from schemas.printing import TableForm, prose

if TYPE_CHECKING:
    from collector.labels.contents import Label
    from collector.labels.layouts import Layout
    from collector.laptop.laptop import Laptop
    from collector.store.port import LabelRange

#: How an option names the standard input.
STDIN: Final = "-"
_LAYOUTS: Final = ("a4-3x8", "a4-4x10", "a4-2x7", "roll-62x29")
CHECKED: Final = TableForm(
    "checked labels", _("code"), prose(_("what it is")), prose(_("bag"))
)


@click.group("label")
def label() -> None:
    """Print labels of bags, and check what stands on them.

    \b
    Example:
      permille label reserve
      permille label sheet --count 500 --layout a4-3x8 --out labels.pdf
      permille label sheet --for HF/1/2026 --out bags.pdf
      permille label check K7F-0421-1
    """


@label.command()
@json_option
@pass_app
def reserve(app: App, as_json: bool) -> None:
    """Ask the server for 9,999 numbers that no other laptop prints.

    Once is enough: a sync asks for more when few are left.

    \b
    Example:
      permille label reserve
    """
    import asyncio

    from collector.laptop import blocks

    with app.laptop() as laptop:
        block = asyncio.run(blocks.reserve(laptop))
        left = blocks.numbers_left(laptop)
    if as_json:
        emit_json({"block": block, "left": left})
        return
    labels = ngettext(
        "block {block} is this laptop's; {num} label can be printed",
        "block {block} is this laptop's; {num} labels can be printed",
        left,
        block=block,
    )
    say(labels)


@label.command()
@click.option(
    "--count",
    type=click.IntRange(1, limits.LABELS_AT_ONCE),
    metavar="N",
    help="So many new labels, for bags that are not filled yet.",
)
@click.option(
    "--for",
    "place",
    metavar="PLACE",
    help="Labels of the bags recorded of a core, point, plot, campaign, or of one bag.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="PDF")
@click.option(
    "--layout",
    type=click.Choice(_LAYOUTS),
    help="The sheet or roll.  [default: a4-3x8]",
)
@click.option("--size", metavar="WxH", help="Labels of another size, mm.")
@click.option("--page", metavar="WxH", help="Their page, mm; without it a roll.")
@click.option("--margin", metavar="LEFTxTOP", help="Before the first label, mm.")
@click.option("--gap", metavar="ACROSSxDOWN", help="Between labels, mm.")
@click.option(
    "--skip",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Labels of the first page that are used up.",
)
@project_option
@json_option
@pass_app
def sheet(  # noqa: PLR0917 - click passes them by name
    app: App,
    count: int | None,
    place: str | None,
    out: Path,
    layout: str | None,
    size: str | None,
    page: str | None,
    margin: str | None,
    gap: str | None,
    skip: int,
    project: str | None,
    as_json: bool,
) -> None:
    """Write labels as PDF: print it at its true size, 100 %.

    A number is never given twice: what is not printed is lost, and there are enough.
    Needs the extra labels.

    \b
    Example:
      permille label sheet --count 500 --layout a4-3x8 --out labels.pdf
      permille label sheet --for HF/1/2026 --layout roll-62x29 --out bags.pdf
      permille label sheet --count 36 --size 63x29 --page 210x297 \\
               --margin 8x15 --gap 2x0 --skip 5 --out rest.pdf
    """
    from collector.labels.extra import need_labels
    from collector.labels.files import refuse_taken, write_pdf

    if (count is None) == (place is None):
        raise UsageError(
            _("new labels or those of recorded bags"),
            _("add one: --count N, or --for PLACE"),
        )
    shape = _layout_of(layout, size, page, margin, gap)
    if skip >= shape.on_a_page:
        raise UsageError(
            ngettext(
                "--skip {skip}: a page has {num} label",
                "--skip {skip}: a page has {num} labels",
                shape.on_a_page,
                skip=skip,
            )
        )
    need_labels()
    refuse_taken(out)
    from collector.labels.sheet import draw_sheets
    from schemas.pdf_text import not_printable

    with app.laptop() as laptop:
        labels, ranges = _labels(laptop, count, place, project)
    write_pdf(out, draw_sheets(labels, shape, skip))
    lacking = not_printable(text for one in labels for text in (one.code, *one.lines))
    _tell_sheet(out, labels, ranges, shape, skip, lacking, as_json=as_json)


@label.command()
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@json_option
@pass_app
def check(app: App, codes: tuple[str, ...], as_json: bool) -> int:
    """Say of codes whether they are whole, and which bag each is; - reads lines.

    \b
    Example:
      permille label check K7F-0421-1 k7f04211
    """
    from collector.labels.checking import checked

    with app.laptop() as laptop:
        found = [checked(laptop, code) for code in typed(codes)]
    if as_json:
        emit_json([one.as_data() for one in found])
    else:
        table(CHECKED, [(one.code, one.words, one.bag) for one in found])
    return Exit.DONE if all(one.is_whole for one in found) else Exit.ATTENTION


@label.command()
@click.argument("scans", nargs=-1, metavar="SCAN...")
@json_option
@pass_app
def read(app: App, scans: tuple[str, ...], as_json: bool) -> int:
    """Say what a scanner typed: scan some labels, then Ctrl-D. Nothing is kept.

    \b
    Example:
      permille label read
      permille label read K7F04211
    """
    from collector.record.labels import as_meant

    is_clear = True
    with app.laptop() as laptop:
        for text in typed(scans or (STDIN,)):
            scan = as_meant(laptop, text)
            is_clear = is_clear and scan.code is not None
            if as_json:
                emit_json({"typed": text} | scan._asdict())
            else:
                say(scan.words or _("{text} is read as it stands", text=scan.text))
    return Exit.DONE if is_clear else Exit.ATTENTION


def typed(words: Iterable[str]) -> Iterator[str]:
    """Return what was typed, and for `-` each line of the standard input as it comes."""
    for word in words:
        if not word.strip():
            raise UsageError(
                _("a code is empty"), _("type it, or - for lines of a scanner")
            )
        if word != STDIN:
            yield word
            continue
        for line in sys.stdin:
            if line.strip():
                yield line.strip()


def _layout_of(
    layout: str | None,
    size: str | None,
    page: str | None,
    margin: str | None,
    gap: str | None,
) -> "Layout":
    from collector.labels.layouts import LAYOUTS, custom

    if size is None:
        if page or margin or gap:
            raise UsageError(
                _("--page, --margin and --gap say where labels of a --size lie"),
                _("add: --size WIDTHxHEIGHT"),
            )
        return LAYOUTS[layout or _LAYOUTS[0]]
    if layout is not None:
        raise UsageError(_("--layout and --size exclude each other"))
    return custom(size, page, margin, gap)


def _labels(
    laptop: "Laptop", count: int | None, place: str | None, project: str | None
) -> tuple[list["Label"], list["LabelRange"]]:
    from collector.labels.contents import empty_labels, labels_of, title_of
    from collector.laptop import blocks

    if place is not None:
        project_id = names.project_of(laptop.store, project)
        return labels_of(laptop, place, project_id), []
    assert count is not None, "one of the two is given"
    projects = laptop.store.records("project", limit=2)
    # Bags of whatever project: nothing is said of it unless there is one only.
    named = names.the_project(laptop.store, project) if project else None
    only = projects[0] if len(projects) == 1 else None
    of = named or only
    ranges = blocks.take(laptop, count)
    return empty_labels(blocks.codes_of(ranges), title_of(of) if of else None), ranges


def _tell_sheet(
    out: Path,
    labels: Sequence["Label"],
    ranges: Sequence["LabelRange"],
    shape: "Layout",
    skip: int,
    lacking: str,
    *,
    as_json: bool,
) -> None:
    pages = -(-(len(labels) + skip) // shape.on_a_page)
    told: dict[str, Any] = {
        "file": str(out),
        "labels": len(labels),
        "pages": pages,
        "first": labels[0].code,
        "last": labels[-1].code,
        "ranges": [one._asdict() for one in ranges],
        "not_printable": list(lacking),
    }
    if as_json:
        emit_json(told)
        return
    line = _(
        "{file}: {labels} on {pages}, {first} to {last}",
        file=str(out),
        labels=ngettext("{num} label", "{num} labels", len(labels)),
        pages=ngettext("{num} page", "{num} pages", pages),
        first=labels[0].shown,
        last=labels[-1].shown,
    )
    say(line)
    say(_("print it at its true size: 100 %, not fitted to the page"), err=True)
    tell_letters(lacking)


def tell_letters(lacking: str) -> None:
    """Warn of letters that were printed as question marks."""
    if lacking:
        from schemas.pdf_text import in_words

        say(_("warning: {text}", text=in_words(lacking)), "  ", err=True)
