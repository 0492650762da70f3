"""Forms that were sent before: a second click, or a reload, does nothing twice."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from collector.record.core_outcome import CoreOutcome

#: Forms that are remembered; a person has fewer of them open.
_MOST: Final = 200


class SentForms:
    """What came of forms, by the number that each had when it was shown.

    A form that was changed after it was sent, by way of the browser's Back, is another one.
    """

    def __init__(self) -> None:
        self._outcomes: OrderedDict[tuple[tuple[str, str], ...], CoreOutcome] = (
            OrderedDict()
        )

    def outcome_of(self, form: Mapping[str, str]) -> CoreOutcome | None:
        """Return what came of the same form, where it was sent before."""
        return self._outcomes.get(_key(form)) if form.get("form") else None

    def keep(self, form: Mapping[str, str], outcome: CoreOutcome) -> None:
        """Note what came of a form."""
        self._outcomes[_key(form)] = outcome
        while len(self._outcomes) > _MOST:
            self._outcomes.popitem(last=False)


def _key(form: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(form.items()))


SENT_FORMS: Final[web.AppKey[SentForms]] = web.AppKey("sent_forms", SentForms)
