"""What requests are refused for, in words, and what to do next."""

from typing import Final

from schemas.problem_kind import Kind

REQUESTS: Final = {
    "bad_json": Kind("the body is not valid JSON", "send valid JSON", 400),
    "bad_message": Kind(
        "the body is not a message of the sync protocol", "update the program", 400
    ),
    "bad_encoding": Kind(
        "the body cannot be unpacked", "send it again; check the link", 400
    ),
    "cut_body": Kind("the body ended early", "send it again", 400),
    "bad_chain": Kind(
        "the hash chain of the log does not fit",
        "run the sync again; if it stays, ask the administrator",
        409,
    ),
    "log_gap": Kind(
        "the log has a hole before the first change", "send from need_from", 409
    ),
    "fork": Kind(
        "this log went on elsewhere: the laptop's data was copied or restored",
        "begin a new log where both agree; permille sync does it by itself",
        409,
    ),
    "bad_signature": Kind(
        "the push is not signed by the device's key",
        "enrol this laptop anew: permille enrol",
        403,
    ),
    "foreign_log": Kind(
        "the log belongs to another laptop", "enrol this laptop anew", 403
    ),
    "protocol_unknown": Kind(
        "the server does not speak this protocol", "update the program", 400
    ),
    "no_token": Kind("the request carries no device token", "run: permille enrol", 401),
    "bad_token": Kind(
        "the server does not know this device, or it was revoked",
        "ask the administrator for a new code, then run: permille enrol",
        401,
    ),
    "bad_code": Kind(
        "the enrolment code is unknown, used or expired",
        "ask the administrator for a new code",
        403,
    ),
    "no_read_token": Kind(
        "the request carries no token",
        "send it as Authorization: Bearer, or as the password of Basic with any name;"
        " the administrator makes one: permille-server token create",
        401,
    ),
    "bad_read_token": Kind(
        "the server does not know this token, or it expired or was revoked",
        "ask the administrator for a new one: permille-server token create",
        401,
    ),
    "unknown_parameter": Kind(
        "the address takes no such parameter",
        "remove it or correct its name",
        400,
    ),
    "bad_parameter": Kind(
        "a parameter has a value that it cannot take",
        "correct the value; see docs/connect.md",
        400,
    ),
    "not_supported": Kind(
        "the service does not do that",
        "leave it out; docs/connect.md says what is done",
        400,
    ),
    "not_found": Kind("there is nothing at this address", "check the address", 404),
    "method_not_allowed": Kind(
        "the address does not take this method", "see docs/protocol.md", 405
    ),
    "bad_request": Kind(
        "what was sent is no HTTP that the server understands",
        "check the address and what lies between: a proxy, or https where http is spoken",
        400,
    ),
    "too_many_guesses": Kind(
        "too many wrong codes or tokens came from this address",
        "wait as long as Retry-After says, then try again with the right one",
        429,
    ),
    "quota": Kind(
        "this laptop has sent as much as it may",
        "nothing is lost, it stays on the laptop; ask the administrator for more:"
        " permille-server limits",
        403,
    ),
    "too_many_at_once": Kind(
        "as many requests are under way as one laptop, phone or program may have",
        "wait a moment; run one sync at a time",
        429,
    ),
    "too_slow": Kind("the body took too long to arrive", "try again", 408),
    "too_large": Kind("the body is larger than allowed", "send smaller batches", 413),
    "unknown_encoding": Kind(
        "unknown content encoding", "send identity, gzip or zstd", 415
    ),
    "unknown_media_type": Kind(
        "unknown content type", "send application/x-ndjson or application/json", 415
    ),
    "bad_header": Kind("a header is missing or wrong", "update the program", 400),
    "blob_foreign": Kind(
        "no live record of this laptop's projects names the file",
        "sync the record first, then the file",
        403,
    ),
    "blob_offset": Kind(
        "the bytes sent do not begin where the file ends here",
        "go on from Upload-Offset",
        409,
    ),
    "blob_length": Kind(
        "the length is not the one its record names", "attach the file again"
    ),
    "blob_type": Kind(
        "the file is not of the type its record names",
        "attach JPEG, PNG, WebP, HEIC or PDF",
        415,
    ),
    "blob_hash": Kind(
        "the file does not have the SHA-256 it was sent under; it was dropped here",
        "send it again from its beginning",
    ),
    "disk_full": Kind(
        "the server has no room left for files; records are still taken",
        "tell the administrator; the file stays where it is",
        507,
    ),
    "busy": Kind("the server is busy or stopping", "try again in a moment", 503),
    "not_ready": Kind(
        "the server cannot serve requests just now",
        "the detail says why; docs/operations.md says what to do",
        503,
    ),
    "storage": Kind(
        "the server cannot use its disk just now; it acknowledged nothing",
        "try again later; the administrator finds the reason in the server's log",
        503,
    ),
    "internal": Kind(
        "the server failed; the fault is logged under the request id",
        "try again; nothing acknowledged is lost",
        500,
    ),
}
