"""Answers about a core, judged one by one as they are typed."""

from collections.abc import Sequence

from collector.laptop.laptop import Laptop
from collector.record.bag_entry import judged_bags
from collector.record.typed_layers import ReadLayer, TypedLayer, read_layers
from schemas.fields import FieldError
from schemas.problems import Problem
from schemas.records import TYPES


def text_problem(name: str, text: str) -> Problem | None:
    """Return what is wrong with a text for one field of a core."""
    field = TYPES["core"].fields[name]
    try:
        field.check(field.read(text))
    except FieldError as error:
        found = error.problem
        return Problem(found.code, name, found.value, found.detail)
    return None


def layer_problems(
    laptop: Laptop,
    project_id: str,
    layers: Sequence[TypedLayer],
    usual_cm: Sequence[float],
) -> tuple[ReadLayer, Sequence[Problem]]:
    """Return the last of some layers with its depths, and what is wrong with it."""
    read = read_layers(layers, usual_cm)
    judged = judged_bags(laptop, project_id, laptop.clock.new_id(), "", {}, read)
    wrong = {one.layer.number: one.problems for one in judged.refused}
    return read[-1], wrong.get(read[-1].number, ())
