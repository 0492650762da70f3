"""The forms of a project as XForms, which pyxform makes of their questions."""

import hashlib
import json
from functools import lru_cache
from typing import Final, NamedTuple

from server.phones.names import CORE_FORM, PHOTO_FORM
from server.phones.questions import FormTemplate, choice_rows, rows_of
from server.phones.words import LANGUAGES, QUESTIONS

#: Projects whose forms are kept at hand.
_KEPT: Final = 200
_TITLES: Final = {CORE_FORM: "title_core", PHOTO_FORM: "title_photos"}
#: What a filled form is called in the lists of Collect.
_CALLED: Final = {
    CORE_FORM: "concat(jr:choice-name(${plot}, '${plot}'), '/',"
    " jr:choice-name(${point_id}, '${point_id}'), '/', ${number})",
    PHOTO_FORM: "jr:choice-name(${plot}, '${plot}')",
}


class FormFile(NamedTuple):
    """A form as phones fetch it; its version is made of what it says."""

    id: str
    name: str
    version: str
    xml: bytes

    @property
    def md5(self) -> str:
        """Return the MD5 by which Collect knows whether it has the form already."""
        return md5_of(self.xml)


@lru_cache(_KEPT)
def form_of(form_id: str, template: FormTemplate) -> FormFile:
    """Return a form of a project: the same bytes for the same template."""
    # pyxform costs 0.4 s: only where a form is asked for.
    from pyxform.xls2xform import convert  # noqa: PLC0415

    # What looks like a reference to a question is none in a title.
    code = template.code.replace("${", "$ {")
    name = f"{QUESTIONS[_TITLES[form_id]].en}: {code}"
    survey, choices = rows_of(form_id, template), choice_rows()
    used = {row["type"].partition(" ")[2] for row in survey if row.get("type")}
    spec = {
        "survey": survey,
        "choices": [row for row in choices if row["list_name"] in used],
    }
    said = json.dumps([name, spec], sort_keys=True).encode()
    version = hashlib.sha256(said).hexdigest()[:12]
    settings = {
        "form_id": form_id,
        "form_title": name,
        "version": version,
        "default_language": LANGUAGES[0],
        "instance_name": _CALLED[form_id],
    }
    made = convert({**spec, "settings": [settings]}, form_name="data")
    return FormFile(form_id, name, version, made.xform.encode())


def md5_of(data: bytes) -> str:
    """Return the MD5 of a file, as OpenRosa names it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
