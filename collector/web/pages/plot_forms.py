"""The forms of the page of a plot: photos, its boundary, what was done on it."""

from collections.abc import Callable
from typing import Final

from collector.errors import RefusedError
from collector.files.attach import attach_contents
from collector.files.attach import find as find_to_attach
from collector.laptop.laptop import Laptop
from collector.record import entry, names, typed_times
from collector.record.boundaries import boundary_in
from collector.rules.overlay import RecordView
from collector.web.page import Asked, GoTo, Page, refusal_of
from collector.web.pages import plot as page
from collector.web.where import project_of
from schemas.plausibility.planar import area_ha
from schemas.settings import read_texts
from schemas.told import counted

#: Fields of a practice that its form has.
_PRACTICE: Final = ("family", "what", "from_date", "to_date", "note")
#: What files of this page may be of.
_KINDS: Final = frozenset({"plot", "point", "core", "sample"})


def attach(laptop: Laptop, asked: Asked) -> Page | GoTo:
    """Attach the files of a form to the plot, or to what lies on it."""

    def work(plot: RecordView) -> str:
        files = asked.files.get("files", [])
        if not files:
            raise RefusedError(
                "no file was chosen", "choose photos or scans, then send"
            )
        view = _attached_to(laptop, asked, plot)
        done = attach_contents(laptop, view, files)
        count = counted(len(done.files), "file")
        said = [f"{count}: {view.type} {done.saved.label}"]
        said += [
            f"{file['name']} was attached before; nothing is doubled"
            for file in done.files
            if file["sha256"] in done.before
        ]
        return "; ".join([*said, *done.warnings])

    return _on_plot(laptop, asked, work)


def boundary(laptop: Laptop, asked: Asked) -> Page | GoTo:
    """Keep the boundary of a plot, pasted or of a file."""

    def work(plot: RecordView) -> str:
        text = asked.form.get("text", "").strip()
        given = asked.files.get("file", [])
        if bool(text) == bool(given):
            what = "a text and a file were given" if text else "no boundary was given"
            raise RefusedError(what, "paste the boundary, or choose one file")
        if plot.fields.get("geometry") and not asked.form.get("replace"):
            raise RefusedError(
                "the plot has a boundary already", "tick that this one replaces it"
            )
        name, data = given[0] if given else ("the pasted text", text.encode())
        is_lat_first = asked.form.get("order") == "lat"
        found = boundary_in(name, data, latitude_first=is_lat_first)
        entry.edit(laptop, plot, {"geometry": found})
        return f"{area_ha(found):.4g} ha, {counted(page.corners_of(found), 'corner')}"

    return _on_plot(laptop, asked, work)


def practice(laptop: Laptop, asked: Asked) -> Page | GoTo:
    """Record what was done on a plot, or correct it."""

    def work(plot: RecordView) -> str:
        typed = {name: asked.form.get(name, "").strip() for name in _PRACTICE}
        said = {name: text for name, text in typed.items() if text}
        full = typed_times.completed(laptop.clock, "practice", said)
        fields = read_texts("practice", full)
        if asked.form.get("practice"):
            view = names.find(
                laptop.store, "practice", asked.form["practice"], plot.project_id
            )
            empty = {name for name in _PRACTICE if name not in said}
            entry.edit(laptop, view, {**dict.fromkeys(empty), **fields})
        else:
            entry.add(
                laptop, "practice", {**fields, "plot_id": plot.id}, plot.project_id
            )
        return said.get("what", "")

    return _on_plot(laptop, asked, work)


def _on_plot(
    laptop: Laptop, asked: Asked, work: Callable[[RecordView], str]
) -> Page | GoTo:
    """Do what a form asks for, and show the plot; what is refused stays in the form."""
    project = project_of(laptop, asked)
    assert project is not None, "the form stands on the page of a project"
    plot = names.find(laptop.store, "plot", asked.form.get("plot", ""), project.id)
    try:
        said = work(plot)
    except RefusedError as error:
        return page.page_of(laptop, asked, plot, refusal_of(error))
    kept = asked.speech.texts.gettext("Saved:")
    return GoTo(page.address_of(asked, plot), f"{kept} {said}")


def _attached_to(laptop: Laptop, asked: Asked, plot: RecordView) -> RecordView:
    """Return the record that files are of: the plot, where nothing else is named."""
    kind = asked.form.get("kind", "plot")
    if kind == "plot":
        return plot
    if kind not in _KINDS:
        raise RefusedError(
            f"files cannot be attached to a {kind}", "choose one of the list"
        )
    name = asked.form.get("of", "").strip()
    if not name:
        raise RefusedError(f"which {kind}?", "type its name beside it")
    return find_to_attach(laptop, _full_name(kind, name, plot), kind, plot.project_id)


def _full_name(kind: str, name: str, plot: RecordView) -> str:
    """Return the name of a point or core with its plot, which this page is about."""
    code = str(plot.fields["code"])
    is_whole = kind == "sample" or name.startswith(f"{code}/")
    return name if is_whole else f"{code}/{name}"
