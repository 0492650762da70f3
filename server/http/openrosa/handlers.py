"""/v1/key/{token}/projects/{project}: the forms of a phone, and what was filled in."""

import asyncio
import hashlib
from functools import partial
from typing import Final

from aiohttp import web

from schemas import limits
from server.access.phones import who_fills_in
from server.errors import refuse
from server.files.keeping import keep_file
from server.http.guards import CLOCK
from server.http.keys import BLOBS, METRICS, READS, SPEAKERS, STORE, WAKE
from server.http.openrosa.documents import ListedFile, form_list, manifest
from server.http.openrosa.receiving import Arrival, arrival
from server.http.phones import XML, message
from server.phones.filled import FilledForm, FormError, read_filled
from server.phones.form import FormFile, form_of, md5_of
from server.phones.lists import list_file, template_of
from server.phones.names import FORMS, LISTS
from server.phones.scan_code import address_of
from server.phones.taking_in import ReceivedForm, receive
from server.phones.told import told
from server.store.phone_values import Phone
from server.store.port import Holds

_CSV: Final = "text/csv"
_FULL: Final = "phone_quota"


async def get_form_list(request: web.Request) -> web.Response:
    """Return the forms of the project; a phone that asks for them is in use."""
    phone = await _phone(request)
    now = request.app[CLOCK].stamp()
    await request.app[STORE].write(
        lambda tx: tx.update_device(phone.id, last_seen_at=now), Holds()
    )
    forms = [await _form(request, phone, form_id) for form_id in FORMS]
    return _xml(form_list(forms, _address(request, phone)))


async def get_form(request: web.Request) -> web.Response:
    """Return a form as XForm."""
    phone = await _phone(request)
    return _xml((await _form(request, phone, request.match_info["form"])).xml)


async def get_manifest(request: web.Request) -> web.Response:
    """Return the lists of a form, with the hashes by which a phone knows new ones."""
    phone = await _phone(request)
    form_id = request.match_info["form"]
    at = f"{_address(request, phone)}/forms/{form_id}/attachments"
    files = []
    for name in _lists(form_id):
        data = await _list(request, phone, name)
        file = f"{name}.csv"
        files.append(ListedFile(file, md5_of(data), f"{at}/{file}"))
    return _xml(manifest(files))


async def get_list(request: web.Request) -> web.Response:
    """Return a list that a form chooses from."""
    phone = await _phone(request)
    name = request.match_info["name"]
    if name not in _lists(request.match_info["form"]):
        raise refuse("not_found", f"the form has no list {name[:60]}")
    data = await _list(request, phone, name)
    return web.Response(body=data, content_type=_CSV, charset="utf-8")


async def head_submission(request: web.Request) -> web.Response:
    """Say where forms are sent, and above how many bytes in several requests."""
    phone = await _phone(request)
    headers = {
        "Location": f"{_address(request, phone)}/submission",
        "X-OpenRosa-Accept-Content-Length": str(limits.SUBMISSION_SPLIT_BYTES),
    }
    return web.Response(status=web.HTTPNoContent.status_code, headers=headers)


async def post_submission(request: web.Request) -> web.Response:
    """Keep a form and its files; a repeat is harmless."""
    phone = await _phone(request)
    store, speakers = request.app[STORE], request.app[SPEAKERS]
    full = await speakers.why_full(phone, store)
    async with arrival(request) as came:
        received = _received(came)
        # A form is kept to the letter: it takes room as a file does.
        await speakers.count_file(request, store, len(came.xml), _FULL)
        for file in came.files:
            if request.app[BLOBS].files.state(file.sha256) is None:
                await speakers.count_file(request, store, file.size, _FULL)
            await keep_file(store, request.app[BLOBS], file.sha256, file.content)
        done = await receive(store, request.app[CLOCK], phone, received, full)
    verdicts = [verdict for _, verdict in done.became]
    if verdicts:
        request.app[WAKE].set()
        request.app[METRICS].count_changes(verdicts)
    return _xml(message(told(done), "submit_success"), web.HTTPCreated.status_code)


def _received(came: Arrival) -> ReceivedForm:
    filled = _filled(came.xml)
    files = [(each.name, each.sha256, each.size, each.mime) for each in came.files]
    return ReceivedForm(filled, came.xml, hashlib.sha256(came.xml).hexdigest(), files)


def _filled(xml: bytes) -> FilledForm:
    try:
        filled = read_filled(xml)
    except FormError as error:
        raise refuse("bad_form", str(error)) from None
    if filled.form_id not in FORMS:
        raise refuse("unknown_form", filled.form_id)
    return filled


async def _phone(request: web.Request) -> Phone:
    """Return the phone that speaks, and count its request until it is answered."""
    speakers, store = request.app[SPEAKERS], request.app[STORE]
    token, project_id = request.match_info["token"], request.match_info["project"]
    ask = partial(who_fills_in, store, token, project_id)
    phone = await speakers.asked(request, token, ask)
    speakers.begin(request, phone, speakers.limits.requests_per_laptop)
    return phone


def _address(request: web.Request, phone: Phone) -> str:
    return address_of(phone, request.match_info["token"])


async def _form(request: web.Request, phone: Phone, form_id: str) -> FormFile:
    if form_id not in FORMS:
        raise refuse("unknown_form", form_id[:60])
    template = await request.app[STORE].read(
        partial(template_of, project_id=phone.project_id)
    )
    return await asyncio.to_thread(form_of, form_id, template)


def _lists(form_id: str) -> tuple[str, ...]:
    if form_id not in FORMS:
        raise refuse("unknown_form", form_id[:60])
    return tuple(LISTS[form_id])


async def _list(request: web.Request, phone: Phone, name: str) -> bytes:
    async with request.app[READS].hold(1):
        return await request.app[STORE].read(
            partial(list_file, project_id=phone.project_id, name=name)
        )


def _xml(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type=XML, charset="utf-8")
