"""Run the real commands as their users would, and keep what they said."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class UnexpectedError(Exception):
    """A command ended otherwise than the story says."""


@dataclass
class Stage:
    """The folder of the demo and everything typed in it."""

    folder: Path
    typed: list[str] = field(default_factory=list)

    def permille(
        self, laptop: str, *arguments: object, ends: Iterable[int] = (0,)
    ) -> dict[str, Any]:
        """Type `permille ... --json` on a laptop; return its document."""
        home = ["--home", str(self.home(laptop))]
        return self._run("collector", home, arguments, ends)

    def server(self, *arguments: object, ends: Iterable[int] = (0,)) -> Any:  # noqa: ANN401
        """Type `permille-server ... --json`; return its document."""
        data = ["--data", str(self.folder / "server")]
        return self._run("server", data, arguments, ends)

    def home(self, laptop: str) -> Path:
        """Return the home directory of a laptop."""
        return self.folder / laptop

    def _run(
        self,
        package: str,
        where: list[str],
        given: tuple[object, ...],
        ends: Iterable[int],
    ) -> Any:  # noqa: ANN401
        words = [*map(str, given), "--json"]
        command = {"collector": "permille", "server": "permille-server"}[package]
        self.typed.append(" ".join([command, *where, *words]))
        done = subprocess.run(
            [sys.executable, "-m", package, *where, *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode not in set(ends):
            said = (done.stdout + done.stderr).strip()
            raise UnexpectedError(
                f"{self.typed[-1]}\nended with {done.returncode}:\n{said}"
            )
        return json.loads(done.stdout)


class Server:
    """The server process of the demo on a free loopback port."""

    def __init__(self, stage: Stage, port: int = 0) -> None:
        log = stage.folder / "server.log"
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "server"),
                    *("--data", str(stage.folder / "server")),
                    *("run", "--port", str(port)),
                ],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if "http" not in line:
            raise UnexpectedError(f"the server did not start:\n{log.read_text()}")
        self.url = line.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self) -> None:
        """Stop the process by its id."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()
