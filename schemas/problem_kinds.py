"""Every problem code once: what it says, what to do about it, its HTTP status."""

from types import MappingProxyType
from typing import Final

from schemas.desk_kinds import DESK
from schemas.phone_kinds import PHONE_CUSTODY, PHONE_HTTP
from schemas.problem_kind import Kind
from schemas.question_kinds import ANSWERS, QUESTIONS
from schemas.request_kinds import REQUESTS
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
    | REQUESTS
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
        "Requests": tuple(REQUESTS),
        "Requests of phones": tuple(PHONE_HTTP),
        "The desk": tuple(DESK),
    }
)
