"""The proxy counts bytes and requests exactly, on known exchanges."""

import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from benchmarks.peers.link import Link
from benchmarks.peers.proxy import proxy_before


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def echoing():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def traded(url, bodies):
    """Trade bodies over one connection, in bytes that are known."""
    found = urlsplit(url)
    sent = b"".join(
        b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        for body in bodies
    )
    answer = b"".join(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        for body in bodies
    )
    with socket.create_connection((found.hostname, found.port)) as connection:
        connection.sendall(sent)
        got = b""
        while len(got) < len(answer):
            got += connection.recv(65536)
    assert got == answer
    return len(sent), len(answer)


def test_bytes_and_requests_of_a_known_exchange_are_exact():
    bodies = [b"", b"a" * 10, b"GET / HTTP/1.1\r\n\r\n" * 10_000]
    with echoing() as url, proxy_before(url) as proxy:
        up, down = traded(proxy.url, bodies)
        traded(proxy.url, [b"once more"])
    small = b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nonce more"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonce more"
    assert proxy.traffic.as_data() == {
        "connections": 2,
        "requests": 4,
        "bytes_up": up + len(small),
        "bytes_down": down + len(answer),
    }


def test_a_client_of_the_standard_library_is_counted_too():
    with echoing() as url, proxy_before(url) as proxy:
        connection = HTTPConnection(urlsplit(proxy.url).netloc)
        for _ in range(7):
            connection.request("POST", "/", b"x" * 1000)
            assert connection.getresponse().read() == b"x" * 1000
        connection.close()
    assert (proxy.traffic.connections, proxy.traffic.requests) == (1, 7)


def test_a_link_brings_everything_in_order():
    # So fast that the test does not wait.
    link = Link(bits_s=1e9, round_trip_s=0.001, loss=0.0)
    with echoing() as url, proxy_before(url, link) as proxy:
        traded(proxy.url, [bytes(range(256)) * 400])
    assert proxy.traffic.requests == 1
