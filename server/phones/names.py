"""What the forms of phones and their questions are called, where not as a field. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

#: The ids of the forms.
CORE_FORM: Final = "permille_core"
PHOTO_FORM: Final = "permille_photos"
FORMS: Final = (CORE_FORM, PHOTO_FORM)
#: The files of each form, which its questions choose from.
LISTS: Final[Mapping[str, Sequence[str]]] = {
    CORE_FORM: ("campaigns", "plots", "points"),
    PHOTO_FORM: ("plots", "points"),
}

#: Who fills in, from the settings of Collect.
PERSON: Final = "username"
#: What narrows the points; of a photo it is the record that it is of.
PLOT: Final = "plot"
POINT: Final = "point_id"
#: When; Collect writes its own form of it.
SAMPLED_AT: Final = "sampled_at"
#: A position: latitude, longitude, altitude and accuracy in one answer.
PLACE: Final = "place"
#: The repeats: one for each bag, and for each photo.
LAYER: Final = "layer"
PHOTOS: Final = "photos"
PHOTO: Final = "photo"
#: The label of a bag, and one that could not be scanned.
SAMPLE_CODE: Final = "sample_code"
TYPED_CODE: Final = "typed_code"
