"""Every problem of a phone once: of what it filled in, and of how it asks."""

from typing import Final

from schemas.problem_kind import Kind

PHONE_CUSTODY: Final = {
    "form_differs": Kind(
        "this phone sent the same form before with other answers",
        "look at both: permille-server phone show; release what is right,"
        " discard the rest",
    ),
    "recorded_before": Kind(
        "another form of this phone recorded it already, otherwise",
        "look at both: permille-server phone show; release it to replace what stands,"
        " or discard it and record it on a laptop",
    ),
    "label_twice": Kind(
        "two layers of one form have the same label",
        "look at the bags; record the other one on a laptop with its own label,"
        " then discard this",
    ),
}

PHONE_HTTP: Final = {
    "bad_phone_token": Kind(
        "the server does not know this phone, or it was revoked",
        "ask the administrator for a new code to scan: permille-server phone add;"
        " what is not sent stays on the phone",
        403,
    ),
    "bad_form": Kind(
        "this is no filled form that can be read",
        "send it again from ODK Collect; it stays on the phone",
        400,
    ),
    "unknown_form": Kind(
        "the project has no such form",
        "fetch the forms again; what was filled in stays on the phone",
        404,
    ),
    "form_too_large": Kind(
        "the form or its files are larger than a server takes",
        "take smaller photos, then send it again; it stays on the phone",
        413,
    ),
    "phone_quota": Kind(
        "this phone has sent as much as it may",
        "nothing is lost, it stays on the phone; ask the administrator for more:"
        " permille-server limits",
        403,
    ),
    "no_length": Kind(
        "the request does not say how long it is",
        "send Content-Length, or let the proxy between do so",
        411,
    ),
}
