"""A core asked for, prompt by prompt: Enter takes what stands in brackets.

What a scanner sends is a line that ends with Enter. Nothing that was typed is lost: what
is wrong is asked again, and a dialogue that is cut short is kept as a draft.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from collector.cli.asking import agreed
from collector.cli.output import say, table_lines
from collector.cli.questions_asked import ask_each
from collector.errors import RefusedError, UsageError
from collector.record.core_checks import layer_problems, text_problem
from collector.record.core_defaults import CARRIED
from collector.record.core_entry import BegunCore, TypedCore, begin_core, record_core
from collector.record.field_drafts import keep_core
from collector.record.questions import asked_form
from collector.record.typed_layers import TypedLayer, read_layer, read_layers
from collector.speech.spoken import problem_said, said
from schemas.phrases import Phrase, _, field_said, joined, named
from schemas.printing import TableForm
from schemas.problems import Problem

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.record.core_outcome import CoreOutcome

#: What is about to be saved.
LAYERS: Final = TableForm(
    "layers of a core", _("from cm"), _("to cm"), _("label"), _("mass g")
)

_PROMPTS: Final = {
    "tool": _("Tool"),
    "inner_diameter_mm": _("Inner diameter, mm"),
    "cores_composited": _("Cores in one bag"),
}


def asked_core(
    laptop: "Laptop", project_id: str, typed: TypedCore, draft: int | None = None
) -> "CoreOutcome":
    """Ask for a core, or for what a draft lacks, and save it.

    Raises
    ------
    UsageError
        If nobody can be asked.
    Abort
        If the person stops; what was typed is kept as a draft.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            _("without a point this asks, and there is no terminal to ask on"),
            _("type it in one line: permille core add P1/2 10=A12:261 20=A13:262"),
        )
    dialogue = _Dialogue(laptop, project_id, typed)
    try:
        dialogue.ask()
        return record_core(laptop, project_id, dialogue.typed, draft)
    except (click.Abort, KeyboardInterrupt, RefusedError):
        if dialogue.typed != typed or draft:
            number = keep_core(laptop, project_id, dialogue.typed, draft)
            click.echo(err=True)
            say(
                _(
                    "kept as draft {number}; to go on: permille draft finish {number}",
                    number=number,
                ),
                err=True,
            )
        raise


class _Dialogue:
    """What was typed of one core so far, and what is asked next."""

    def __init__(self, laptop: "Laptop", project_id: str, typed: TypedCore) -> None:
        self.typed = typed
        self._laptop = laptop
        self._project_id = project_id

    def ask(self) -> None:
        """Ask for the place, the tool and the layers, and whether to save them."""
        begun = self._begin()
        say(_core_at(begun), err=True)
        self._ask_tool(begun)
        self._ask_layers(begun)
        self._ask_questions()
        self._show(begun)
        if not agreed(_("Save?"), default=True):
            raise click.Abort

    def _begin(self) -> BegunCore:
        """Return where the core belongs; ask until that can be."""
        while True:
            if not self.typed.point:
                point = _asked(_("Point, as PLOT/POINT"))
                self.typed = replace(self.typed, point=point)
                continue
            try:
                return begin_core(self._laptop, self._project_id, self.typed)
            except RefusedError as error:
                self._mend_place(error)

    def _mend_place(self, error: RefusedError) -> None:
        say(error.text, "  ", err=True)
        if error.code == "no_such_point" and agreed(_("A new point?")):
            self.typed = replace(self.typed, is_new_point=True)
        elif error.code == "already_here" and agreed(_("One more core there?")):
            self.typed = replace(self.typed, is_another=True)
        elif "--campaign" in error.hint:
            self.typed = replace(self.typed, campaign=_asked(_("Campaign")))
        else:
            self.typed = replace(self.typed, point="")

    def _ask_tool(self, begun: BegunCore) -> None:
        default = {one.field: said(one.value) for one in begun.defaults}
        for name in CARRIED:
            if name in self.typed.texts:
                continue
            text = self._asked_text(name, default.get(name, ""))
            if text and text != default.get(name):
                texts = {**self.typed.texts, name: text}
                self.typed = replace(self.typed, texts=texts)

    def _asked_text(self, name: str, default: str) -> str:
        def wrong(text: str) -> Problem | None:
            return text_problem(name, text) if text else None

        prompt = _PROMPTS[name]
        if not default:
            prompt = _("{prompt} (may be left out)", prompt=prompt)
        return _asked_until(prompt, default, wrong)

    def _ask_layers(self, begun: BegunCore) -> None:
        """Ask for layer after layer, until a label is empty."""
        while self._ask_layer(begun):
            pass

    def _ask_questions(self) -> None:
        """Ask what the project asks of its own about a core."""
        asked = asked_form(self._laptop.store, self._project_id, "core")
        if asked is not None:
            kept = dict(self.typed.answers)
            found = ask_each(self._laptop, asked, kept, self._laptop.clock.now())
            self.typed = replace(self.typed, answers={**kept, **found})

    def _ask_layer(self, begun: BegunCore) -> bool:
        def wrong(text: str) -> Problem | None:
            return self._wrong_layer(read_layer(text), begun) if text else None

        text = _asked_until(self._next_layer(begun), "", wrong)
        if not text:
            return False
        layer = read_layer(text)
        if not layer.mass_g:
            layer = self._with_mass(layer, begun)
        self.typed = replace(self.typed, layers=(*self.typed.layers, layer))
        return True

    def _next_layer(self, begun: BegunCore) -> str:
        """Return the prompt of the next layer, with the depths that it has by itself."""
        read = read_layers([*self.typed.layers, TypedLayer("?")], begun.usual_cm)
        fields = read[-1].fields
        top = fields.get("depth_top_cm")
        if "depth_bottom_cm" in fields:
            end = fields["depth_bottom_cm"]
            return _("{top}-{end} cm, label (none: no more layers)", top=top, end=end)
        return _("From {top} cm, BOTTOM=LABEL (none: no more layers)", top=top)

    def _with_mass(self, layer: TypedLayer, begun: BegunCore) -> TypedLayer:
        def wrong(text: str) -> Problem | None:
            return self._wrong_layer(layer._replace(mass_g=text), begun)

        mass = _asked_until(_("  mass as taken, g (may be left out)"), "", wrong)
        return layer._replace(mass_g=mass)

    def _wrong_layer(self, layer: TypedLayer, begun: BegunCore) -> Problem | None:
        every = [*self.typed.layers, layer]
        _, problems = layer_problems(
            self._laptop, self._project_id, every, begun.usual_cm
        )
        return problems[0] if problems else None

    def _show(self, begun: BegunCore) -> None:
        chosen = {one.field: one.value for one in begun.defaults}
        chosen |= self.typed.texts
        fields = joined([field_said(name, value) for name, value in chosen.items()])
        say(named(_core_at(begun), fields), err=True)
        rows = [
            [one.fields.get(name) for name in _COLUMNS]
            for one in read_layers(self.typed.layers, begun.usual_cm)
        ]
        for line in table_lines(LAYERS, rows, err=True):
            click.echo(line, err=True)


def _core_at(begun: BegunCore) -> Phrase:
    return _(
        "core at {point} in {campaign}", point=begun.point, campaign=begun.campaign
    )


_COLUMNS: Final = ("depth_top_cm", "depth_bottom_cm", "sample_code", "field_mass_g")


def _asked_until(
    prompt: str, default: str, wrong: Callable[[str], Problem | None]
) -> str:
    """Ask until the answer is right; Enter takes the default."""
    while True:
        text = _asked(prompt, default, may_be_empty=True)
        problem = wrong(text)
        if problem is None:
            return text
        say(f"  {problem_said(problem)}", "    ", err=True)


def _asked(prompt: str, default: str = "", *, may_be_empty: bool = False) -> str:
    shown = f"{said(prompt)} [{default}]" if default else said(prompt)
    while True:
        answer = click.prompt(shown, default=default, show_default=False, err=True)
        text = str(answer).strip()
        if text or may_be_empty:
            return text
