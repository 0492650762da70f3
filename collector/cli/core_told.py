"""What is told of a core that was recorded, and of holes that were counted."""

import shlex
from typing import TYPE_CHECKING, Final

import click

from collector.cli.output import emit_json, say
from collector.errors import Exit
from schemas.told import counted as told_count
from schemas.told import option_name, problem_line, told

if TYPE_CHECKING:
    from collector.record.core_outcome import CoreOutcome
    from collector.record.holes import CountedHoles

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
    say(f"{told_count(holes.in_all, 'hole')} at {point} in {campaign}")
    if holes.in_all:
        say(f"when all are there: permille core add {point} ...", err=True)


def _tell_saved(outcome: "CoreOutcome") -> None:
    if outcome.new_point:
        click.echo(f"saved point {outcome.new_point}")
    codes = ", ".join(str(bag.fields["sample_code"]) for bag in outcome.saved)
    bags = told_count(len(outcome.saved), "bag")
    say(f"saved core {outcome.name} with {bags}{f': {codes}' if codes else ''}", "  ")
    for name, value in outcome.answers.items():
        say(f"  {name} {value}", "    ")
    for one in outcome.filled_in:
        say(f"  {option_name(one.field)} {told(one.value)}: {one.source}", "    ")


def _tell_refused(outcome: "CoreOutcome") -> None:
    for one in outcome.refused:
        layer = one.layer
        say(f"not saved: layer {layer.number}, {layer.typed.text}", "  ", err=True)
        for problem in one.problems:
            said = problem_line(problem, is_option=True)
            say(f"  {said}", "    ", err=True)
        # In one line, to be copied.
        click.echo(f"  -> {one.command}", err=True)
    if outcome.draft is not None:
        anew = " ".join(shlex.quote(one.to_type) for one in outcome.refused)
        said = "to save it with what is wrong typed anew"
        say(f"kept as draft {outcome.draft}; {said}:", "  ", err=True)
        click.echo(f"  -> permille draft finish {outcome.draft} {anew}", err=True)


def _tell_odd(outcome: "CoreOutcome") -> None:
    for one in outcome.warnings[:_SHOWN]:
        own = one.record_id == outcome.core_id
        name = outcome.named(one)
        about = "" if own else f" {one.record_type}{f' {name}' if name else ''}:"
        say(f"warning:{about} {problem_line(one.warning)}", "  ", err=True)
    if outcome.warnings:
        more = len(outcome.warnings) - _SHOWN
        beginning = f"{more} more; " if more > 0 else ""
        say(f"{beginning}if it is right, say why: permille warnings", err=True)
    if outcome.explained:
        say(f"{told_count(outcome.explained, 'warning')} explained")
