"""Whether a code is that of a label, and which bag has it."""

from typing import Any, NamedTuple

from collector.laptop.laptop import Laptop
from collector.record.custody import bag_called, core_of, depths_of
from collector.record.labels import as_meant
from schemas.labels.codes import BLOCK_CHARS, printed
from schemas.phrases import _


class CheckedLabel(NamedTuple):
    """A code as it was typed and is kept, what is to be said of it, the bag that has it."""

    typed: str
    code: str
    is_whole: bool
    words: str
    bag: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return self._asdict()


def checked(laptop: Laptop, text: str) -> CheckedLabel:
    """Return what a code is."""
    from schemas.labels.codes import read_label  # noqa: PLC0415 - as it is asked

    scan = as_meant(laptop, text)
    code = scan.code or read_label(text)
    bag = bag_called(laptop, code or text, None)
    said = f"{core_of(laptop, bag)} {depths_of(bag.sample.fields)}" if bag else ""
    if code is None:
        words = scan.words or (
            _("a code of another system") if bag else _("no label, and no bag has it")
        )
        return CheckedLabel(text, text, bag is not None and not scan.words, words, said)
    own = {block for block, _ in laptop.store.own_blocks()}
    block = code[:BLOCK_CHARS]
    whose = (
        _("a label of this laptop")
        if block in own
        else _("a label of another laptop")
        if block in laptop.store.known_blocks()
        else _("a whole label, of a block that is not known here")
    )
    return CheckedLabel(text, printed(code), is_whole=True, words=whose, bag=said)
