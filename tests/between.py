"""What lies between laptop and server, played on loopback: answers, proxies, certificates."""

import asyncio
import ssl
import threading
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@contextmanager
def in_background(opened):
    """Keep an asynchronous context open in a thread of its own; return what it gives."""
    ready, found = threading.Event(), []

    async def main():
        stop = asyncio.Event()
        async with opened as value:
            found.extend((value, asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    # Ends what is still under way, too: a connection that a proxy holds open.
    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    value, loop, stop = found
    try:
        yield value
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@asynccontextmanager
async def _serving(answer, tls):
    runner = web.ServerRunner(web.Server(answer), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@contextmanager
def answering(answer, tls=None):
    """Answer every request by a coroutine; return the port."""
    with in_background(_serving(answer, tls)) as port:
        yield port


@contextmanager
def always(status, body="", headers=(), content_type="text/html"):
    """Answer every request alike; return the port and what was asked."""
    asked = []

    async def answer(request):
        asked.append((request.method, request.path, await request.read()))
        return web.Response(
            status=status, text=body, headers=dict(headers), content_type=content_type
        )

    with answering(answer) as port:
        yield port, asked


# Certificates ----------------------------------------------------------------------


class Issuer:
    """Who signs certificates of a test."""

    def __init__(self, folder):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test issuer")])
        made = _builder(self.name, self.name, self.key.public_key(), days=(-1, 1000))
        made = made.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.file = folder / "issuer.pem"
        self.file.write_bytes(_pem(made.sign(self.key, hashes.SHA256())))

    def context(self, host="localhost", days=(-1, 100), *, signed_by_itself=False):
        """Return what a server of a host shows, valid from one day to another."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        issuer, signer = (name, key) if signed_by_itself else (self.name, self.key)
        made = _builder(name, issuer, key.public_key(), days)
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        made = made.add_extension(names, critical=False)
        file = self.folder / f"{host}{days}{signed_by_itself}.pem"
        file.write_bytes(
            _pem(made.sign(signer, hashes.SHA256()))
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(file)
        return found


def _builder(subject, issuer, public_key, days):
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


# A proxy ---------------------------------------------------------------------------


@asynccontextmanager
async def _proxying(target_port, seen, refuse):
    """Speak CONNECT as a proxy of an office does; every name leads to one port."""

    under_way = set()

    async def handle(reader, writer):
        under_way.add(asyncio.current_task())
        async with closed(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            seen.append(head.decode())
            if refuse:
                said = f"HTTP/1.1 {refuse} No\r\nContent-Length: 0\r\n\r\n"
                writer.write(said.encode())
                return
            found = await asyncio.open_connection("127.0.0.1", target_port)
            there_reader, there = found
            async with closed(there):
                if head.startswith(b"CONNECT"):
                    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    there.write(head)
                await asyncio.gather(
                    _carry(reader, there), _carry(there_reader, writer)
                )

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


@asynccontextmanager
async def closed(writer):
    """Close a connection when it is done with, whatever ended it."""
    try:
        yield
    finally:
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()


async def _carry(reader, writer):
    try:
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
        writer.close()
    except OSError:
        writer.close()


@contextmanager
def proxying(target_port, refuse=None):
    """Run a proxy in front of a port; return its port and the heads it was sent."""
    seen = []
    with in_background(_proxying(target_port, seen, refuse)) as port:
        yield port, seen
