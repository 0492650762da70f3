"""What is kept, laid out in memory: one log of a laptop, its records and receipts."""

from collections import defaultdict

from schemas import chain
from schemas.changes import Draft, read_change, write_change
from schemas.digest import digest_of, row_hash
from schemas.messages import Op, encode
from schemas.signing import public_key, push_text, receipt_hash, receipt_text, sign
from server.errors import UnreadableError
from server.operations.audit.audit import find_faults
from server.operations.audit.findings import dump
from server.store import kept_values as kinds

LOG, LAPTOP = "a log", bytes(range(32))
PROJECT = "00000000-0000-7000-8000-000000000001"
SERVER = bytes(range(1, 33))
AT = "2026-05-04T12:00:00.000Z"


def an_id(number):
    """Return an id of a record; they sort as their numbers."""
    return f"00000000-0000-5000-8000-{number:012d}"


class Ledger:
    """Everything that is kept, by kind and what narrows it; `damaged` kinds fail."""

    def __init__(self):
        self.rows = defaultdict(list)
        self.damaged, self.read = set(), []
        self.n, self.hash = 0, chain.START
        self.add(kinds.ServerIdentity(SERVER.hex(), public_key(SERVER)))

    def add(self, value, *of):
        """Keep a value."""
        self.rows[type(value), of].append(value)

    def kept(self, kind, *of):
        """Read what is kept of a kind."""
        for value in self.rows[kind, of]:
            if kind in self.damaged:
                raise UnreadableError("the page is gone")
            self.read.append(value)
            yield value

    def alter(self, kind, *of, at=0, **fields):
        """Change fields of one value that is kept."""
        values = self.rows[kind, of]
        values[at] = values[at]._replace(**fields)

    def faults(self):
        """Return what an audit finds: check and words."""
        return [(f.check, f.what) for f in find_faults(self, lambda *_: None)]


def line_of(draft, n=1, before=chain.START, stamp=1):
    """Return the change of a draft as it was read."""
    raw = write_change(draft, n, stamp, "Ann")
    return read_change(LOG, raw, chain.link(before, raw))


def kept_line(change, outcome="accepted", seq=1, **more):
    """Return a line as it is kept with its verdict."""
    said = {"why": None, "conflicts": None, **more}
    place = (change.n, change.raw, change.hash, AT, PROJECT, change.id)
    return kinds.KeptLine(*place, outcome, seq, **said)


def kept_record(change, seq=1, **more):
    """Return the record that one change made, as it is kept."""
    writer = [seq, LOG, change.n, change.hlc, change.id]
    return kinds.KeptRecord(
        project_id=PROJECT,
        id=change.record_id,
        type=change.type,
        seq=seq,
        fields=dump(change.fields),
        writers=dump({"code": [writer]}),
        deleted=0,
        computable_by_author=1,
        open_conflicts=0,
        parent_id=None,
        natural_key=change.fields["code"],
        last_log=LOG,
        last_n=change.n,
    )._replace(**more)


def plot(number, code):
    """Return the draft of a plot."""
    return Draft(PROJECT, "plot", an_id(number), Op.PUT, {"code": code})


def whole(*codes):
    """Return a ledger in which everything holds: a plot of each code, one receipt."""
    ledger = Ledger()
    items = []
    for seq, code in enumerate(codes, start=1):
        change = line_of(plot(seq, code), seq, ledger.hash, stamp=seq)
        ledger.n, ledger.hash = seq, change.hash
        record = kept_record(change, seq)
        ledger.add(kept_line(change, seq=seq), LOG)
        ledger.add(kinds.RecordPlace("plot", seq), PROJECT, record.id)
        ledger.add(record)
        ledger.add(kinds.LatestChange(PROJECT, record.id, seq))
        written = kinds.WrittenLine(change.raw, change.hash, change.id, "accepted", seq)
        ledger.add(written, LOG, seq)
        items.append((record.id, row_hash("plot", record.id, seq, change.fields)))
    for item in items:
        ledger.add(kinds.DigestItem(*item), PROJECT)
    ledger.add(kinds.KeptLog(LOG, ledger.n, ledger.hash, public_key(LAPTOP)))
    ledger.add(kinds.Totals(len(codes), len(codes)))
    ledger.add(kinds.LatestNumber(len(codes)), PROJECT)
    link = _receipt(ledger)
    digest = digest_of(items)
    counted = (digest.items, f"{digest.total:x}", 1, link)
    ledger.add(kinds.KeptProject(PROJECT, len(codes), 0, *counted))
    return ledger


def _receipt(ledger):
    said = {
        "epoch": "e",
        "log": LOG,
        "n": ledger.n,
        "hash": ledger.hash.hex(),
        "at": AT,
        "streams": {PROJECT: [1, "0" * 64]},
    }
    raw = encode(said).decode()
    signed = sign(SERVER, receipt_text(raw))
    pushed = sign(LAPTOP, push_text(LOG, ledger.n, ledger.hash))
    ledger.add(kinds.KeptReceipt(ledger.n, raw, signed, pushed), LOG)
    ledger.add(kinds.GivenReceipt(LOG, ledger.n, raw))
    return receipt_hash(raw)
