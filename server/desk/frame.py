"""What a page of the desk is made of, and how it is drawn."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from schemas.phrases import Phrase
from schemas.problems import Problem
from schemas.speech.languages import LANGUAGES
from schemas.speech.pages import PageSpeech, speech_of_pages
from server.access.audit_log import AuditedStore
from server.access.rights import EVERYWHERE, HeldRoles, Right
from server.clock import Clock
from server.config import Limits
from server.errors import RequestError, ServerError
from server.store.people_values import Person

_PACKAGE: Final = "server.desk"


class SentFile(NamedTuple):
    """A file that a form sent."""

    name: str
    content: bytes


class ProjectChoice(NamedTuple):
    """A project that somebody may choose; `name` is its code, or what tells it apart."""

    id: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What pages work with: the store that notes who writes, time, bounds.

    `address` is that of the server as the browser wrote it; `held_off` are the addresses
    that guessed too often, each with how many seconds it has to wait yet.
    """

    store: AuditedStore
    clock: Clock
    limits: Limits
    address: str
    held_off: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser asked for, and who did.

    `projects` are those in which they may do what the page is for, `chosen` the one of
    them that the page is about; None stands for all of them.
    """

    path: str
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    files: Mapping[str, SentFile]
    person: Person
    held: HeldRoles
    session_id: str
    projects: Sequence[ProjectChoice]
    chosen: ProjectChoice | None
    speech: PageSpeech

    @property
    def project_ids(self) -> tuple[str, ...]:
        """Return the projects that the page is about."""
        chosen = [self.chosen] if self.chosen else self.projects
        return tuple(one.id for one in chosen)

    def said(self, name: str) -> str:
        """Return what a field of the form says; empty where it says nothing."""
        return next(iter(self.form.get(name, ())), "").strip()

    def may(self, right: Right) -> bool:
        """Return whether they may do something in the project of the page, or in all."""
        return self.held.may(right, self.chosen.id if self.chosen else EVERYWHERE)


@dataclass(frozen=True, slots=True)
class DeskPage:
    """A page to draw: its template, what it shows, and the command that does the same."""

    template: str
    command: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class GoTo:
    """Another page to go to, after a form was taken; it says what was done."""

    path: str
    said: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file for the browser to keep."""

    name: str
    kind: str
    content: bytes


Found = DeskPage | GoTo | Download
#: What a page does, and what it shows then.
Show = Callable[[Desk, Asked], Awaitable[Found]]


class Tab(NamedTuple):
    """A page as the navigation names it."""

    path: str
    name: Phrase


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done, as a page says it."""

    text: str
    hint: str
    problems: Sequence[Problem] = ()


def refusal_of(error: ServerError | RequestError) -> Refusal:
    """Return an error as the page says it."""
    if isinstance(error, RequestError):
        problem = error.problem
        text = f"{problem.text}: {problem.detail}" if problem.detail else problem.text
        return Refusal(text, problem.hint)
    return Refusal(error.text, error.hint, getattr(error, "problems", ()))


def drawn(
    page: DeskPage,
    speech: PageSpeech,
    asked: Asked | None,
    tabs: Sequence[Tab],
    said: str,
) -> str:
    """Draw a page in a language; nobody has asked who did not sign in."""
    template = _environment(speech.code).get_template(page.template)
    return template.render(
        page.facts,
        asked=asked,
        tabs=tabs,
        command=page.command,
        said=said,
        speech=speech,
        languages=LANGUAGES,
    )


def speech_of(code: str) -> PageSpeech:
    """Return a language of the desk."""
    return speech_of_pages(code, _PACKAGE)


@lru_cache(len(LANGUAGES))
def _environment(code: str) -> Environment:
    made = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    own = speech_of(code)
    made.install_gettext_translations(own.texts, newstyle=True)  # type: ignore[attr-defined]  # of the extension
    made.filters |= {
        "number": own.number,
        "day": own.day,
        "moment": own.moment,
        "ago": own.ago,
        "told": own.problem,
    }
    return made
