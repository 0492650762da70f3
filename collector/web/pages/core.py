"""The page of a core: one row for each layer, from label to mass, saved as one act."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from collector.errors import PermilleError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record import core_entry, names
from collector.record.core_defaults import defaults_of
from collector.record.core_entry import TypedCore
from collector.record.core_outcome import CoreOutcome
from collector.record.field_place import campaign_of_day, point_named
from collector.record.labels import next_labels
from collector.record.layers_before import LayerBefore, layers_before
from collector.record.local_day import here_now
from collector.record.typed_layers import TypedLayer
from collector.rules.keys import natural_order
from collector.rules.overlay import RecordView
from collector.web.odd import odd_rows
from collector.web.page import Asked, Page, Refusal, refusal_of
from collector.web.pages.questions import question_fields, typed_answers
from collector.web.where import project_of
from schemas import vocabulary as v

#: Rows below those of the template, for a deeper core.
_SPARE: Final = 2
_ROWS: Final = 6
_MOST_ROWS: Final = 40
#: So many tell each form that is shown from all others.
_FORM_BITS: Final = 64
#: Points that the field offers while one is typed.
_MOST_POINTS: Final = 300
_TEXTS: Final = (
    "tool",
    "inner_diameter_mm",
    "cores_composited",
    "moved_because",
    "note",
)


class FormRow(NamedTuple):
    """One layer of the form: what stands in its fields."""

    number: int
    bottom_cm: str
    code: str
    mass_g: str


def show(laptop: Laptop, asked: Asked) -> Page:
    """Show an empty form for a point."""
    typed = TypedCore(
        point=asked.query.get("point", ""), campaign=asked.query.get("campaign", "")
    )
    return _page(laptop, asked, typed)


def save(laptop: Laptop, asked: Asked) -> Page:
    """Save the core of a form; what cannot be saved stays in its fields, with words."""
    typed = _typed(asked.form)
    if asked.form.get("use_position") == "yes":
        texts = {**typed.texts, **asked.positioning.fields()}
        typed = replace(typed, texts=texts)
    try:
        project = project_of(laptop, asked)
        assert project is not None, "the form stands on the page of a project"
        answers = typed_answers(laptop, project, "core", asked.form)
        typed = replace(typed, answers=answers, language=asked.speech.code)
        outcome = asked.before.outcome_of(asked.form) or core_entry.record_core(
            laptop, project.id, typed
        )
    except RefusedError as error:
        return _page(laptop, asked, typed, refusal=refusal_of(error))
    asked.before.keep(asked.form, outcome)
    following = TypedCore(
        point=_next_point(laptop, project, outcome), campaign=typed.campaign
    )
    return _page(laptop, asked, following, outcome=outcome)


def _next_point(laptop: Laptop, project: RecordView, outcome: CoreOutcome) -> str:
    """Return the point that is sampled after a core, by the order of their names."""
    left = laptop.store.unvisited(project.id, str(outcome.fields["campaign_id"]))
    every = sorted((names.label(laptop.store, one) for one in left), key=natural_order)
    done = natural_order(outcome.name.rpartition("/")[0].rpartition("/")[0])
    after = [one for one in every if natural_order(one) > done]
    return (after or every or [""])[0]


def _typed(form: Mapping[str, str]) -> TypedCore:
    rows = [
        TypedLayer(
            code=form.get(f"code-{n}", "").strip(),
            bottom_cm=form.get(f"bottom-{n}", "").strip(),
            mass_g=form.get(f"mass-{n}", "").strip(),
        )
        for n in range(1, _MOST_ROWS + 1)
    ]
    said = {name: form[name].strip() for name in _TEXTS if form.get(name, "").strip()}
    return TypedCore(
        point=form.get("point", "").strip(),
        campaign=form.get("campaign", "").strip(),
        texts=said,
        layers=tuple(row for row in rows if row.code or row.mass_g),
        is_new_point=form.get("is_new_point") == "yes",
        is_another=form.get("is_another") == "yes",
        because=form.get("because", "").strip(),
    )


def _page(
    laptop: Laptop,
    asked: Asked,
    typed: TypedCore,
    refusal: Refusal | None = None,
    outcome: CoreOutcome | None = None,
) -> Page:
    project = project_of(laptop, asked)
    campaign = _campaign(laptop, project, typed.campaign)
    facts = {
        "typed": typed,
        "rows": list(_rows(project, typed.layers)) if project else [],
        "labels": _labels(laptop, campaign),
        "before": _before(laptop, campaign, typed.point),
        "project": project.fields["code"] if project else "",
        "campaigns": _campaigns(laptop, project),
        "points": _points(laptop, project),
        "usual": _usual(laptop, project),
        "heard": asked.positioning.heard(),
        "tools": list(v.TOOL.codes),
        "asked_fields": question_fields(
            laptop, project, "core", typed.answers, asked.speech.code
        ),
        "refusal": refusal,
        "outcome": outcome,
        "form": f"{laptop.clock.random_bits(_FORM_BITS):x}",
        "odd": odd_rows(laptop, outcome.warnings) if outcome else [],
    }
    return Page("core.html.j2", "permille core add PLOT/POINT 10=LABEL:MASS", facts)


def _rows(project: RecordView, layers: Sequence[TypedLayer]) -> Iterator[FormRow]:
    depths = project.fields.get("layer_depths_cm") or ()
    usual = [f"{depth:g}" for depth in depths]
    count = max(len(usual) + _SPARE, len(layers), _ROWS)
    for n in range(count):
        row = layers[n] if n < len(layers) else TypedLayer()
        bottom = row.bottom_cm or (usual[n] if n < len(usual) else "")
        yield FormRow(n + 1, bottom, row.code, row.mass_g)


def _campaign(
    laptop: Laptop, project: RecordView | None, name: str = ""
) -> RecordView | None:
    """Return the campaign of a name, else the one that is open; None where it is not clear."""
    if project is None:
        return None
    try:
        return campaign_of_day(laptop, project.id, name, here_now(laptop.clock))
    except PermilleError:
        return None


def _labels(laptop: Laptop, campaign: RecordView | None) -> list[str]:
    """Return the labels that come next: Enter takes them where they are stuck on in order."""
    if campaign is None:
        return []
    last = laptop.store.last_own("core", "campaign_id", campaign.id)
    return next_labels(laptop, [last.id], _MOST_ROWS) if last else []


def _before(
    laptop: Laptop, campaign: RecordView | None, name: str
) -> list[LayerBefore]:
    """Return what the campaign before found at the point of the form."""
    if campaign is None or not name:
        return []
    try:
        point = point_named(laptop, campaign.project_id, name)
    except PermilleError:
        return []
    return layers_before(laptop, point.id, campaign.id)


def _campaigns(laptop: Laptop, project: RecordView | None) -> list[str]:
    if project is None:
        return []
    return [
        str(one.fields["name"]) for one in laptop.store.records("campaign", project.id)
    ]


def _points(laptop: Laptop, project: RecordView | None) -> list[str]:
    """Return what points may be typed, a screen of them at most."""
    if project is None:
        return []
    every = laptop.store.records("point", project.id, limit=_MOST_POINTS)
    plots = laptop.store.views({str(one.fields["plot_id"]) for one in every})
    return [
        f"{plots[plot].fields['code']}/{one.fields['code']}"
        for one in every
        if (plot := str(one.fields["plot_id"])) in plots
    ]


def _usual(laptop: Laptop, project: RecordView | None) -> dict[str, Any]:
    """Return what goes without saying, as the form shows it before anything is typed."""
    campaign = _campaign(laptop, project)
    if project is None or campaign is None:
        return {}
    return {
        "campaign": campaign.fields["name"],
        **{one.field: one.value for one in defaults_of(laptop, project, campaign)},
    }
