"""Every answer passes here: request ids, problem documents, the log line."""

import json
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

import structlog
from aiohttp import web

from schemas.problem_kinds import KINDS
from schemas.problems import Problem
from server.clock import Clock
from server.errors import RequestError, ServerError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: The content type of an error (RFC 9457).
PROBLEM_JSON: Final = "application/problem+json"

CLOCK: Final = web.AppKey("clock", Clock)
_LOG: Final = structlog.get_logger("permille.http")

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
    request_id, begun_ms = clock.new_id(), clock.now_ms()
    response = await _answer(request, handler, request_id)
    _LOG.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status,
        duration_ms=clock.now_ms() - begun_ms,
        request_id=request_id,
    )
    return response


async def _answer(
    request: web.Request, handler: Handler, request_id: str
) -> web.StreamResponse:
    try:
        return await handler(request)
    except RequestError as error:
        response = problem_response(error.problem, request_id, error.more)
        response.headers.update(error.headers)
        return response
    except web.HTTPException as error:
        code = _BY_STATUS.get(error.status, "bad_message")
        return problem_response(Problem(code, detail=request.path), request_id)
    except ServerError as error:
        _LOG.exception("storage", request_id=request_id, hint=error.hint)
        return problem_response(Problem("storage", detail=error.text), request_id)
    except Exception:  # noqa: BLE001 - the edge: a fault of ours, logged with its id
        _LOG.exception("fault", request_id=request_id)
        return problem_response(Problem("internal"), request_id)


def problem_response(
    problem: Problem, request_id: str, more: Mapping[str, object] = MappingProxyType({})
) -> web.Response:
    """Return the problem document of a problem."""
    kind = KINDS[problem.code]
    document = {
        **more,
        "type": f"urn:permille:problem:{problem.code}",
        "title": kind.text,
        "status": kind.status,
        "code": problem.code,
        "detail": problem.detail,
        "hint": kind.hint,
        "request_id": request_id,
    }
    headers = (
        {"Retry-After": "5"}
        if kind.status == web.HTTPServiceUnavailable.status_code
        else {}
    )
    return web.Response(
        body=json.dumps(document).encode(),
        status=kind.status,
        content_type=PROBLEM_JSON,
        headers=headers,
    )


async def trim_headers(request: web.Request, response: web.StreamResponse) -> None:  # noqa: ARG001 - aiohttp's signature
    """Send no header that says nothing: bytes count on a bad link.

    Each answer of a sync says the time itself; a proxy adds a Date where one is needed.
    """
    response.headers.pop("Server", None)
    response.headers.pop("Date", None)
