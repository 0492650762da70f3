"""Photos made small, to be looked at on a page."""

import io
import warnings
from typing import Final

_SIDE_PX: Final = 640
#: Unpacked at once, a larger picture would take more than 200 MB.
_MOST_PX: Final = 50_000_000
_QUALITY: Final = 80


def small_picture(data: bytes) -> bytes | None:
    """Return a photo as a JPEG of 640 pixels at most, the right way up.

    None where the file is no picture that can be unpacked here.
    """
    # Costs 50 ms; wanted only when a page is looked at.
    from PIL import Image, ImageOps  # noqa: PLC0415

    with warnings.catch_warnings():
        # The number of pixels is looked at below.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
                # A JPEG unpacks to an eighth where that will do.
                image.draft("RGB", (_SIDE_PX, _SIDE_PX))
                if image.width * image.height > _MOST_PX:
                    return None
                upright = ImageOps.exif_transpose(image)
                upright.thumbnail((_SIDE_PX, _SIDE_PX))
                made = io.BytesIO()
                upright.convert("RGB").save(made, "JPEG", quality=_QUALITY)
        except Exception:  # noqa: BLE001 - a library meets a stranger's bytes
            return None
    return made.getvalue()
