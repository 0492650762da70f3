"""What is told of a core that was recorded, and of holes that were counted."""

import shlex
from typing import TYPE_CHECKING, Final

import click

from collector.cli.output import emit_json, say
from collector.cli.waiting import tell_more_warnings, warning_said
from collector.errors import Exit
from collector.speech.spoken import problem_said
from schemas.phrases import (
    Phrase,
    _,
    field_said,
    joined,
    named,
    ngettext,
    problem_phrase,
)
from schemas.record_words import TYPE_WORDS

if TYPE_CHECKING:
    from collector.record.core_outcome import CoreOutcome
    from collector.record.holes import CountedHoles
    from schemas.plausibility.records import Warned

#: Warnings of one core that are shown at once.
_SHOWN: Final = 5


def tell_core(outcome: "CoreOutcome", *, as_json: bool) -> int:
    """Say what was saved, what was filled in, what is odd and what is left to do."""
    if as_json:
        emit_json(outcome.as_data())
    else:
        _tell_saved(outcome)
        _tell_refused(outcome)
        _tell_odd(outcome)
    return Exit.ATTENTION if outcome.refused else Exit.DONE


def tell_holes(
    point: str, campaign: str, holes: "CountedHoles", *, as_json: bool
) -> None:
    """Say how many holes of a composite there are now."""
    if as_json:
        counted = {"holes": holes.in_all, "typed": list(holes.holes)}
        emit_json({"point": point, "campaign": campaign, **counted})
        return
    number = ngettext("{num} hole", "{num} holes", holes.in_all)
    at = {"point": point, "campaign": campaign}
    say(_("{holes} at {point} in {campaign}", holes=number, **at))
    if holes.in_all:
        command = f"permille core add {point} ..."
        say(_("when all are there: {command}", command=command), err=True)


def _tell_saved(outcome: "CoreOutcome") -> None:
    if outcome.new_point:
        say(_("saved point {point}", point=outcome.new_point))
    codes = ", ".join(str(bag.fields["sample_code"]) for bag in outcome.saved)
    bags = ngettext("{num} bag", "{num} bags", len(outcome.saved))
    saved = _("saved core {core} with {bags}", core=outcome.name, bags=bags)
    say(named(saved, codes) if codes else saved, "  ")
    for name, value in outcome.answers.items():
        say(f"  {name} {value}", "    ")
    for one in outcome.filled_in:
        filled_in = field_said(one.field, one.value)
        say(joined(["  ", named(filled_in, one.source)], ""), "    ")


def _tell_refused(outcome: "CoreOutcome") -> None:
    for one in outcome.refused:
        layer = one.layer
        number = layer.number
        text = _(
            "not saved: layer {number}, {typed}", number=number, typed=layer.typed.text
        )
        say(text, "  ", err=True)
        for problem in one.problems:
            say(f"  {problem_said(problem, is_option=True)}", "    ", err=True)
        # In one line, to be copied.
        click.echo(f"  -> {one.command}", err=True)
    if outcome.draft is not None:
        anew = " ".join(shlex.quote(one.to_type) for one in outcome.refused)
        text = _(
            "kept as draft {number}; to save it with what is wrong typed anew:",
            number=outcome.draft,
        )
        say(text, "  ", err=True)
        click.echo(f"  -> permille draft finish {outcome.draft} {anew}", err=True)


def _tell_odd(outcome: "CoreOutcome") -> None:
    for one in outcome.warnings[:_SHOWN]:
        say(_warning(outcome, one), "  ", err=True)
    tell_more_warnings(len(outcome.warnings), _SHOWN)
    if outcome.explained:
        number = outcome.explained
        say(ngettext("{num} warning explained", "{num} warnings explained", number))


def _warning(outcome: "CoreOutcome", one: "Warned") -> Phrase:
    text = problem_phrase(one.warning)
    if one.record_id == outcome.core_id:
        return warning_said(text)
    kind, name = TYPE_WORDS[one.record_type], outcome.named(one)
    about = joined([kind, name], " ") if name else kind
    return warning_said(text, about)
