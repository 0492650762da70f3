"""Times that have not come yet."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from schemas.plausibility.records import Records, Warned
from schemas.problems import Problem


def of_times(records: Records, now: datetime) -> Iterator[Warned]:
    """Return cores and analyses of the future."""
    for core_id, core in records.of_type("core").items():
        if datetime.fromisoformat(core["sampled_at"]) > now:
            found = Problem("in_the_future", "sampled_at", core["sampled_at"])
            yield Warned("core", core_id, found)
    # Somewhere it is tomorrow already.
    tomorrow = (now + timedelta(days=1)).date().isoformat()
    for result_id, result in records.of_type("result").items():
        analysed = result.get("analysed_on")
        if analysed and analysed > tomorrow:
            found = Problem("in_the_future", "analysed_on", analysed)
            yield Warned("result", result_id, found)
