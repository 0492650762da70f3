"""The page of the sync: the account, may I wipe, what to fix, and conflicts to decide."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from collector.errors import RefusedError
from collector.fix import conflicts, discard, duplicates, fixing, quarantine
from collector.fix.duplicates import Duplicate
from collector.laptop.laptop import Laptop
from collector.record import resend
from collector.record.field_day import odd_among
from collector.rules.overlay import BaseRow, ChangeStatus, RecordView, undecided
from collector.sync.status import laptop_status
from collector.web.odd import ODD_MOST, odd_rows
from collector.web.page import Asked, GoTo, Page
from collector.web.syncing import SyncState
from schemas.conflicts import Take
from schemas.deciding import SideChoice
from schemas.plausibility.records import Warned
from schemas.problems import from_data
from schemas.settings import field_named, read_texts
from schemas.sides import KEPT, PersonsChoice, told_side
from schemas.speech.languages import Speech
from schemas.told import option_name, told

_KEEP = "keep"
#: Changes that are looked at for what is odd, each time the page is drawn.
_WAITING_MOST: Final = 500


class SideOption(NamedTuple):
    """One value of a conflict, by whom, and what the form sends to let it stand."""

    choice: str
    by: str
    said: str
    at: str


class Question(NamedTuple):
    """What a person is asked: one group of one record."""

    record_id: str
    name: str
    about: str
    ids: str
    sides: list[SideOption]
    is_decided: bool


class ToFix(NamedTuple):
    """A change that the server could not apply, in words; beside the record that it meets."""

    record_id: str
    name: str
    reasons: list[str]
    fields: list[tuple[str, str]]
    meanwhile: list[tuple[str, str]]
    is_held: bool
    typed: str
    duplicate: Duplicate | None


def show(laptop: Laptop, asked: Asked, state: SyncState) -> Page:
    """Show where the laptop stands with its server."""
    odd = _odd(laptop)
    facts = {
        "status": laptop_status(laptop),
        "state": state,
        "questions": list(_questions(laptop)),
        "to_fix": [
            _to_fix(laptop, asked.speech, one) for one in quarantine.fix_list(laptop)
        ],
        "odd": odd_rows(laptop, (odd or ())[:ODD_MOST]),
        "odd_more": max(0, len(odd or ()) - ODD_MOST),
        "odd_is_long": odd is None,
    }
    return Page("sync.html.j2", "permille sync", facts)


def _odd(laptop: Laptop) -> list[Warned] | None:
    """Return what is odd about what waits to be sent; None where that is a lot."""
    if laptop.store.count_unacknowledged() > _WAITING_MOST:
        return None
    waiting = {
        change.record_id for change in laptop.store.changes_with(ChangeStatus.PENDING)
    }
    by_project: dict[str, list[RecordView]] = defaultdict(list)
    for view in laptop.store.views(waiting).values():
        by_project[view.project_id].append(view)
    found: list[Warned] = []
    for views in by_project.values():
        some = odd_among(laptop, views)
        if some is None:
            return None
        found += some
    return found


def decide(laptop: Laptop, asked: Asked) -> GoTo:
    """Decide a conflict: one side stands.

    Raises
    ------
    RefusedError
        Without a reason, or if it was decided meanwhile.
    """
    form = asked.form
    reason = form.get("reason", "").strip()
    if not reason:
        raise RefusedError(
            "a decision says why: it travels with it", "write the reason, then decide"
        )
    base = conflicts.find_contested(laptop, form.get("record", ""))
    ids = tuple(form.get("ids", "").split())
    taken = form.get("take", "")
    choice = (
        KEPT
        if taken == _KEEP
        else PersonsChoice(SideChoice(Take.OTHER, of=frozenset({taken})))
    )
    lost = discard.set_aside(laptop, base, ids, choice)
    if lost and not form.get("sure"):
        raise RefusedError(
            f"what was recorded here would not stand: {'; '.join(lost)}",
            "go back, and tick that this is meant",
        )
    count = conflicts.resolve(laptop, base, ids, choice, reason)
    return GoTo("/sync", f"{conflicts.name_of(laptop, base)}: {count}")


def fix(laptop: Laptop, asked: Asked) -> GoTo:
    """Correct a change that the server could not apply, or give it up."""
    form = asked.form
    view = quarantine.find_quarantined(laptop, form.get("record", ""))
    if form.get("what") == "discard":
        resend.discard(laptop, view.id, form.get("reason") or None)
        return GoTo("/sync", view.type)
    typed = {
        field_named(view.type, name.removeprefix("set-")): value
        for name, value in form.items()
        if name.startswith("set-") and value.strip()
    }
    if typed:
        fixing.fix(laptop, view, read_texts(view.type, typed))
    else:
        resend.send_again(laptop, view.id, {})
    return GoTo("/sync", view.type)


def relabel(laptop: Laptop, asked: Asked) -> GoTo:
    """Keep another code for one of two records that have one."""
    form = asked.form
    view = quarantine.find_quarantined(laptop, form.get("record", ""))
    waiting = [c for c in laptop.store.changes(view.id) if c.status in resend.WAITING]
    problems = [from_data(why) for change in waiting for why in change.reasons]
    found = duplicates.duplicate_of(laptop, view, problems)
    if found is None or found.that.id != form.get("that"):
        raise RefusedError("the two have no longer one code", "look at the page again")
    saved = duplicates.relabel(
        laptop,
        found,
        is_that=form.get("which") == "that",
        code=form.get("code", ""),
        reason=form.get("reason", ""),
    )
    return GoTo("/sync", f"{saved.view.type} {saved.label}")


def _questions(laptop: Laptop) -> Iterator[Question]:
    for base in laptop.store.contested():
        yield from _of_record(laptop, base)


def _of_record(laptop: Laptop, base: BaseRow) -> Iterator[Question]:
    contest = conflicts.contest_of(laptop, base, base.conflicts)
    still = {one["id"] for one in undecided(base, laptop.store.changes(base.id))}
    for group, those in contest.groups().items():
        at = {str(one["id"]): str(one.get("at") or "") for one in those}
        sides = [
            SideOption(
                side.conflict or _KEEP,
                str(side.by) if any(side.by) else "",
                told_side(contest, side, group),
                at.get(side.conflict, ""),
            )
            for side in contest.sides(group)
        ]
        yield Question(
            base.id,
            conflicts.name_of(laptop, base),
            contest.about(group),
            " ".join(at),
            sides,
            not still & at.keys(),
        )


def _to_fix(laptop: Laptop, speech: Speech, entry: dict[str, Any]) -> ToFix:
    problems = [from_data(why) for why in entry["reasons"]]
    called, fields = entry["names"], entry["fields"]
    wrong = [p.path for p in problems if p.path in fields]
    view = laptop.store.record(entry["record"])
    return ToFix(
        entry["record"],
        f"{entry['type']} {entry['name']}",
        [speech.problem(problem, called) for problem in problems],
        [(name, told(fields[name], called)) for name in dict.fromkeys(wrong)],
        [
            (option_name(name), told(value, called))
            for name, value in entry["meanwhile"].items()
        ],
        entry["held"],
        entry["fix"] or "",
        duplicates.duplicate_of(laptop, view, problems) if view else None,
    )
