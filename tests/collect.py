"""ODK Collect as its documentation and OpenRosa define it: what it asks for, and sends.

Bodies are written as the HTTP library of Collect writes them: a boundary that is a UUID, a
length in the head of each part, files under their own names, and the XML first in each of
the requests that a form takes.
"""

import base64
import hashlib
import io
import json
import zlib
from dataclasses import dataclass, field

from aiohttp import ClientSession
from defusedxml.ElementTree import fromstring

LISTED = "{http://openrosa.org/xforms/xformsList}"
FILES = "{http://openrosa.org/xforms/xformsManifest}"
ANSWER = "{http://openrosa.org/http/response}"
BOUNDARY = "b14b1b7a-0a0b-4a8e-9d3c-7e6b0a3c9d11"
HEADERS = {
    "User-Agent": "org.odk.collect.android/v2026.1.2 Dalvik/2.1.0",
    "X-OpenRosa-Version": "1.0",
    "Date": "Mon, 04 May 2026 08:15:00 GMT",
}
#: What Collect takes for done.
DONE = (201, 202)


def settings_of(code):
    """Return the settings that a scanned code holds."""
    return json.loads(zlib.decompress(base64.b64decode(code)))


def md5(data):
    return f"md5:{hashlib.md5(data, usedforsecurity=False).hexdigest()}"


def part(name, content, filename=None, kind="text/plain; charset=utf-8"):
    """Return one part of a body, as OkHttp writes it."""
    named = f'; filename="{filename}"' if filename else ""
    head = (
        f'Content-Disposition: form-data; name="{name}"{named}\r\n'
        f"Content-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"


def body_of(parts):
    """Return a body of parts."""
    mark = f"--{BOUNDARY}"
    inner = b"".join(f"{mark}\r\n".encode() + each for each in parts)
    return inner + f"{mark}--\r\n".encode()


def xml_part(xml):
    return part("xml_submission_file", xml, "Core_2026-05-04_10-15-00.xml", "text/xml")


def file_part(name, content, kind="image/jpeg"):
    return part(name, content, name, kind)


MORE = part("*isIncomplete*", b"yes")


@dataclass
class Said:
    """An answer: status, headers, and the message that Collect shows."""

    status: int
    headers: dict
    body: bytes

    @property
    def message(self):
        root = fromstring(self.body)
        assert root.tag == f"{ANSWER}OpenRosaResponse", self.body
        return root.find(f"{ANSWER}message").text


def told(answer, names, kind):
    """Return what a list of OpenRosa says of each of its entries."""
    for each in fromstring(answer.body).iter(f"{names}{kind}"):
        yield {child.tag.removeprefix(names): child.text for child in each}


@dataclass
class Collect:
    """One phone, which was set up by a code."""

    url: str
    forms: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)

    async def ask(self, method, path, **more):
        url = path if path.startswith("http") else self.url + path
        headers = HEADERS | more.pop("headers", {})
        async with (
            ClientSession() as session,
            session.request(method, url, headers=headers, **more) as answer,
        ):
            return Said(answer.status, dict(answer.headers), await answer.read())

    async def fetch(self):
        """Fetch the list of forms, then what is new of forms and their files."""
        listed = await self.ask("GET", "/formList")
        assert listed.status == 200, listed.body
        assert listed.headers["X-OpenRosa-Version"] == "1.0"
        assert "Date" in listed.headers
        assert listed.headers["Content-Type"] == "text/xml; charset=utf-8"
        fetched = []
        for said in told(listed, LISTED, "xform"):
            key = said["formID"]
            fetched += await self._new(self.forms, key, said)
            found = await self.ask("GET", said["manifestUrl"])
            for file in told(found, FILES, "mediaFile"):
                fetched += await self._new(self.files, file["filename"], file)
        return fetched

    async def _new(self, there, key, said):
        """Fetch what is not here, or here with another hash; return its name."""
        if there.get(key, ("",))[0] == said["hash"]:
            return []
        found = await self.ask("GET", said["downloadUrl"])
        assert md5(found.body) == said["hash"]
        there[key] = (said["hash"], found.body)
        return [key]

    async def send(self, xml, files=(), most=None):
        """Send a form with its files, in as many requests as it takes."""
        head = await self.ask("HEAD", "/submission")
        assert head.status == 204, head.status
        most = most or int(head.headers["X-OpenRosa-Accept-Content-Length"])
        target = head.headers["Location"]
        assert target.partition("//")[2].startswith(self.url.split("/")[2])
        rest, said = list(files), None
        while rest or said is None:
            parts, size = [xml_part(xml)], len(xml)
            while rest:
                name, content = rest.pop(0)
                parts.append(file_part(name, content))
                size += len(content)
                if rest and (len(parts) > 101 or size + len(rest[0][1]) > most):
                    parts.append(MORE)
                    break
            said = await self.post(body_of(parts), target)
            if said.status not in DONE:
                return said
        return said

    async def post(self, body, target="/submission", **more):
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        headers = kind | more.pop("headers", {})
        data = io.BytesIO(body) if isinstance(body, bytes) else body
        return await self.ask("POST", target, data=data, headers=headers, **more)


def filled(form_id, answers, instance="uuid:1", version="1"):
    """Return a form as Collect writes it; answers are XML."""
    return (
        "<?xml version='1.0' ?>"
        f'<data id="{form_id}" version="{version}"'
        ' xmlns:jr="http://openrosa.org/javarosa"'
        ' xmlns:orx="http://openrosa.org/xforms">'
        f"{answers}<orx:meta><orx:instanceID>{instance}</orx:instanceID>"
        "<orx:instanceName>A/1</orx:instanceName></orx:meta></data>"
    ).encode()


def layer(top, bottom, code, mass="", photo="", more=""):
    """Return the answers about one bag."""
    return (
        f"<layer><depth_top_cm>{top}</depth_top_cm>"
        f"<depth_bottom_cm>{bottom}</depth_bottom_cm>"
        f"<sample_code>{code}</sample_code><typed_code/>"
        f"<field_mass_g>{mass}</field_mass_g><photo>{photo}</photo>{more}</layer>"
    )


def core(point, campaign, layers, *, photos=(), more="", **said):
    """Return the answers about a core."""
    answers = {
        "username": "Ada Diallo",
        "campaign_id": campaign,
        "plot": "ignored",
        "point_id": point,
        "number": "1",
        "sampled_at": "2026-05-04T10:15:00.000+02:00",
        "place": "48.85 2.35 100.0 4.5",
        "tool": "corer",
        "inner_diameter_mm": "50",
    }
    answers |= said
    told = "".join(f"<{name}>{value}</{name}>" for name, value in answers.items())
    pictures = "".join(f"<photos><photo>{name}</photo></photos>" for name in photos)
    return told + "".join(layers) + pictures + more


def photos(plot, names, point=""):
    """Return the answers about photos of a plot or a point."""
    pictures = "".join(f"<photos><photo>{name}</photo></photos>" for name in names)
    return f"<username/><plot>{plot}</plot><point_id>{point}</point_id>{pictures}"
