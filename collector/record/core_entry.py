"""One core with its bags, recorded in one act: what can stand is saved together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from collector.errors import NotFoundError
from collector.laptop.laptop import Laptop
from collector.record import entry, names, typed_times
from collector.record.bag_entry import JudgedBags, judged_bags, with_reasons
from collector.record.core_checks import already_sampled
from collector.record.core_defaults import FilledIn, defaults_of, filled_in
from collector.record.core_outcome import CoreOutcome
from collector.record.field_place import FieldPoint, campaign_of_day, point_named
from collector.record.holes import CountedHoles, holes_of
from collector.record.labels import as_scanned
from collector.record.local_day import here_now
from collector.record.neighbours import warnings_on_plot
from collector.record.questions import TypedAnswers, new_answers
from collector.record.saving import save
from collector.record.typed_layers import TypedLayer, read_layers
from collector.record.waiting_bags import BAGS
from collector.rules.overlay import RecordView
from collector.store.port import Beside, KeptDraft
from schemas import limits
from schemas.changes import Draft
from schemas.phrases import _
from schemas.plausibility.records import Fields, Warned
from schemas.record_words import TYPE_WORDS
from schemas.settings import read_texts

_NOW: Final = "now"
_IS_NOW: Final = _("now")
_GAP: Final = "layer_gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCore:
    """A core as it was typed: texts by the names of its fields, and one row per layer.

    `because` says why what is odd about it is right, `answers` are to the project's own
    questions, typed in a `language`.
    """

    point: str = ""
    campaign: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    layers: Sequence[TypedLayer] = ()
    is_new_point: bool = False
    is_another: bool = False
    because: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    language: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object of a draft."""
        return asdict(self) | {"layers": [one._asdict() for one in self.layers]}


def typed_core(data: Mapping[str, Any]) -> TypedCore:
    """Read a core as it was typed back from the JSON object of a draft."""
    layers = tuple(TypedLayer(**one) for one in data["layers"])
    return TypedCore(**{**data, "layers": layers})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a core belongs, and which one it is there."""

    project: RecordView
    campaign: RecordView
    point: FieldPoint
    number: int

    @property
    def usual_cm(self) -> Sequence[float]:
        """Return where the layers of a core usually end."""
        return self.project.fields.get("layer_depths_cm") or ()

    @property
    def label(self) -> str:
        """Return what the core is called."""
        return f"{self.point.label}/{self.campaign.fields['name']}/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """What is saved together: records that are made, parents first, and the bags.

    `number` is that of the draft of the bags that cannot stand, `drop` are those that are
    finished by it.
    """

    project_id: str
    core_id: str
    name: str
    fields: Fields
    plot: RecordView
    campaign: RecordView
    made: Sequence[tuple[str, str, Fields]] = ()
    bags: JudgedBags
    because: str
    number: int
    drop: Sequence[int]
    filled_in: Sequence[FilledIn] = ()
    new_point: str = ""


def record_core(
    laptop: Laptop, project_id: str, typed: TypedCore, draft: int | None = None
) -> CoreOutcome:
    """Save a core with those of its bags that can stand, all in one transaction.

    The others are kept as a draft; the `draft` that is finished by it goes.

    Raises
    ------
    RefusedError
        If the core itself cannot stand; nothing is saved then.
    """
    texts, moment = _in_full(laptop, typed.texts)
    place = _place(laptop, project_id, typed, moment)
    holes = holes_of(laptop, place.point.id, place.campaign.id)
    given = read_texts("core", texts)
    added = _added(laptop, place, given, holes)
    if "sampled_at" not in typed.texts:
        added.insert(0, FilledIn("sampled_at", given["sampled_at"], _IS_NOW))
    fields = _core_fields(place, given, added, holes)
    core_id = entry.mint(laptop, project_id, "core", fields)
    moment_taken = datetime.fromisoformat(str(fields["sampled_at"]))
    answered = TypedAnswers(typed.answers, moment_taken, typed.language)
    layers = read_layers(as_scanned(laptop, typed.layers), place.usual_cm)
    act = _Act(
        project_id=project_id,
        core_id=core_id,
        name=place.label,
        fields=fields,
        plot=place.point.plot,
        campaign=place.campaign,
        made=[
            *_made(place.point, core_id, fields),
            *new_answers(laptop, project_id, "core", core_id, answered),
        ],
        bags=judged_bags(laptop, project_id, core_id, place.label, fields, layers),
        because=typed.because,
        number=laptop.store.next_draft(),
        drop=_finished(draft, holes),
        filled_in=added,
        new_point=place.point.label if place.point.new_fields else "",
    )
    return _save(laptop, act)


def add_bags(
    laptop: Laptop,
    core: RecordView,
    typed: Sequence[TypedLayer],
    because: str,
    draft: int,
) -> CoreOutcome:
    """Save bags of a core that was saved before; those that cannot stand stay in the draft."""
    name = names.label(laptop.store, core)
    layers = read_layers(as_scanned(laptop, typed))
    act = _Act(
        project_id=core.project_id,
        core_id=core.id,
        name=name,
        fields=core.fields,
        plot=plot_of_core(laptop, core),
        campaign=_known(laptop, core, "campaign_id"),
        bags=judged_bags(laptop, core.project_id, core.id, name, core.fields, layers),
        because=because,
        number=draft,
        drop=[draft],
    )
    return _save(laptop, act)


def _save(laptop: Laptop, act: _Act) -> CoreOutcome:
    """Save what can stand, and keep what cannot, in one transaction."""
    bags = [("sample", bag.id, bag.fields) for bag in act.bags.good]
    new: list[tuple[str, str, Fields]] = [*act.made, *bags]
    odd = _odd(laptop, act, new)
    explained = len(odd) if act.because else 0
    if explained:
        new = with_reasons(new, odd, act.because, laptop.person)
    drafts = [
        Draft(act.project_id, kind, record_id, fields=said, is_new=True)
        for kind, record_id, said in new
    ]
    by_id = {record_id: said for _, record_id, said in new}
    kept = _kept_bags(laptop, act)
    beside = Beside(kept, act.drop)
    save(laptop, drafts, by_id.get(act.core_id), act.core_id, beside)
    return CoreOutcome(
        core_id=act.core_id,
        name=act.name,
        fields=by_id.get(act.core_id, act.fields),
        saved=[replace(bag, fields=by_id[bag.id]) for bag in act.bags.good],
        refused=act.bags.refused,
        filled_in=act.filled_in,
        warnings=() if explained else odd,
        answers={
            str(said["question"]): str(said["value"])
            for kind, _, said in act.made
            if kind == "answer"
        },
        new_point=act.new_point,
        draft=act.number if kept else None,
        explained=explained,
    )


class BegunCore(NamedTuple):
    """Where a core belongs, and what it has where nobody says more."""

    point: str
    campaign: str
    defaults: Sequence[FilledIn]
    usual_cm: Sequence[float]


def begin_core(laptop: Laptop, project_id: str, typed: TypedCore) -> BegunCore:
    """Return where a core belongs that is being typed; nothing is saved.

    Raises
    ------
    RefusedError
        If point or campaign are not here, or a core is there already.
    """
    texts, moment = _in_full(laptop, typed.texts)
    place = _place(laptop, project_id, typed, moment)
    holes = holes_of(laptop, place.point.id, place.campaign.id)
    given = {name: text for name, text in texts.items() if name in typed.texts}
    added = _added(laptop, place, given, holes)
    name = str(place.campaign.fields["name"])
    return BegunCore(place.point.label, name, added, place.usual_cm)


def _in_full(laptop: Laptop, texts: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return texts with times in full, and the moment of the core."""
    found = typed_times.completed(laptop.clock, "core", {"sampled_at": _NOW, **texts})
    here = here_now(laptop.clock)
    moment = str(read_texts("core", {"sampled_at": found["sampled_at"]})["sampled_at"])
    return found, moment if moment[:1].isdigit() and len(moment) >= 10 else here


def _place(laptop: Laptop, project_id: str, typed: TypedCore, moment: str) -> _Place:
    project = laptop.store.record(project_id)
    assert project is not None, "a project that was chosen is here"
    campaign = campaign_of_day(laptop, project_id, typed.campaign, moment)
    point = point_named(laptop, project_id, typed.point, is_new=typed.is_new_point)
    taken = _numbers(laptop, point, campaign)
    asked = typed.texts.get("number")
    number = max(taken, default=0) + 1
    if taken and asked is None and not typed.is_another:
        raise already_sampled(laptop, point, campaign, taken)
    place = _Place(project, campaign, point, number)
    if asked is not None:
        # A number that is none is refused with the other fields.
        read = read_texts("core", {"number": asked})["number"]
        if read in taken:
            raise already_sampled(laptop, point, campaign, taken)
        return replace(place, number=read if isinstance(read, int) else number)
    return place


def _numbers(
    laptop: Laptop, point: FieldPoint, campaign: RecordView
) -> dict[int, RecordView]:
    """Return the cores of a point in a campaign by their numbers."""
    if point.new_fields:
        return {}
    return {
        int(core.fields["number"]): core
        for core in laptop.store.records("core", campaign.project_id, [point.id])
        if core.fields.get("campaign_id") == campaign.id
    }


def _added(
    laptop: Laptop,
    place: _Place,
    given: Mapping[str, Any],
    holes: CountedHoles | None,
) -> list[FilledIn]:
    defaults = defaults_of(laptop, place.project, place.campaign)
    return filled_in(given, defaults, holes)


def _core_fields(
    place: _Place,
    given: Mapping[str, Any],
    added: Sequence[FilledIn],
    holes: CountedHoles | None,
) -> dict[str, Any]:
    entered = {
        **{one.field: one.value for one in added},
        **given,
        "point_id": place.point.id,
        "campaign_id": place.campaign.id,
    }
    entered.setdefault("number", place.number)
    words = holes.words if holes else ""
    if words:
        note = entered.get("note")
        entered["note"] = f"{note}\n{words}"[: limits.NOTE_CHARS] if note else words
    return entry.judged("core", entry.with_defaults("core", entered))


def _made(
    point: FieldPoint, core_id: str, fields: Fields
) -> list[tuple[str, str, Fields]]:
    """Return what is made beside the bags, parents first."""
    core: tuple[str, str, Fields] = ("core", core_id, fields)
    if not point.new_fields:
        return [core]
    return [("point", point.id, point.new_fields), core]


def _finished(draft: int | None, holes: CountedHoles | None) -> list[int]:
    """Return the drafts that are finished when a core is saved."""
    found = (draft, holes.draft if holes else None)
    return [number for number in found if number is not None]


def _odd(
    laptop: Laptop, act: _Act, new: Sequence[tuple[str, str, Fields]]
) -> list[Warned]:
    """Return what is odd about what is saved; a gap that a draft will fill is none yet."""
    odd = warnings_on_plot(laptop, act.plot, new, [act.campaign])
    return [one for one in odd if not (act.bags.refused and one.warning.code == _GAP)]


def _kept_bags(laptop: Laptop, act: _Act) -> list[KeptDraft]:
    """Return the draft of the bags that cannot stand, if there are any."""
    refused = act.bags.refused
    if not refused:
        return []
    typed = {
        "core_id": act.core_id,
        "layers": [one.layer.in_full._asdict() for one in refused],
        "why": [
            [f"{one.layer.typed.text}: {problem.text}" for problem in one.problems]
            for one in refused
        ],
        "because": act.because,
    }
    made = laptop.person, here_now(laptop.clock)
    return [KeptDraft(act.number, BAGS, act.project_id, act.name, typed, *made)]


def plot_of_core(laptop: Laptop, core: RecordView) -> RecordView:
    """Return the plot that a core of this laptop lies on."""
    return _known(laptop, _known(laptop, core, "point_id"), "plot_id")


def _known(laptop: Laptop, view: RecordView, field: str) -> RecordView:
    """Return what a record refers to.

    Raises
    ------
    NotFoundError
        If it is not here.
    """
    found = laptop.store.record(str(view.fields.get(field)))
    if found is None:
        name = names.label(laptop.store, view)
        what = field.removesuffix("_id")
        hint = _("run: permille sync")
        words = {"what": TYPE_WORDS[what], "type": TYPE_WORDS[view.type]}
        raise NotFoundError(
            _("{what} of {type} {name} is not here", name=name, **words), hint
        )
    return found
