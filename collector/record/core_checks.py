"""What is wrong with a core: its answers as they are typed, and cores that are there."""

from collections.abc import Mapping, Sequence

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record.bag_entry import judged_bags
from collector.record.field_place import FieldPoint
from collector.record.typed_layers import ReadLayer, TypedLayer, read_layers
from collector.rules.overlay import RecordView
from schemas.fields import FieldError
from schemas.phrases import _, listed, ngettext
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


def already_sampled(
    laptop: Laptop,
    point: FieldPoint,
    campaign: RecordView,
    taken: Mapping[int, RecordView],
) -> RefusedError:
    """Return the error that says which cores are there already, and what to type."""
    said = []
    for number, core in sorted(taken.items()):
        bags = sum(
            one.type == "sample" for one in laptop.store.referring("core_id", [core.id])
        )
        at = str(core.fields["sampled_at"])[:16].replace("T", " ")
        with_bags = ngettext("{num} bag", "{num} bags", bags)
        is_there = {"number": number, "at": at, "bags": with_bags}
        said.append(_("core {number} of {at} with {bags}", **is_there))
    name = f"{point.label}/{campaign.fields['name']}"
    return RefusedError(
        _(
            "{point} was sampled in {campaign}: {cores}",
            point=point.label,
            campaign=campaign.fields["name"],
            cores=listed(said),
        ),
        _(
            "one more core: add --another; one more bag: permille sample add --core {core}"
            " ...; to look: permille core show {core}",
            core=f"{name}/{max(taken)}",
        ),
        code="already_here",
    )
