"""Every request passes here: who speaks, bounds, problem documents, the log line."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

import structlog
from aiohttp import web

from schemas.problems import Problem
from server.clock import Clock
from server.errors import DiskFullError, RequestError, ServerError
from server.http.connections import Connection, Door
from server.http.keys import FULL_DISK, METRICS, SPEAKERS
from server.http.phones import XML, is_of_phone, message, without_token
from server.http.problems import problem_response
from server.http.speakers import DEVICE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CLOCK: Final = web.AppKey("clock", Clock)
DOOR: Final = web.AppKey("door", Door)
_LOG: Final = structlog.get_logger("permille.http")
#: What a request is found to be on its way: the code of its refusal.
CODE: Final = web.RequestKey("code", str)

#: What nobody repeats: a code enrols once.
_ENROL: Final = "/v1/enrol"
#: Asked again and again by what watches a server.
_WATCHED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_DONE: Final = web.HTTPOk.status_code

_BY_STATUS: Final = {
    400: "bad_message",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unknown_media_type",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with a problem document that says what to do next."""
    clock = request.app[CLOCK]
    request_id, begun_s = clock.new_id(), _now_s()
    if isinstance(request.protocol, Connection):
        request.protocol.begin()
    try:
        response = await _answer(request, handler, request_id)
    finally:
        request.app[SPEAKERS].end(request)
    duration_s = _now_s() - begun_s
    request.app[METRICS].count_request(request, response.status, duration_s)
    if request.path not in _WATCHED:
        _tell(request, response.status, request_id, round(duration_s * 1000))
    return response


def _tell(request: web.Request, status: int, request_id: str, duration_ms: int) -> None:
    """Write the log line; of strangers only the first of a kind, then counts."""
    address = request.app[SPEAKERS].address_of(request)
    device = request.get(DEVICE)
    said = {
        "method": request.method,
        "path": without_token(request.path)[:200],
        "status": status,
        "duration_ms": duration_ms,
        "request_id": request_id,
        "address": address,
        "device": device,
        "code": request.get(CODE),
    }
    if device is not None or (request.path == _ENROL and status == _DONE):
        _LOG.info("request", **said)
        return
    kind = (address, str(request.get(CODE)))
    request.app[DOOR].log.note(_now_s(), "request", kind, **said)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


async def _answer(
    request: web.Request, handler: Handler, request_id: str
) -> web.StreamResponse:
    try:
        return await handler(request)
    except RequestError as error:
        request[CODE] = error.problem.code
        response = _refusal(request, error.problem, request_id, error.more)
        response.headers.update(error.headers)
        return response
    except web.HTTPException as error:
        request[CODE] = code = _BY_STATUS.get(error.status, "bad_message")
        detail = without_token(request.path)
        return _refusal(request, Problem(code, detail=detail), request_id)
    except ServerError as error:
        if isinstance(error, DiskFullError):
            request.app[FULL_DISK].note()
        _LOG.exception("storage", request_id=request_id, hint=error.hint)
        return _refusal(request, Problem("storage", detail=error.text), request_id)
    except Exception:  # noqa: BLE001 - the edge: a fault of ours, logged with its id
        _LOG.exception("fault", request_id=request_id)
        return _refusal(request, Problem("internal"), request_id)


def _refusal(
    request: web.Request,
    problem: Problem,
    request_id: str,
    more: Mapping[str, object] = MappingProxyType({}),
) -> web.Response:
    """Answer with a problem document; a phone shows what OpenRosa calls a message."""
    response = problem_response(problem, request_id, more)
    if is_of_phone(request.path):
        response.body = message(f"{problem.text}: {problem.hint}", "submit_error")
        response.content_type, response.charset = XML, "utf-8"
    return response


async def trim_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Send no header that says nothing: bytes count on a bad link.

    Each answer of a sync says the time itself. A laptop whose clock is off learns it from
    the Date where it enrols or is refused. OpenRosa asks for the date and its version.
    """
    response.headers.pop("Server", None)
    if is_of_phone(request.path):
        response.headers["X-OpenRosa-Version"] = "1.0"
        return
    if response.status < web.HTTPBadRequest.status_code and request.path != "/v1/enrol":
        response.headers.pop("Date", None)
