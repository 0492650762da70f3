"""What an answer must be, whatever was asked; and that it holds nothing of others."""

import base64
import json
import re
import zipfile
import zlib
from functools import cache
from io import BytesIO
from urllib.parse import unquote_plus

from defusedxml.ElementTree import fromstring
from jsonschema import Draft202012Validator

from schemas.messages import NDJSON
from server.http.description.document import openapi
from server.http.phones import is_of_phone
from tests.collect import ANSWER

#: What an answer may be besides that of the document: a part, nothing new, all of a range.
NOT_TOLD = {206, 304}
_CODE = re.compile(r"Traceback \(most recent|File \"[^\"]+\", line \d+")
_IMAGE = re.compile(rb"data:image/[\w+]+;base64,([A-Za-z0-9+/=]+)")


def faults_of(request, caller, status, headers, body):
    """Return what is wrong with an answer; nothing where all is well."""
    found = []
    if status >= 500:
        found.append(f"status {status}")
    text = opened(body)
    if code := _CODE.search(text):
        found.append(f"code: {code[0]}")
    found += [f"tells {mark}" for mark in marks_in(request, caller, text, headers)]
    kind = headers.get("Content-Type", "").partition(";")[0]
    if status >= 400 and request.method != "HEAD":
        found += why_no_refusal(request, kind, body)
    if request.route and request.method != "HEAD":
        found += why_not_as_told(request, status, kind, body)
    return found


def marks_in(request, caller, text, headers):
    """Return the marks in an answer that its reader may not see, and did not say."""
    asked = unquote_plus(request.path) + (request.body or b"").decode(errors="replace")
    held = f"{text}\n{dict(headers)}"
    return sorted({mark for mark in caller.unseen.findall(held) if mark not in asked})


def opened(body):
    """Return what a body says, with the files of an archive and the drawings of a page."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    if body.startswith(b"%PDF"):
        body = b"\n".join(_streams(body))
    images = [base64.b64decode(one) for one in _IMAGE.findall(body)]
    return b"\n".join([body, *images]).decode(errors="replace")


def _streams(body):
    for raw in re.findall(rb"stream\r?\n(.*?)endstream", body, re.DOTALL):
        try:
            yield zlib.decompress(raw)
        except zlib.error:
            yield raw


def why_no_refusal(request, kind, body):
    """Return why a refusal does not say what to do, in the way of its address."""
    path = request.path.partition("?")[0]
    if kind == "text/html":
        return _no_page(body) if is_of_desk(path) else [f"a page at {path}"]
    if kind == "text/xml":
        return _no_message(body) if is_of_phone(path) else [f"XML at {path}"]
    if not kind.endswith("json"):
        return [f"a refusal as {kind}"]
    told = json.loads(body)
    if "error" in told and path.startswith("/odata"):
        return [] if told["error"]["message"] else ["an error without words"]
    return [] if told.get("hint") and told.get("code") else ["a problem without a hint"]


def is_of_desk(path):
    """Return whether an address is one of the desk."""
    return path == "/" or path.startswith("/desk")


def _no_page(body):
    page = body.decode()
    if "permille-server person link" in page:
        return []
    box = page.partition('class="refusal"')[2].partition("</div>")[0]
    # What is wrong, and what to do.
    return [] if len(re.findall("<p>.+?</p>", box, re.DOTALL)) > 1 else ["no hint"]


def _no_message(body):
    said = fromstring(body).find(f"{ANSWER}message")
    return [] if said is not None and said.text else ["no message"]


def _is_unread(status, kind, body):
    """Return whether a head was refused before its address was known, such as a long one."""
    is_problem = status == 400 and kind == "application/problem+json"
    return is_problem and json.loads(body)["code"] == "bad_request"


def why_not_as_told(request, status, kind, body):
    """Return why an answer is not what the document says of it."""
    if status in NOT_TOLD or _is_unread(status, kind, body):
        return []
    told = openapi()["paths"][request.route][request.method.lower()]["responses"]
    answer = told.get(str(status)) or (told["default"] if status >= 400 else None)
    if answer is None:
        return [f"status {status} is not told"]
    if "content" not in answer:
        return [f"a body that is not told: {body[:80]!r}"] if body else []
    ((expected, of),) = answer["content"].items()
    if kind != expected.partition(";")[0]:
        return [f"{kind}, not {expected}"]
    return _why_misshapen(of.get("schema"), kind, body)


def _why_misshapen(shape, kind, body):
    if shape is None or not kind.endswith("json"):
        return []
    judge = _judge(json.dumps(shape))
    wrong = [
        each
        for line in (body.splitlines() if kind == NDJSON else [body])
        for each in judge.iter_errors(json.loads(line))
    ]
    return [f"{one.json_path}: {one.message[:200]}" for one in wrong[:2]]


@cache
def _judge(shape):
    """Return what compares with a shape of the document, a JSON text."""
    document = {"components": openapi()["components"], **json.loads(shape)}
    return Draft202012Validator(document)
