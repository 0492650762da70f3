"""Blocks of labels: those of this laptop with the next number of each, and all known ones."""

from collections.abc import Iterable
from typing import Final

from collector.store import driver
from collector.store.database import Database
from collector.store.port import LabelRange
from schemas.labels.codes import NUMBERS

#: The setting that names the request for a block which is not answered yet.
_REQUEST: Final = "label_request"
_LEFT: Final = "SELECT block, next FROM label_block WHERE own = 1 AND next <= ?"
_KNOW: Final = (
    "INSERT INTO label_block (block, own, next) VALUES (?, 0, 1)"
    " ON CONFLICT (block) DO NOTHING"
)
_OWN: Final = (
    "INSERT INTO label_block (block, own, next, came) VALUES (?1, 1, 1,"
    " (SELECT count(*) FROM label_block WHERE own = 1))"
    " ON CONFLICT (block) DO UPDATE SET own = 1, came = excluded.came WHERE came IS NULL"
)
_PRINT: Final = "INSERT INTO label_run (block, first, last, at) VALUES (?, ?, ?, ?)"


class LabelTables(Database):
    """The part of the store that counts labels."""

    def known_blocks(self) -> frozenset[str]:
        """Return every block that is known to have been handed out, to whatever laptop."""
        return frozenset(
            block for (block,) in self._read("SELECT block FROM label_block")
        )

    def own_blocks(self) -> list[tuple[str, int]]:
        """Return the blocks of this laptop, each with the numbers that are left of it."""
        rows = self._read(
            "SELECT block, next FROM label_block WHERE own = 1 ORDER BY came, block"
        )
        return [(block, NUMBERS - next_number + 1) for block, next_number in rows]

    def label_request(self, new_id: str) -> str:
        """Return the id of the request for a block that is not answered yet, or begin one."""
        with driver.transaction(self._db):
            found = self.setting(_REQUEST)
            if found is None:
                self._set(_REQUEST, new_id)
        return found or new_id

    def keep_block(self, block: str, known: Iterable[str], lost: Iterable[str]) -> None:
        """Keep a block that the server gave, and what it says of all others."""
        with driver.transaction(self._db):
            self._db.executemany(_KNOW, [(each,) for each in known])
            self._db.executemany(
                "UPDATE label_block SET own = 0 WHERE block = ?",
                [(each,) for each in lost],
            )
            self._db.execute(_OWN, (block,))
            self._set(_REQUEST, None)

    def take_numbers(self, count: int, at: str) -> list[LabelRange]:
        """Take the next numbers, once and for all; none where there are not as many."""
        taken: list[LabelRange] = []
        with driver.transaction(self._db):
            rows = self._read(f"{_LEFT} ORDER BY came, block", NUMBERS)
            for block, first in rows:
                some = min(count, NUMBERS - first + 1)
                if some > 0:
                    taken.append(LabelRange(block, first, first + some - 1))
                    count -= some
            if count > 0:
                return []
            for block, first, last in taken:
                self._db.execute(
                    "UPDATE label_block SET next = ? WHERE block = ?", (last + 1, block)
                )
                self._db.execute(_PRINT, (block, first, last, at))
        return taken

    def _give_up_blocks(self) -> None:
        """Leave the blocks to the laptop that this one is a copy of, and a request, too."""
        self._db.execute("UPDATE label_block SET own = 0")
        self._set(_REQUEST, None)
