"""What a page is made of, and how it is drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from collector.errors import PermilleError
from collector.laptop.laptop import Laptop
from collector.web.languages import speech
from collector.web.once import SentForms
from collector.web.positioning import Positioning
from collector.web.tiles import Tiles
from collector.web.uploads import FormFile
from schemas.problems import Problem
from schemas.speech.languages import LANGUAGES
from schemas.speech.pages import PageSpeech


class ProjectChoice(NamedTuple):
    """A project that the pages may be about."""

    id: str
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser asked for: words of the address, and of a form with its files.

    `positioning` says where the laptop is, `tiles` is the map under the plan, `before` are
    the forms that were sent, `projects` those to choose from where there are several.
    """

    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    speech: PageSpeech
    positioning: Positioning
    tiles: Tiles
    before: SentForms
    projects: Sequence[ProjectChoice] = ()
    files: Mapping[str, Sequence[FormFile]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A page to draw: its template, what it shows, and the command that does the same."""

    template: str
    command: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class GoTo:
    """Another page to go to, after a form was taken; it says what was done."""

    path: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done, as a page says it."""

    text: str
    hint: str
    problems: tuple[Problem, ...] = ()


#: What a page does with the laptop.
Show = Callable[[Laptop, Asked], Page | GoTo]


def refusal_of(error: PermilleError) -> Refusal:
    """Return an error as the page says it."""
    return Refusal(error.text, error.hint, error.problems)


def drawn(page: Page, asked: Asked, said: str = "") -> str:
    """Draw a page in the language of who asked."""
    template = _environment(asked.speech.code).get_template(page.template)
    return template.render(
        page.facts,
        asked=asked,
        command=page.command,
        said=said,
        speech=asked.speech,
        languages=LANGUAGES,
    )


@lru_cache(len(LANGUAGES))
def _environment(code: str) -> Environment:
    made = Environment(
        loader=PackageLoader("collector.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    own = speech(code)
    made.install_gettext_translations(own.texts, newstyle=True)  # type: ignore[attr-defined]  # of the extension
    made.filters |= {
        "number": own.number,
        "day": own.day,
        "moment": own.moment,
        "told": own.problem,
    }
    return made
