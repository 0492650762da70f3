"""Requests are counted as they pass, wherever the network cuts them."""

import pytest

from benchmarks.peers.heads import RequestCounter

PLAIN = b"GET /v1/ HTTP/1.1\r\nHost: here\r\n\r\n"
SIZED = b"POST /sync HTTP/1.1\r\ncontent-length: 40\r\nHost: here\r\n\r\n"
#: Looks like a request, and is the body of one.
BODY = b"GET /no HTTP/1.1\r\nHost: not a request\r\n\r\n"
CHUNKED = (
    b"PUT /bags HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    b"29;why=not\r\n" + BODY + b"\r\n003\r\nabc\r\n0\r\nSum: 1\r\n\r\n"
)
EMPTY = b"POST /none HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
SENT = b"".join(
    [
        PLAIN,
        SIZED.replace(b"40", str(len(BODY)).encode()),
        BODY,
        CHUNKED.replace(b"29;", f"{len(BODY):x};".encode()),
        EMPTY,
        PLAIN,
    ]
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, len(SENT)])
def test_each_head_is_counted_once(size):
    counter = RequestCounter()
    for start in range(0, len(SENT), size):
        counter.feed(SENT[start : start + size])
    assert counter.requests == 5


def test_a_head_that_is_not_all_there_is_no_request():
    counter = RequestCounter()
    counter.feed(PLAIN[:-1])
    assert counter.requests == 0


def test_what_is_no_http_is_refused():
    with pytest.raises(ValueError, match="first line of a request"):
        RequestCounter().feed(b"\x16\x03\x01 hello\r\n\r\n")
