"""A bad disk: errors of system calls through strace, lost power, flipped bits.

Lost power is rebuilt from a recording of what a process wrote and when it called
fsync: a disk may hold any part of what was written since the last fsync of that file,
in any order, and half of a write as well.
"""

import re
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

STRACE = shutil.which("strace")
_OPENING = {"openat", "close"}
CALLS = "openat,close,pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename"
#: Longer than a page of SQLite: strace cuts what is longer.
MOST_BYTES = 70_000
SECTOR = 512


def why_no_strace():
    """Return why system calls cannot be traced here; nothing when they can."""
    if STRACE is None:
        return "strace is not installed (Debian and Ubuntu: apt install strace)"
    command = [STRACE, "-f", "-o", "/dev/null", "true"]
    tried = subprocess.run(command, check=False, capture_output=True)
    return None if tried.returncode == 0 else f"strace may not trace: {tried.stderr!r}"


_WHY = why_no_strace()
needs_strace = pytest.mark.skipif(_WHY is not None, reason=str(_WHY))


def failing(command, call, error, when="1+"):
    """Return the command line under which a system call fails with an error."""
    inject = f"inject={call}:error={error}:when={when}"
    words = [STRACE, "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
    return [*words, *command]


@contextmanager
def failing_process(pid, call, error):
    """Fail a system call of a running process for a while, in all its threads."""
    inject = f"inject={call}:error={error}"
    words = [STRACE, "-f", "-p", str(pid), "-o", "/dev/null"]
    tracer = subprocess.Popen(
        [*words, "-e", f"trace={call}", "-e", inject],
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for_line(tracer.stderr, "attached")
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=30)


def _wait_for_line(project_id, word):
    for line in project_id:
        if word in line:
            # The threads are attached right after the process itself.
            time.sleep(0.2)
            return
    raise AssertionError("strace did not attach")


def recorded(command, trace, inject=()):
    """Return the command line that records what the process does to the disk."""
    # -D: the process we start is the command, not strace.
    words = [STRACE, "-D", "-f", "-xx", "-s", str(MOST_BYTES), "-o", str(trace)]
    faults = [word for one in inject for word in ("-e", f"inject={one}")]
    return [*words, "-e", f"trace={CALLS}", *faults, *command]


# Lost power ------------------------------------------------------------------


@dataclass
class File:
    """One file as the disk has it, and what was written to it since."""

    durable: bytearray = field(default_factory=bytearray)
    written: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self):
        for offset, data in self.written:
            _put(self.durable, offset, data)
        self.written.clear()

    def after_power_loss(self, rng):
        """Return one state that the disk may be left in."""
        image = bytearray(self.durable)
        share = rng.choice((0.0, 0.5, 0.9, 1.0))
        for offset, data in self.written:
            if rng.random() < share:
                _put(image, offset, data)
            elif data is not None and rng.random() < 0.2:
                torn = rng.randrange(0, len(data) + 1, min(SECTOR, len(data)))
                _put(image, offset, data[:torn])
        return bytes(image)


def _put(image, offset, data):
    """Write data at an offset; None cuts or extends the file to there."""
    if data is None:
        del image[offset:]
        image.extend(bytes(offset - len(image)))
        return
    image.extend(bytes(max(0, offset - len(image))))
    image[offset : offset + len(data)] = data


#: Stands for the open directory itself.
DIRECTORY = File()


class Disk:
    """The files of one directory as a trace tells of them, call by call."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.names = {
            path.name: File(bytearray(path.read_bytes()))
            for path in self.directory.iterdir()
            if path.is_file() and not path.name.endswith("-shm")
        }
        self.durable_names = dict(self.names)
        self.said = ""
        self._open = {}

    def call(self, name, words, result):
        """Take in one system call that ended."""
        getattr(self, f"_{name}")(words, result)

    def _openat(self, words, result):
        path = Path(_bytes(words[1]).decode())
        if _failed(result):
            return
        if path == self.directory:
            self._open[result.split()[0]] = DIRECTORY
        elif path.parent == self.directory and not path.name.endswith("-shm"):
            self._open[result.split()[0]] = self.names.setdefault(path.name, File())

    def _close(self, words, _):
        self._open.pop(words[0], None)

    def _pwrite64(self, words, result):
        file = self._open.get(words[0])
        if file and not _failed(result):
            done = int(result.split()[0])
            file.written.append((int(words[3]), _bytes(words[1])[:done]))

    def _ftruncate(self, words, result):
        file = self._open.get(words[0])
        if file and not _failed(result):
            file.written.append((int(words[1]), None))

    def _fsync(self, words, result):
        file = self._open.get(words[0])
        if file is DIRECTORY:
            self.durable_names = dict(self.names)
        elif file and _failed(result):
            # What Linux does: the pages count as clean, and are never written.
            file.written.clear()
        elif file:
            file.sync()
            self.durable_names |= {n: f for n, f in self.names.items() if f is file}

    _fdatasync = _fsync

    def _unlink(self, words, _):
        self.names.pop(self._name(words[0]), None)

    def _rename(self, words, _):
        old, new = self._name(words[0]), self._name(words[1])
        if old in self.names:
            self.names[new] = self.names.pop(old)

    def _write(self, words, _):
        if words[0] in {"1", "2"}:
            self.said += _bytes(words[1]).decode(errors="replace")

    def end_process(self):
        """Forget the file handles of a process that ended."""
        self._open.clear()

    def image(self, path, rng):
        """Write the files as they may be found after power was lost now."""
        path.mkdir(parents=True)
        names = self.names if rng.random() < 0.5 else self.durable_names
        for name, file in names.items():
            (path / name).write_bytes(file.after_power_loss(rng))

    def _name(self, word):
        path = Path(_bytes(word).decode())
        return path.name if path.parent == self.directory else ""


def _failed(result):
    return result.startswith("-1")


def _bytes(word):
    return bytes.fromhex(word.strip('"').replace("\\x", ""))


_LINE = re.compile(rb"(\d+) +(\w+)\((.*)\) += (-?\d+.*)")
_BEGUN = re.compile(rb"(\d+) +(\w+)\((.*?),? <unfinished \.\.\.>")
_RESUMED = re.compile(rb"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+.*)")


def calls(trace):
    """Return every call that ended with the place in the trace where its line ends."""
    begun, place = {}, 0
    with Path(trace).open("rb") as lines:
        for line in lines:
            place += len(line)
            if found := _BEGUN.match(line):
                thread, name, words = found.groups()
                begun[thread] = words
                continue
            found = _RESUMED.match(line) or _LINE.match(line)
            if found is None:
                continue
            thread, name, words, result = found.groups()
            if line.split(maxsplit=2)[1] == b"<...":
                words = begun.pop(thread) + words
            texts = [word.strip() for word in words.decode().split(",")]
            yield name.decode(), texts, result.decode(), place


def images(disk, trace, path, rng, most):
    """Lose power at random calls; return each image with what was said by then.

    Returns triples of a directory, what the process had printed, and the place in
    the trace; each directory is removed when the next one is asked for.
    """
    told = list(calls(trace))
    moments = [n for n, (name, *_) in enumerate(told) if name not in _OPENING]
    chosen = sorted(rng.choices(moments, k=most))
    for number, (name, words, result, place) in enumerate(told):
        disk.call(name, words, result)
        while chosen and chosen[0] == number:
            chosen.pop(0)
            image = path / f"image{number}-{len(chosen)}"
            disk.image(image, rng)
            yield image, disk.said, place
            shutil.rmtree(image)
    disk.end_process()


# Flipped bits ----------------------------------------------------------------


def flip_bits(path, seed, count=1):
    """Flip single bits of a file at random places; return their byte offsets."""
    rng = Random(seed)
    content = bytearray(path.read_bytes())
    offsets = [rng.randrange(len(content)) for _ in range(count)]
    for offset in offsets:
        content[offset] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return offsets
