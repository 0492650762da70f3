"""custody: what happens to bags, many at once, and lists that are signed."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from collector.cli.app import (
    App,
    json_option,
    one_line,
    pass_app,
    person_option,
    project_option,
)
from collector.cli.label import tell_letters, typed
from collector.cli.output import emit_json, say
from collector.errors import Exit, RefusedError, UsageError
from collector.record import names
from collector.record.custody import STEPS
from schemas import limits
from schemas.phrases import (
    Phrase,
    _,
    followed,
    joined,
    named,
    ngettext,
    problem_phrase,
)
from schemas.records import TYPES
from schemas.vocabulary import CUSTODY_STEP

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.record.custody import Bag

_LINE = one_line(limits.NAME_CHARS)
_BOX = one_line(limits.CODE_CHARS)


@click.group("custody")
def custody() -> None:
    """Record what happens to bags, and print lists to sign.

    \b
    Example:
      permille custody add boxed --box BOX-12 HF-1 HF-2
      permille custody add received --place "LAS Arras" -
      permille custody handover --to "LAS Arras" --out list.pdf --record
      permille where HF-1
    """


@custody.command()
@click.argument("step", type=click.Choice(list(CUSTODY_STEP.codes)))
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
@click.option("--to", "to_whom", callback=_LINE, help="Who takes the bags over.")
@click.option("--box", callback=_BOX, help="The box that they are in.")
@click.option("--place", callback=_LINE, help="Where they are then.")
@click.option("--at", metavar="DATE TIME", help="When, if not now.")
@click.option("--note", callback=one_line(limits.NOTE_CHARS), help="What else.")
@project_option
@person_option
@json_option
@pass_app
def add(  # noqa: PLR0917 - click passes them by name
    app: App,
    step: str,
    codes: tuple[str, ...],
    to_whom: str | None,
    box: str | None,
    place: str | None,
    at: str | None,
    note: str | None,
    project: str | None,
    as_json: bool,
) -> int:
    """Record one step of many bags; - reads the lines of a scanner.

    Each bag is kept as it is read. A code that no bag has is told, and the rest goes on.
    Who did it is who is at work: permille person.

    \b
    Example:
      permille custody add boxed --box BOX-12 K7F-0421-1 K7F-0422-X
      permille custody add handed_over --to "LAS Arras" -
    """
    said = {"to_whom": to_whom, "box": box, "place": place, "note": note}
    kept, missed = list[str](), list[dict[str, str]]()
    with app.laptop() as laptop:
        if at is not None:
            at = _moment(laptop, at)
        project_id = names.project_of(laptop.store, project)
        for code in typed(codes):
            try:
                kept.append(_keep(laptop, code, project_id, step, {**said, "at": at}))
            except RefusedError as error:
                reason = _reason(error)
                missed.append({"code": code, "reason": reason})
                say(named(code, reason), "  ", err=True)
            else:
                if not as_json:
                    say(joined([kept[-1], " ", STEPS[step], f" ({len(kept)})"], ""))
    if as_json:
        emit_json({"step": step, "saved": kept, "missed": missed})
    else:
        step_said = STEPS[step]
        said_kept = ngettext(
            "{step}: {num} bag saved",
            "{step}: {num} bags saved",
            len(kept),
            step=step_said,
        )
        not_kept = ngettext("{num} code not", "{num} codes not", len(missed))
        say(followed(said_kept, not_kept) if missed else said_kept)
    return Exit.ATTENTION if missed else Exit.DONE


@custody.command()
@click.option("--to", "to_whom", required=True, callback=_LINE, help="Who takes over.")
@click.option("--box", callback=_BOX, help="Only what is in this box.")
@click.option("--campaign", metavar="NAME", help="Only bags of this campaign.")
@click.option("--place", callback=_LINE, help="Where the bags are then; with --record.")
@click.option("--at", metavar="DATE TIME", help="When, if not now.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="PDF")
@click.option(
    "--record", is_flag=True, help="Record the step handed_over of each, too."
)
@project_option
@person_option
@json_option
@pass_app
def handover(  # noqa: PLR0917 - click passes them by name
    app: App,
    to_whom: str,
    box: str | None,
    campaign: str | None,
    place: str | None,
    at: str | None,
    out: Path,
    record: bool,
    project: str | None,
    as_json: bool,
) -> int:
    """Write a list of the bags that are here, to sign when they change hands.

    These are bags whose last step is bagged or boxed, and those of no step and no result.
    Needs the extra labels.

    \b
    Example:
      permille custody handover --to "LAS Arras" --out list.pdf
      permille custody handover --to "LAS Arras" --box BOX-12 --out box.pdf --record
    """
    from collector.labels.extra import need_labels
    from collector.labels.files import refuse_taken, write_pdf
    from collector.record.custody import to_hand_over

    need_labels()
    refuse_taken(out)
    from collector.labels.handing_over import handover_of
    from collector.labels.handover import draw_handover
    from schemas.pdf_text import not_printable

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        campaign_id = None
        if campaign is not None:
            found = names.find(laptop.store, "campaign", campaign, project_id)
            campaign_id = found.id
        bags = to_hand_over(laptop, project_id, box, campaign_id)
        moment = _moment(laptop, at) if at else _now(laptop)
        listed = handover_of(laptop, project_id, bags, to_whom, moment)
        write_pdf(out, draw_handover(listed))
        if record:
            _record(laptop, bags, to_whom, place, moment)
    lacking = not_printable(listed.texts)
    told = {
        "bags": len(bags),
        "boxes": listed.boxes,
        "recorded": record,
        "not_printable": list(lacking),
    }
    if as_json:
        emit_json({"file": str(out), "to": to_whom, "at": moment, **told})
        return Exit.DONE
    bags_said = ngettext("{num} bag", "{num} bags", len(bags))
    done = (
        _("recorded as handed over")
        if record
        else _("not recorded yet: --record does so")
    )
    line = {"file": str(out), "bags": bags_said, "whom": to_whom, "done": done}
    say(_("{file}: {bags} to {whom}; {done}", **line))
    tell_letters(lacking)
    return Exit.DONE


def _keep(
    laptop: "Laptop",
    code: str,
    project_id: str | None,
    step: str,
    said: dict[str, Any],
) -> str:
    from collector.record.custody import add_step, bag_called
    from collector.record.labels import as_meant
    from schemas.labels.codes import printed

    bag = bag_called(laptop, code, project_id)
    if bag is None:
        words = as_meant(laptop, code).words
        no_bag = _("no bag on this laptop has this code")
        raise RefusedError(followed(no_bag, words) if words else no_bag)
    add_step(laptop, bag, step, {**said, "at": said["at"] or _now(laptop)})
    return printed(bag.code)


def _record(
    laptop: "Laptop", bags: list["Bag"], to_whom: str, place: str | None, at: str
) -> None:
    from collector.record.custody import HANDED_OVER, add_step

    for bag in bags:
        said = {"to_whom": to_whom, "place": place, "at": at, "box": bag.latest("box")}
        add_step(laptop, bag, HANDED_OVER, said)


def _now(laptop: "Laptop") -> str:
    from collector.record.typed_times import completed

    return completed(laptop.clock, "custody_event", {"at": "now"})["at"]


def _moment(laptop: "Laptop", at: str) -> str:
    """Return a time as it is kept.

    Raises
    ------
    UsageError
        If it cannot be read as one.
    """
    from collector.cli.options import in_full
    from schemas.fields import FieldError
    from schemas.settings import read_texts

    found = read_texts("custody_event", in_full(laptop, "custody_event", {"at": at}))
    try:
        return str(TYPES["custody_event"].fields["at"].check(found["at"]))
    except FieldError as error:
        problem = error.problem
        raise UsageError(
            named(f"--at {at}", Phrase(problem.kind.text)),
            Phrase(problem.hint),
        ) from None


def _reason(error: RefusedError) -> Phrase:
    return joined(list(_reasons(error)), "; ")


def _reasons(error: RefusedError) -> Iterator[str]:
    if not error.problems:
        yield error.text
    for problem in error.problems:
        yield problem_phrase(problem, is_option=True)
