"""The files in docs/examples are what their own programs take."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def checked(*command):
    """Run a program that checks a file; it finds nothing wrong."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def certificate(folder):
    """Write a certificate and its key, as nginx asks for them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "permille")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "permille.pem").write_bytes(made.public_bytes(pem))
    said = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "permille.key").write_bytes(said)


def test_caddy_takes_its_file():
    file = EXAMPLES / "Caddyfile"
    checked("caddy", "validate", "--config", file, "--adapter", "caddyfile")


def test_nginx_takes_its_file(tmp_path):
    certificate(tmp_path)
    shutil.copy(EXAMPLES / "nginx.conf", tmp_path)
    path = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "nginx"
    checked(path, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf")


@pytest.mark.parametrize("name", ["permille.service", "permille-derive.service"])
def test_systemd_takes_its_units(tmp_path, name):
    unit = (EXAMPLES / name).read_text("utf-8")
    program = "/opt/permille/bin/permille-server"
    assert program in unit
    # A program that is there: this machine has no installation.
    (tmp_path / name).write_text(unit.replace(program, sys.executable), "utf-8")
    assert checked("systemd-analyze", "verify", tmp_path / name) == ""


def test_each_command_of_an_example_is_one_that_there_is():
    from server.cli import main  # noqa: PLC0415 - only this test asks for it

    for unit in EXAMPLES.glob("*.service"):
        (line,) = [
            each
            for each in unit.read_text("utf-8").splitlines()
            if "ExecStart=" in each
        ]
        words = line.split()
        assert any(word in main.commands for word in words), line
