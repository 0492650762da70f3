"""An answer of the server is read whole or not at all."""

import pytest

from collector.rules.reply import CutReplyError, read_reply, read_rows
from tests.unit.collector.replies import end, hello, lines, row, verdict


def test_a_whole_answer_is_read():
    reply = read_reply(lines(hello(), row(q=3), end()))
    assert (reply.received, reply.more) == (1, False)


@pytest.mark.parametrize("kept", range(3))
def test_an_answer_cut_anywhere_before_its_end_is_no_answer(kept):
    whole = lines(hello(), row(q=3), row(q=4), end())
    with pytest.raises(CutReplyError):
        read_reply(whole[:kept])


def test_an_answer_cut_inside_its_last_line_is_no_answer():
    whole = lines(hello(), end())
    with pytest.raises(CutReplyError):
        read_reply([whole[0], whole[1][:-3]])


def test_what_comes_after_the_end_is_not_taken():
    with pytest.raises(CutReplyError):
        read_reply(lines(hello(), end(), row(q=3)))


def test_a_page_of_the_internet_cafe_is_no_answer():
    with pytest.raises(CutReplyError):
        read_reply([b"<html>please log in</html>"])


@pytest.mark.parametrize("kept", range(3))
def test_rows_that_repair_are_read_whole_or_not_at_all(kept):
    whole = [*lines(row(q=3), row(q=4)), b'{"k":"end","epoch":"e"}']
    assert read_rows(whole)[0] == "e"
    with pytest.raises(CutReplyError):
        read_rows(whole[:kept])
    with pytest.raises(CutReplyError):
        read_rows([*whole[:2], whole[2][:-2]])
    with pytest.raises(CutReplyError):
        read_rows([*lines(verdict(None)), whole[2]])
