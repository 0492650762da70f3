"""Receivers of the tests: what real ones say, through real ports and sockets."""

import contextlib
import json
import os
import select
import socket
import threading
import tty
from functools import reduce

GPSD_VERSION = b'{"class":"VERSION","release":"3.25","rev":"3.25","proto_major":3,"proto_minor":15}'
GPSD_DEVICES = (
    b'{"class":"DEVICES","devices":[{"class":"DEVICE","path":"/dev/ttyACM0",'
    b'"driver":"u-blox","subtype":"SW ROM CORE 3.01"}]}'
)
GPSD_SKY = b'{"class":"SKY","device":"/dev/ttyACM0","hdop":0.62,"nSat":31,"uSat":23}'


def sentence(text):
    """Return a sentence with its checksum, as it goes over the wire."""
    total = reduce(lambda found, char: found ^ ord(char), text, 0)
    return f"${text}*{total:02X}\r\n".encode()


def minutes(degrees, width):
    whole = int(abs(degrees))
    return f"{whole:0{width}d}{(abs(degrees) - whole) * 60:010.7f}"


def second(
    number, lat, lon, *, quality=1, satellites=12, sigma=(1.2, 0.9), day="010626"
):
    """Return what a receiver of several systems says in one second, GST last."""
    at = f"12{number // 60:02d}{number % 60:02d}.00"
    place = (
        f"{minutes(lat, 2)},{'N' if lat >= 0 else 'S'},"
        f"{minutes(lon, 3)},{'E' if lon >= 0 else 'W'}"
    )
    if not quality:
        place = ",,,"
    lines = [
        f"GNRMC,{at},{'A' if quality else 'V'},{place},0.02,,{day},,,A,V",
        "GNVTG,,T,,M,0.020,N,0.037,K,A",
        f"GNGGA,{at},{place},{quality},{min(satellites, 12):02d},0.62,123.4,M,47.1,M,,",
        "GNGSA,A,3,10,12,15,17,19,23,24,25,28,32,,,1.10,0.62,0.91,1",
        "GNGSA,A,3,66,67,68,76,77,,,,,,,,1.10,0.62,0.91,2",
        "GPGSV,1,1,04,10,62,281,45,12,34,120,41,15,21,066,38,17,45,090,42,1",
        "GAGSV,1,1,02,03,44,120,40,05,33,220,37,7",
        f"GLGLL,{place.replace(',', ',', 1)},{at},A,A",
    ]
    if satellites > 12 and quality:
        lines.insert(3, f"GNGNS,{at},{place},AAAA,{satellites},0.62,123.4,47.1,,,V")
    if sigma and quality:
        lines.append(f"GNGST,{at},22,,,,{sigma[0]},{sigma[1]},2.1")
    return b"".join(map(sentence, lines))


def recorded(lat=48.8512345, lon=2.3512345):
    """Return a morning: noise, no fix, bad checksums, a good while, one wild fix."""
    whole = b"\xb5\x62\x01\x07garbled" + sentence(
        "GNTXT,01,01,02,u-blox AG - www.u-blox.com"
    )
    for n in range(5):
        whole += second(n, lat, lon, quality=0, satellites=n)
    for n in range(5, 30):
        north, east = (n % 5 - 2) * 4e-6, (n % 3 - 1) * 5e-6
        said = second(n, lat + north, lon + east, satellites=23)
        if n in {9, 14}:
            said = said.replace(b"GNGGA,12", b"GNGGA,13", 1).replace(
                b"GNGNS,12", b"GNGNS,13", 1
            )
        if n == 20:
            said = second(n, lat + 0.01, lon, satellites=23)
        whole += said
    return whole


def tpv(number, lat, lon, **more):
    """Return a report of gpsd."""
    said = {
        "class": "TPV",
        "device": "/dev/ttyACM0",
        "mode": 3,
        "time": f"2026-06-01T12:00:{number:02d}.000Z",
        "lat": lat,
        "lon": lon,
        "eph": 2.4,
    }
    return json.dumps(said | more).encode()


@contextlib.contextmanager
def served(*pieces, then="close", first=None):
    """Listen on a loopback port, send pieces to whoever comes, then close or be silent.

    `first` is what is to be heard before anything else is said.
    """
    ended = threading.Event()
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    if first is not None:
                        connection.sendall(first)
                        heard.append(connection.recv(4096))
                    for piece in pieces:
                        connection.sendall(piece)
                    if then == "silent":
                        ended.wait(30)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            ended.set()
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@contextlib.contextmanager
def plugged(data, *, pulled=False):
    """Speak through a pseudo terminal as through a cable, again and again; perhaps pull it.

    A terminal holds some thousand bytes, so what was said much more than that was heard.
    """
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    name, ended = os.ttyname(theirs), threading.Event()

    def speak():
        said = 0
        while not ended.is_set() and not (pulled and said > 100_000):
            # Who opens a terminal throws away what it holds, and wakes nobody.
            select.select([], [ours], [], 0.01)
            start = said % len(data)
            with contextlib.suppress(BlockingIOError):
                said += os.write(ours, data[start : start + 512])
        os.close(ours)

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield name
    finally:
        ended.set()
        thread.join(10)
        os.close(theirs)
