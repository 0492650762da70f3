"""Every problem code once: what it says, what to do about it, its HTTP status."""

from types import MappingProxyType
from typing import Final

from schemas.desk_kinds import DESK
from schemas.phone_kinds import PHONE_CUSTODY, PHONE_HTTP
from schemas.problem_kind import Kind
from schemas.question_kinds import ANSWERS, QUESTIONS
from schemas.warning_kinds import BETWEEN, IN_TABLES, WITHIN

_FIELD: Final = {
    "required": Kind("a value is required", "give a value"),
    "null": Kind("the field may not be empty", "give a value"),
    "unknown_field": Kind(
        "the record type has no such field", "remove it or correct its name"
    ),
    "not_an_object": Kind("a JSON object was expected", "send an object"),
    "not_text": Kind("text was expected", "give text"),
    "not_a_number": Kind("a number was expected", "give a plain number, such as 12.5"),
    "not_an_integer": Kind(
        "a whole number was expected", "give a whole number, such as 3"
    ),
    "not_true_or_false": Kind("true or false was expected", "give true or false"),
    "not_finite": Kind("infinite or undefined number", "give a finite number"),
    "out_of_range": Kind("the number is outside its limits", "check value and unit"),
    "too_long": Kind("the text is too long", "shorten it"),
    "blank": Kind("the text is blank", "give text, or leave the field out"),
    "bad_characters": Kind(
        "the text holds characters that cannot be stored safely",
        "remove control characters; type the text again",
    ),
    "surrounding_blanks": Kind(
        "a code may not begin or end with a blank", "remove the blanks"
    ),
    "not_in_list": Kind("the value is not in the code list", "choose one of the list"),
    "not_a_date": Kind("a date was expected", "write it as YYYY-MM-DD"),
    "not_an_instant": Kind(
        "a time with its offset was expected",
        "write it as YYYY-MM-DDTHH:MM:SS+HH:MM",
    ),
    "year_out_of_range": Kind("the year is outside 1800 to 2200", "check the year"),
    "not_an_id": Kind("a record id was expected", "give the id of a record"),
    "not_a_list": Kind("a list of texts was expected", "give a list"),
    "too_many": Kind("the list is too long", "shorten it"),
    "repeated": Kind("the list names something twice", "name it once"),
    "bad_attachment": Kind(
        "an attachment is not described as it must be",
        "attach the file again: permille attach",
    ),
    "bad_areas": Kind(
        "names of strata with their areas in ha were expected",
        "write each as NAME=HA, such as clay=1200",
    ),
    "not_depths": Kind(
        "depths of layers in cm were expected, from the surface down",
        "give the lower ends, such as 10 20 30",
    ),
    "not_a_polygon": Kind(
        "a GeoJSON Polygon or MultiPolygon in WGS84 was expected",
        "give longitude, latitude pairs; each ring closed, four positions or more",
    ),
}

_RULE: Final = {
    "depth_order": Kind(
        "the top of the layer is not above its bottom",
        "the top must be a smaller number than the bottom",
    ),
    "date_order": Kind("the end lies before the start", "correct one of the dates"),
    "pair_incomplete": Kind(
        "the value needs its companion field", "give both, or neither"
    ),
    "unit_not_allowed": Kind(
        "the unit does not fit the analyte", "choose a unit of the analyte"
    ),
    "value_missing": Kind(
        "a result needs a value, or a censored mark with a detection limit",
        "give the value, or censored and the detection limit",
    ),
    "kind_of_density": Kind(
        "the bulk density is outside the limits of its definition",
        "check value, unit and definition",
    ),
    "mass_order": Kind(
        "the dry masses exceed the field mass", "check the three masses"
    ),
    "either_or": Kind(
        "two fields say the same in two ways", "give one of them and empty the other"
    ),
    "not_itself": Kind("this names the same thing twice", "name another one"),
    "depth_beyond_core": Kind(
        "the layer ends below the depth the core reached",
        "correct the layer or the depth reached",
    ),
}

_CONTACT: Final = {
    "not_an_address": Kind(
        "a telephone number or an e-mail address was expected",
        "write +221 77 123 45 67, or name@example.org",
    ),
}

_CUSTODY: Final = {
    "unknown_type": Kind("no such record type", "update the program", 422),
    "derived_type": Kind(
        "derived records are computed by the server", "record samples and results"
    ),
    "unknown_op": Kind("no such operation", "update the program"),
    "unknown_schema": Kind(
        "the schema version is newer than this server knows", "update the server"
    ),
    "no_such_record": Kind(
        "the record to change is not on the server",
        "sync again; if it stays, add the record anew",
    ),
    "wrong_type": Kind(
        "the id belongs to a record of another type", "add the record anew"
    ),
    "parent_missing": Kind(
        "the record it belongs to is not on the server",
        "fix or send that record first, then send this one again",
    ),
    "parent_deleted": Kind(
        "the record it belongs to was deleted", "attach it to another record"
    ),
    "wrong_parent": Kind(
        "the reference points at a record of another type",
        "name a record of the type the field asks for",
    ),
    "key_taken": Kind(
        "another record of the project has this code",
        "look at the other record; the same thing: discard this one; another thing:"
        " give it another code",
    ),
    "scope_foreign": Kind(
        "this laptop has no access to the project",
        "ask the administrator for access; the change is kept",
    ),
    "may_not_begin": Kind(
        "this laptop may not begin projects, or has begun as many as it may",
        "ask the administrator to release it, or for access to a project that is there;"
        " what was recorded in it follows by itself",
    ),
    "code_in_use": Kind(
        "another project has this code",
        "give this one another code, or ask the administrator to release it;"
        " what was recorded in it follows by itself",
    ),
    "unreadable_change": Kind(
        "the line is not a change of the sync protocol", "update the program"
    ),
    "not_this_project": Kind(
        "a project's record carries the id of its stream", "add the project anew"
    ),
    "has_children": Kind(
        "other records belong to this one", "delete those first, or keep it"
    ),
    "scope_revoked": Kind(
        "this laptop's access to the project was withdrawn",
        "ask the administrator to release the change; it is kept",
    ),
    "waits_for": Kind(
        "it waits for a record that is not on the server yet",
        "fix or send that record; this one follows by itself",
    ),
    "parent_discarded": Kind(
        "the record that it needs was given up before it stood",
        "give it another record, or discard it too; should that one come after all,"
        " this one follows by itself",
    ),
    "too_many_held": Kind(
        "too many changes of the project wait for others",
        "fix what they wait for, then send this one again",
    ),
    "too_many_conflicts": Kind(
        "the record has as many open conflicts as one may have",
        "decide on some of them, then send this one again",
    ),
    "group_broken": Kind(
        "another change of the same sampling event cannot be applied",
        "fix that one; the whole event is sent again with it",
    ),
    "group_split": Kind(
        "the first changes of the same sampling event came in an earlier push",
        "send the whole event in one push: permille fix RECORD --resend",
    ),
    "purged_id": Kind(
        "the record was deleted long ago and its id is not used again",
        "sync, then add the record anew",
    ),
    "no_such_conflict": Kind(
        "the record has no such conflict", "see: permille conflicts"
    ),
    "foreign_change": Kind(
        "the change stands in for one of another laptop",
        "ask the administrator; the change is kept",
    ),
    "change_id_taken": Kind(
        "another laptop's change has the same id",
        "ask the administrator; the change is kept",
    ),
    "base_beyond_head": Kind(
        "it says that its author saw a row which the server has not written",
        "sync, look at the record, then send it again: permille fix RECORD --resend",
    ),
    "discarded": Kind(
        "an administrator gave the change up", "ask the administrator for the reason"
    ),
    "unknown_problem": Kind(
        "the server names a problem that this program does not know",
        "update the program",
    ),
}

_HTTP: Final = {
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

#: Every problem code, in the order of the documentation.
KINDS: Final = MappingProxyType(
    _FIELD
    | _RULE
    | QUESTIONS
    | WITHIN
    | BETWEEN
    | ANSWERS
    | IN_TABLES
    | _CONTACT
    | _CUSTODY
    | PHONE_CUSTODY
    | _HTTP
    | PHONE_HTTP
    | DESK
)

#: Codes that warn and never refuse.
WARNINGS: Final = frozenset(WITHIN | BETWEEN | ANSWERS | IN_TABLES)

#: The chapters of the generated reference.
CHAPTERS: Final = MappingProxyType(
    {
        "Field problems": tuple(_FIELD),
        "Problems across fields": tuple(_RULE),
        "Questions of a project": tuple(QUESTIONS),
        "Warnings": tuple(WITHIN),
        "Warnings between records": tuple(BETWEEN),
        "Warnings about answers": tuple(ANSWERS),
        "Warnings of tables": tuple(IN_TABLES),
        "Contacts": tuple(_CONTACT),
        "Custody and merge": tuple(_CUSTODY),
        "Custody of phones": tuple(PHONE_CUSTODY),
        "Requests": tuple(_HTTP),
        "Requests of phones": tuple(PHONE_HTTP),
        "The desk": tuple(DESK),
    }
)
