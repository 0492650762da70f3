"""Drafts of the field: kept as typed, shown, finished, dropped."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from collector.errors import NotFoundError, RefusedError
from collector.laptop.laptop import Laptop
from collector.record.core_entry import (
    TypedCore,
    add_bags,
    record_core,
    typed_core,
)
from collector.record.core_outcome import CoreOutcome
from collector.record.holes import HOLES
from collector.record.local_day import here_now
from collector.record.typed_layers import TypedLayer
from collector.record.waiting_bags import BAGS
from collector.store.port import Beside, KeptDraft
from schemas.phrases import _, ngettext

CORE: Final = "core"

#: What a draft is of, in words.
KINDS: Final = {
    CORE: _("a core"),
    BAGS: _("bags of a core"),
    HOLES: _("holes of a composite"),
}


def keep_core(
    laptop: Laptop, project_id: str, typed: TypedCore, replaces: int | None = None
) -> int:
    """Keep a core as it was typed for later; return the number of its draft."""
    number = replaces or laptop.store.next_draft()
    about = typed.point or "a core without its point"
    made = laptop.person, here_now(laptop.clock)
    draft = KeptDraft(number, CORE, project_id, about, typed.as_data(), *made)
    laptop.store.write_drafts(Beside([draft], [replaces] if replaces else []))
    return number


def draft_named(laptop: Laptop, number: int) -> KeptDraft:
    """Return the draft with a number.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    for draft in laptop.store.drafts():
        if draft.number == number:
            return draft
    raise NotFoundError(
        _("there is no draft {number}", number=number), _("see: permille draft list")
    )


def drop(laptop: Laptop, draft: KeptDraft) -> None:
    """Forget a draft, and what was typed in it."""
    laptop.store.write_drafts(Beside(drop=[draft.number]))


def finish(
    laptop: Laptop, draft: KeptDraft, layers: Sequence[TypedLayer] = ()
) -> CoreOutcome:
    """Save what a draft holds; what was typed anew stands in the place of what it has.

    Raises
    ------
    RefusedError
        If it cannot be saved yet; the draft stays as it is.
    """
    if draft.kind == HOLES:
        raise RefusedError(
            _(
                "draft {number} counts holes until their core is recorded",
                number=draft.number,
            ),
            _(
                "record it: permille core add {point}",
                point=draft.about.partition(" in ")[0],
            ),
            code="not_finished",
        )
    if draft.kind == CORE:
        typed = typed_core(draft.typed)
        typed = replace(typed, layers=typed_anew(draft, typed.layers, layers))
        return record_core(laptop, draft.project_id, typed, draft.number)
    kept = [TypedLayer(**one) for one in draft.typed["layers"]]
    core = laptop.store.record(draft.typed["core_id"])
    if core is None or core.deleted:
        raise RefusedError(
            _(
                "the core of draft {number} is gone: {core}",
                number=draft.number,
                core=draft.about,
            ),
            _(
                "record it anew, then: permille draft drop {number}",
                number=draft.number,
            ),
            code="not_finished",
        )
    because = str(draft.typed["because"])
    anew = typed_anew(draft, kept, layers)
    return add_bags(laptop, core, anew, because, draft.number)


def typed_anew(
    draft: KeptDraft, kept: Sequence[TypedLayer], layers: Sequence[TypedLayer]
) -> Sequence[TypedLayer]:
    """Return the layers of a draft with what was typed anew; what was not stays.

    Raises
    ------
    RefusedError
        If they are more or fewer than the draft has: none of it may be lost.
    """
    if not layers or not kept:
        return layers or kept
    if len(layers) != len(kept):
        said = " ".join(one.text for one in kept)
        raise RefusedError(
            ngettext(
                "draft {number} has {num} layer: {layers}",
                "draft {number} has {num} layers: {layers}",
                len(kept),
                number=draft.number,
                layers=said,
            ),
            _(
                "type each of them, in this order; of one that is right its label will do"
            ),
            code="not_finished",
        )
    return [
        TypedLayer(*(new or old for new, old in zip(anew, before, strict=True)))
        for anew, before in zip(layers, kept, strict=True)
    ]


def described(draft: KeptDraft) -> str:
    """Return what a draft holds in one line, as it was typed."""
    match draft.kind:
        case kind if kind == HOLES:
            return ngettext("{num} hole", "{num} holes", len(draft.typed["holes"]))
        case kind if kind == CORE:
            typed = typed_core(draft.typed)
            said = [f"{name}={text}" for name, text in typed.texts.items()]
            return " ".join([*said, *(one.text for one in typed.layers)])
        case _:
            return " ".join(TypedLayer(**one).text for one in draft.typed["layers"])


def as_data(draft: KeptDraft) -> dict[str, Any]:
    """Return the JSON object of a draft."""
    return {
        "number": draft.number,
        "kind": draft.kind,
        "about": draft.about,
        "typed": dict(draft.typed),
        "person": draft.person,
        "kept_at": draft.kept_at,
    }
