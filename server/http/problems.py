"""Problem documents (RFC 9457): what every refusal is answered with."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web

from schemas.problem_kinds import KINDS
from schemas.problems import Problem

#: The content type of an error.
PROBLEM_JSON: Final = "application/problem+json"


def problem_response(
    problem: Problem, request_id: str, more: Mapping[str, object] = MappingProxyType({})
) -> web.Response:
    """Return the problem document of a problem."""
    status = KINDS[problem.code].status
    is_away = status == web.HTTPServiceUnavailable.status_code
    return web.Response(
        body=json.dumps({**more, **_document(problem, request_id)}).encode(),
        status=status,
        content_type=PROBLEM_JSON,
        headers={"Retry-After": "5"} if is_away else {},
    )


def raw_problem(problem: Problem) -> bytes:
    """Return a whole answer for a connection that is closed before a request is served."""
    body = json.dumps(_document(problem, "")).encode()
    status = KINDS[problem.code].status
    head = (
        f"HTTP/1.1 {status} {web.Response(status=status).reason}\r\n"
        f"Content-Type: {PROBLEM_JSON}\r\nContent-Length: {len(body)}\r\n"
        "Retry-After: 5\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _document(problem: Problem, request_id: str) -> dict[str, Any]:
    kind = KINDS[problem.code]
    return {
        "type": f"urn:permille:problem:{problem.code}",
        "title": kind.text,
        "status": kind.status,
        "code": problem.code,
        "detail": problem.detail,
        "hint": kind.hint,
        "request_id": request_id,
    }
