"""One line of progress on a terminal; nothing elsewhere."""

import sys
from typing import TYPE_CHECKING

from collector.speech.spoken import said
from schemas.phrases import _
from schemas.screen import raw_errors

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressLine:
    """Shows on stderr how far a sync is; silent when asked to or without a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet or not sys.stderr.isatty()
        self._line: Progress | None = None
        self._task: TaskID | None = None
        self._total = 0

    def __call__(self, left: int, received: int) -> None:
        """Show how many changes are still to push, and how many rows came."""
        if self._quiet:
            return
        self._total = max(self._total, left)
        line, task = self._started()
        pushed = self._total - left
        counts = {"pushed": pushed, "total": self._total, "received": received}
        text = _(
            "{pushed} of {total} changes pushed, {received} rows received", **counts
        )
        line.update(
            task, total=max(self._total, 1), completed=pushed, description=said(text)
        )
        line.refresh()

    def close(self) -> None:
        """Take the line away for good."""
        self.clear()

    def clear(self) -> None:
        """Take the line away, so that what follows stands alone."""
        if self._line is not None:
            self._line.stop()
        self._line, self._task, self._total = None, None, 0

    def _started(self) -> "tuple[Progress, TaskID]":
        if self._line is None or self._task is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            # The report goes to stdout as it is: rich must not take that over.
            self._line = Progress(
                BarColumn(20),
                TextColumn("{task.description}"),
                console=Console(file=raw_errors()),
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = self._line.add_task("")
            self._line.start()
        return self._line, self._task
