"""The lists of OpenRosa: forms of a project, files of a form. Pure."""

from collections.abc import Iterable
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement

from server.http.phones import say, written
from server.phones.form import FormFile

_LIST: Final = "http://openrosa.org/xforms/xformsList"
_MANIFEST: Final = "http://openrosa.org/xforms/xformsManifest"


class ListedFile(NamedTuple):
    """A file of a form: its name, the MD5 of its content, where it is."""

    name: str
    md5: str
    url: str


def form_list(forms: Iterable[FormFile], address: str) -> bytes:
    """Return the forms of a project; each has a manifest of its lists."""
    root = Element("xforms", xmlns=_LIST)
    for form in forms:
        at = f"{address}/forms/{form.id}"
        found = SubElement(root, "xform")
        say(found, "formID", form.id)
        say(found, "name", form.name)
        say(found, "version", form.version)
        say(found, "hash", f"md5:{form.md5}")
        say(found, "downloadUrl", f"{at}.xml")
        say(found, "manifestUrl", f"{at}/manifest")
    return written(root)


def manifest(files: Iterable[ListedFile]) -> bytes:
    """Return the files of a form."""
    root = Element("manifest", xmlns=_MANIFEST)
    for file in files:
        found = SubElement(root, "mediaFile")
        say(found, "filename", file.name)
        say(found, "hash", f"md5:{file.md5}")
        say(found, "downloadUrl", file.url)
    return written(root)
