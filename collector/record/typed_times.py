"""Days and times as people write them, with the offset of this laptop filled in."""

from collections.abc import Mapping
from datetime import datetime

from collector.clock import Clock
from schemas.fields import Day, Instant
from schemas.moments import with_day
from schemas.records import TYPES
from schemas.typed import local_time


def completed(
    clock: Clock, record_type: str, texts: Mapping[str, str]
) -> dict[str, str]:
    """Return typed texts with days and times in full: now, today, 9:30, no offset."""
    fields = TYPES[record_type].fields
    return {
        name: in_full(clock, text)
        if isinstance(fields.get(name), Day | Instant)
        else text
        for name, text in texts.items()
    }


def filled_in(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return the texts to which something was added, as they are now."""
    return {name: text for name, text in after.items() if before[name] != text}


def in_full(clock: Clock, text: str) -> str:
    """Return a day or a time in full: now, today, 9:30, what lacks its offset."""
    here = clock.local(clock.now())
    if text.strip().lower() == "now":
        return here.isoformat(timespec="seconds")
    text = with_day(text, here.date())
    local = local_time(text)
    if local is None:
        return text
    try:
        return clock.local(datetime.fromisoformat(local)).isoformat()
    except ValueError:  # 25:70 is for the field to refuse
        return text
