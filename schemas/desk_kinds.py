"""What the pages of the desk refuse, in words, and what to do next."""

from typing import Final

from schemas.problem_kind import Kind

#: What pages of the desk refuse.
DESK: Final[dict[str, Kind]] = {
    "bad_sign_in_link": Kind(
        "the link was used already, has ended, or never was one",
        "ask for another one: permille-server person link",
        403,
    ),
    "foreign_page": Kind(
        "the request came from a page of another address",
        "open the desk at its own address, and do it there",
        403,
    ),
    "not_allowed": Kind(
        "your roles do not allow this",
        "ask who manages people for the role: permille-server person grant",
        403,
    ),
    "no_such_organisation": Kind(
        "there is no such organisation, or it has projects that you may not see",
        "choose one of those that are listed",
        404,
    ),
    "no_such_project": Kind(
        "there is no such project, or none that you may see",
        "choose one of those that are listed",
        404,
    ),
}
