"""All that is odd about records, in themselves and between each other."""

from collections.abc import Collection, Iterator
from datetime import datetime

from schemas import rules
from schemas.plausibility.answers import of_answers
from schemas.plausibility.clock import of_times
from schemas.plausibility.cores import of_cores, of_skips
from schemas.plausibility.labels import of_labels
from schemas.plausibility.land import of_land
from schemas.plausibility.lookalikes import of_codes
from schemas.plausibility.places import of_places
from schemas.plausibility.records import Records, Warned
from schemas.plausibility.tenfold import of_values


def every_warning(
    records: Records, now: datetime, blocks: Collection[str] = ()
) -> Iterator[Warned]:
    """Return every warning about records, with why it is right where somebody said so.

    What is not among the records is not looked at: a neighbourhood has the warnings of
    its own. `blocks` are those that labels are known to begin with.
    """
    yield from warnings_within(records)
    yield from warnings_between(records, now)
    yield from records.with_reasons(of_labels(records, blocks))


def warnings_within(records: Records) -> Iterator[Warned]:
    """Return what is odd about each record by itself."""
    yield from records.with_reasons(
        Warned(record_type, record_id, problem)
        for record_type, record_id, fields in records.every()
        for problem in rules.check(record_type, fields)
        if problem.is_warning
    )


def warnings_between(records: Records, now: datetime) -> Iterator[Warned]:
    """Return what is odd about records beside others and the clock."""
    yield from records.with_reasons(of_times(records, now))
    for found in (
        *(of_cores, of_skips, of_places, of_land, of_codes),
        *(of_values, of_answers),
    ):
        yield from records.with_reasons(found(records))
