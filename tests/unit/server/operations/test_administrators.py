"""What is found in an audit log of administrators that somebody altered."""

import pytest

from schemas import chain
from server.operations.audit.administrators import check_administrators
from server.store.kept_values import AuditLine


class Lines:
    """Lines that are kept in memory."""

    def __init__(self, lines):
        self.lines = lines

    def kept(self, kind):
        assert kind is AuditLine
        return iter(self.lines)


def whole(count=4):
    digest, lines = chain.START, []
    for number in range(1, count + 1):
        digest = chain.link(digest, f"line {number}".encode())
        lines.append(AuditLine(number, f"line {number}", digest))
    return lines


def faults(lines):
    return [(one.where, one.what) for one in check_administrators(Lines(lines))]


def test_what_is_whole_has_no_fault():
    assert faults([]) == faults(whole()) == []


@pytest.mark.parametrize("place", [0, 1, 3])
def test_an_altered_line_is_named_and_no_other(place):
    lines = whole()
    lines[place] = lines[place]._replace(said="else")
    where = f"audit line {place + 1}"
    assert faults(lines) == [(where, "it, or its hash, was altered")]


@pytest.mark.parametrize("digest", [b"", b"\0" * 32])
def test_an_altered_hash_is_named_where_it_stands(digest):
    lines = whole()
    lines[1] = lines[1]._replace(hash=digest)
    assert faults(lines)[0][0] == "audit line 2"


def test_a_line_that_was_taken_out_is_missed():
    lines = whole()
    del lines[1]
    assert faults(lines) == [("audit line 3", "line 2 is missing before it")]


def test_lines_that_changed_places_are_found():
    first, second, *rest = whole()
    swapped = [second._replace(number=1), first._replace(number=2), *rest]
    assert [where for where, _ in faults(swapped)] == [
        "audit line 1",
        "audit line 2",
        "audit line 3",
    ]


def test_a_line_that_was_put_in_with_a_right_hash_does_not_fit_what_follows():
    lines = whole()
    forged = chain.link(lines[0].hash, b"forged")
    lines[1] = AuditLine(2, "forged", forged)
    assert faults(lines) == [("audit line 3", "it, or its hash, was altered")]
