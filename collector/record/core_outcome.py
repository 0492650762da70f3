"""What became of a core that was typed: messages as data, and what to type next."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from collector.record.core_defaults import FilledIn
from collector.record.typed_layers import ReadLayer
from schemas.plausibility.records import Warned
from schemas.problems import Problem
from schemas.told import option_name

#: What stands in a command for a value that has to be typed anew.
_TO_TYPE: Final = {
    "sample_code": "LABEL",
    "depth_top_cm": "CM",
    "depth_bottom_cm": "CM",
    "field_mass_g": "G",
}
_DEPTHS: Final = ("depth_top_cm", "depth_bottom_cm")


@dataclass(frozen=True, slots=True)
class SavedBag:
    """A bag that is on disk."""

    id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RefusedBag:
    """A bag that cannot stand, why, and the command that saves it once it can."""

    layer: ReadLayer
    problems: Sequence[Problem]
    command: str

    @property
    def to_type(self) -> str:
        """Return what of the layer is to be typed anew, the rest left out."""
        wrong = {problem.path for problem in self.problems}
        ends = [_TO_TYPE[name] for name in _DEPTHS if name in wrong]
        # The end of a layer stands alone, its beginning never does.
        both = "depth_top_cm" in wrong
        depth = f"{'CM-CM' if both else 'CM'}=" if ends else ""
        label = _TO_TYPE["sample_code"] if "sample_code" in wrong else ""
        mass = f":{_TO_TYPE['field_mass_g']}" if "field_mass_g" in wrong else ""
        return f"{depth}{label}{mass}" or self.layer.typed.text

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "line": self.layer.number,
            "typed": self.layer.typed.text,
            "problems": [problem.as_data() for problem in self.problems],
            "next": self.command,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreOutcome:
    """What of a core was saved, what was filled in, what is odd, and what is left to do.

    `answers` are to the project's own questions. `draft` is the number under which the refused bags are kept. `explained` counts the
    warnings that were given a reason.
    """

    core_id: str
    name: str
    fields: Mapping[str, Any]
    saved: Sequence[SavedBag]
    refused: Sequence[RefusedBag]
    filled_in: Sequence[FilledIn]
    warnings: Sequence[Warned]
    answers: Mapping[str, str] = field(default_factory=dict)
    new_point: str = ""
    draft: int | None = None
    explained: int = 0

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "id": self.core_id,
            "type": "core",
            "name": self.name,
            "fields": dict(self.fields),
            "bags": [{"id": one.id, "fields": dict(one.fields)} for one in self.saved],
            "refused": [one.as_data() for one in self.refused],
            "answers": dict(self.answers),
            "filled_in": {
                one.field: {"value": one.value, "source": one.source}
                for one in self.filled_in
            },
            "warnings": [self._warning(one) for one in self.warnings],
            "new_point": self.new_point or None,
            "draft": self.draft,
            "explained": self.explained,
        }

    def named(self, one: Warned) -> str:
        """Return what the record is called that a warning is about."""
        codes = {bag.id: str(bag.fields["sample_code"]) for bag in self.saved}
        if one.record_id == self.core_id:
            return self.name
        return codes.get(one.record_id, "")

    def _warning(self, one: Warned) -> dict[str, Any]:
        said = {"type": one.record_type, "name": self.named(one)}
        return said | one.warning.as_data() | {"explained": one.explained}


def bag_command(core: str, layer: ReadLayer, problems: Sequence[Problem]) -> str:
    """Return the command that saves a bag once what is wrong with it was typed anew."""
    wrong = {problem.path for problem in problems}
    words = ["permille sample add --core", shlex.quote(core)]
    for name, to_type in _TO_TYPE.items():
        value = layer.fields.get(name)
        if name in wrong:
            words.append(f"--{option_name(name)} {to_type}")
        elif value is not None:
            said = f"{value:.10g}" if isinstance(value, float) else str(value)
            words.append(f"--{option_name(name)} {shlex.quote(said)}")
    return " ".join(words)
