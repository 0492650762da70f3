"""The questions of both forms, as rows of an XLSForm.

A question is called as the field of the record that its answer becomes, or by a name of
server.phones.names.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.fields import Choice, Integer, Number
from schemas.records import TYPES
from server.phones.names import (
    CORE_FORM,
    LAYER,
    PERSON,
    PHOTO,
    PHOTOS,
    PLACE,
    PLOT,
    SAMPLE_CODE,
    SAMPLED_AT,
    TYPED_CODE,
)
from server.phones.words import BELOW_TOP, CHOICES, FROM_TO, LANGUAGES, QUESTIONS, Words

#: What is chosen from a file.
_FILES: Final = {"campaign_id": "campaigns", "plot": "plots", "point_id": "points"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FormTemplate:
    """What the administrators of a project say beforehand of its cores."""

    code: str
    title: str
    layer_depths_cm: Sequence[float] = ()
    usual_tool: str | None = None
    usual_diameter_mm: float | None = None

    @classmethod
    def of(cls, project: Mapping[str, Any]) -> "FormTemplate":
        """Return what a project says."""
        return cls(
            str(project.get("code") or ""),
            str(project.get("title") or ""),
            tuple(project.get("layer_depths_cm") or ()),
            project.get("usual_tool"),
            project.get("usual_diameter_mm"),
        )


def rows_of(form_id: str, template: FormTemplate) -> list[Row]:
    """Return the questions of a form, in their order."""
    rows = _core(template) if form_id == CORE_FORM else _photos()
    return [{"type": "username", "name": PERSON}, *rows]


def choice_rows() -> list[Row]:
    """Return the choices of closed lists."""
    return [
        {"list_name": name, "name": code, **_label(words)}
        for name, codes in CHOICES.items()
        for code, words in codes.items()
    ]


def _core(template: FormTemplate) -> Iterator[Row]:
    yield _chosen("campaign_id", required="yes")
    yield _chosen("plot", required="yes")
    yield _chosen("point_id", required="yes", choice_filter=f"plot=${{{PLOT}}}")
    yield _asked("core", "number", required="yes", default="1")
    yield _asked("core", SAMPLED_AT, type="dateTime", required="yes", default="now()")
    yield {"type": "geopoint", "name": PLACE, **_label(QUESTIONS[PLACE])}
    yield _asked("core", "moved_because")
    yield _asked("core", "tool", default=template.usual_tool or "")
    usual_mm = template.usual_diameter_mm
    yield _asked(
        "core", "inner_diameter_mm", default=f"{usual_mm:g}" if usual_mm else ""
    )
    yield _asked("core", "cores_composited", default="1")
    yield _asked("core", "composite_radius_m", relevant="${cores_composited} > 1")
    yield {"type": "begin repeat", "name": LAYER, **_label(QUESTIONS[LAYER])}
    yield from _bag(template.layer_depths_cm)
    yield {"type": "end repeat"}
    yield _asked("core", "depth_reached_cm")
    yield _asked("core", "stop_reason")
    yield from _pictures()
    yield _asked("core", "note", appearance="multiline")


def _bag(depths_cm: Sequence[float]) -> Iterator[Row]:
    before = f"indexed-repeat(${{depth_bottom_cm}}, ${{{LAYER}}}, position(..) - 1)"
    top = f"if(position(..) > 1, {before}, 0)"
    yield _asked("sample", "depth_top_cm", required="yes", default=top)
    yield _asked(
        "sample", "depth_bottom_cm", required="yes", default=_by_place(depths_cm)
    ) | _held(". > ${depth_top_cm}", BELOW_TOP)
    yield {
        "type": "barcode",
        "name": SAMPLE_CODE,
        **_label(QUESTIONS[SAMPLE_CODE]),
    }
    yield {
        "type": "text",
        "name": TYPED_CODE,
        "relevant": "${sample_code} = ''",
        "required": "yes",
        **_label(QUESTIONS[TYPED_CODE]),
    }
    yield _asked("sample", "field_mass_g")
    yield _photo_row("bag_photo")
    yield _asked("sample", "note")


def _by_place(depths_cm: Sequence[float]) -> str:
    """Return the usual lower end of each layer, by its place among them."""
    said = "''"
    for place, depth_cm in reversed(list(enumerate(depths_cm, start=1))):
        said = f"if(position(..) = {place}, {depth_cm:g}, {said})"
    return said if depths_cm else ""


def _photos() -> Iterator[Row]:
    yield _chosen("plot", required="yes")
    yield _chosen(
        "point_id", choice_filter=f"plot=${{{PLOT}}}", words=QUESTIONS["point_of_photo"]
    )
    yield from _pictures()


def _pictures() -> Iterator[Row]:
    yield {"type": "begin repeat", "name": PHOTOS, **_label(QUESTIONS[PHOTOS])}
    yield _photo_row(PHOTO)
    yield {"type": "end repeat"}


def _photo_row(words: str) -> Row:
    # Sharp enough to read a label, and a tenth of what a phone takes.
    return {
        "type": "image",
        "name": PHOTO,
        "parameters": "max-pixels=2048",
        **_label(QUESTIONS[words]),
    }


def _chosen(name: str, words: Words | None = None, **more: str) -> Row:
    return {
        "type": f"select_one_from_file {_FILES[name]}.csv",
        "name": name,
        "appearance": "autocomplete",
        **_label(words or QUESTIONS[name]),
        **more,
    }


def _asked(record_type: str, name: str, **more: str) -> Row:
    """Return the question for a field: its type and limits are those of the field."""
    field = TYPES[record_type].fields[name]
    said = {key: value for key, value in more.items() if value}
    row: Row = {"type": "text", "name": name, **_label(QUESTIONS[name])}
    match field:
        case Choice():
            row["type"] = f"select_one {name}"
        case Integer() | Number():
            row["type"] = "integer" if isinstance(field, Integer) else "decimal"
            low = ">" if getattr(field, "low_open", False) else ">="
            # No exponents: XPath has none.
            ends = (f"{field.low:.10g}", f"{field.high:.10g}")
            told = Words(*(words.format(*ends) for words in FROM_TO))
            row |= _held(f". {low} {ends[0]} and . <= {ends[1]}", told)
        case _:
            pass
    return row | said


def _held(rule: str, words: Words) -> Row:
    """Return what an answer must be, and what is said where it is not."""
    return {
        "constraint": rule,
        **_in_each("constraint_message", words),
    }


def _label(words: Words) -> Row:
    return _in_each("label", words)


def _in_each(column: str, words: Words) -> Row:
    return {
        f"{column}::{language}": said
        for language, said in zip(LANGUAGES, words, strict=True)
    }
