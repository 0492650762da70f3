"""Days and times as people write them, with the offset of this laptop filled in."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from collector.clock import Clock
from schemas.fields import Day, Instant
from schemas.records import TYPES
from schemas.typed import local_time

_DAYS_AGO: Final = {"today": 0, "yesterday": 1}
_TIME: Final = re.compile(r"\d{1,2}[:hH]\d{2}")


def completed(
    clock: Clock, record_type: str, texts: Mapping[str, str]
) -> dict[str, str]:
    """Return typed texts with days and times in full: now, today, 9:30, no offset."""
    fields = TYPES[record_type].fields
    return {
        name: _completed(clock, text)
        if isinstance(fields.get(name), Day | Instant)
        else text
        for name, text in texts.items()
    }


def filled_in(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return the texts to which something was added, as they are now."""
    return {name: text for name, text in after.items() if before[name] != text}


def _completed(clock: Clock, text: str) -> str:
    here = clock.local(clock.now())
    first, _, rest = text.strip().lower().partition(" ")
    if first == "now" and not rest:
        return here.isoformat(timespec="seconds")
    if first in _DAYS_AGO:
        day = here.date() - timedelta(days=_DAYS_AGO[first])
        text = f"{day.isoformat()} {rest}".strip()
    elif _TIME.fullmatch(text.strip()):
        text = f"{here.date().isoformat()} {text.strip()}"
    local = local_time(text)
    if local is None:
        return text
    try:
        return clock.local(datetime.fromisoformat(local)).isoformat()
    except ValueError:  # 25:70 is for the field to refuse
        return text
