"""A client of the sync protocol, written from docs/protocol.md alone.

It shares no code with Permille: the standard library, aiohttp and cryptography. What it
cannot do, the page does not say. It keeps everything in memory and waits for nobody.
"""

import gzip
import io
import json
import time

import aiohttp

from tests.protocol import rules
from tests.protocol.values import DamagedError, Held, Log, RefusedError, read

PROTOCOL, SCHEMA = 1, 7
NDJSON = "application/x-ndjson"
BATCH_CHANGES = 500


class Client:
    """One device: a key, logs, and what it has of the server's rows."""

    def __init__(self, url, secret, log):
        self.url, self.secret = url, secret
        self.log, self.closed_logs = Log(log), []
        self.token = self.device = self.server_key = None
        self.rows, self.cursors, self.late, self.scope = {}, {}, None, []
        self.receipts, self.verdicts = [], {}
        self._proof, self.protocol = None, PROTOCOL
        self.digests, self._stamp, self._stale, self._written = {}, 0, {}, {}
        self.stood, self.tells_where_it_stood = {}, True

    # Enrolment

    async def enrol(self, code, name="foreign", **more):
        """Trade a code for a token."""
        body = {
            "code": code,
            "name": name,
            "log": self.log.id,
            "public_key": rules.public_key(self.secret),
            "proof": rules.sign(self.secret, rules.enrolment_text(code)),
        }
        status, raw = await self.post(
            "/v1/enrol", rules.write(body | more), {"Content-Type": "application/json"}
        )
        answer = _whole(status, raw)
        self.token, self.device = answer["token"], answer["device"]
        self.server_key, self.scope = answer["public_key"], answer["streams"]
        return answer

    # Recording

    def draft(self, project_id, record_type, record, fields, **more):
        """Append a change to the log; return its place."""
        self._stamp = rules.stamp(self._stamp, time.time_ns() // 1_000_000)
        n = len(self.log.lines) + 1
        line = {"k": "c", "n": n, "h": self._stamp, "s": project_id, "t": record_type}
        line |= {"r": record, "o": "put", "b": self.base(record), "v": SCHEMA}
        self.log.lines.append(
            rules.write(line | ({"f": fields} if fields else {}) | more)
        )
        return n

    def create(self, project_id, record_type, fields, **more):
        """Record something new; return its id."""
        name = rules.record_id(project_id, record_type, fields)
        self.draft(project_id, record_type, name, fields, **more)
        return name

    def edit(self, record, fields, **more):
        """Edit a record: each group of fields goes as a whole, as it is shown here."""
        held = self.rows[record]
        whole = {}
        for name in fields:
            for other in rules.group_of(held.type, name):
                whole[other] = held.fields.get(other)
        return self.draft(held.project_id, held.type, record, whole | fields, **more)

    def delete(self, record, **more):
        """Delete a record."""
        held = self.rows[record]
        return self.draft(held.project_id, held.type, record, {}, o="del", **more)

    def restore(self, record, fields, **more):
        """Bring a record back."""
        held = self.rows[record]
        return self.draft(held.project_id, held.type, record, fields, o="undel", **more)

    def resolve(self, record, fields, reason, **more):
        """Decide on every conflict of a record."""
        held = self.rows[record]
        named = [found["id"] for found in held.conflicts]
        seen = {found["change"] for found in held.conflicts}
        seen |= {name for found in held.conflicts for name in found.get("stands", [])}
        said = {"o": "resolve", "c": named, "y": reason, "a": sorted(seen)}
        return self.draft(held.project_id, held.type, record, fields, **said | more)

    def base(self, record):
        """Return the row of a record that is shown here, or None."""
        held = self.rows.get(record)
        if held is None:
            return None
        return [self.cursors[held.project_id][0], held.seq]

    def change_id(self, n):
        """Return the id of a change of the present log."""
        named = json.loads(self.log.lines[n - 1]).get("i")
        return named or rules.change_id(self.log.hashes[n])

    # Requests

    def hello(self, **more):
        """Return the first line of a request."""
        log = {"id": self.log.id}
        if self.log.parent and not self.log.acked:
            name, n, digest = self.log.parent
            log |= {"parent": [name, n], "parent_hash": digest.hex()}
        if self.log.closed:
            log["closed"] = True
        n = self.log.acked
        line = {"k": "hello", "protocol": PROTOCOL, "schema": SCHEMA, "log": log}
        line["acked"] = {"n": n, "hash": self.log.hashes[n].hex()}
        line["head"] = len(self.log.lines)
        line["cursors"] = {s: list(found) for s, found in self.cursors.items()}
        if self.late:
            line["late"] = self.late
        return line | more

    def body(self, most=BATCH_CHANGES, **more):
        """Return the body of a request with what waits."""
        first = self.log.acked
        sent = self.log.lines[first : first + most]
        places = (str(first + n) for n in range(1, len(sent) + 1))
        stood = {n: self.stood[n][-20:] for n in places if n in self.stood}
        if stood and self.tells_where_it_stood:
            more = {"stood": stood, **more}
        if self._proof is not None:
            more, self._proof = {"receipt": self._proof, **more}, None
        changes = sent if more.get("protocol", PROTOCOL) == PROTOCOL else _folded(sent)
        lines = [rules.write(self.hello(**more)), *changes]
        end = {"k": "end"}
        if sent:
            n = first + len(sent)
            digest = self.log.hashes[n]
            signature = rules.sign(self.secret, rules.push_text(self.log.id, n, digest))
            end |= {"n": n, "hash": digest.hex(), "sig": signature}
        return b"\n".join([*lines, rules.write(end)]) + b"\n"

    async def post(self, path, body, headers):
        """Send a body as it is; return status and what came."""
        return await self._ask("POST", path, body, headers)

    async def get(self, path):
        """Ask; return status and what came."""
        return await self._ask("GET", path, None, {"Content-Type": None})

    async def _ask(self, method, path, body, headers):
        said = {"Accept-Encoding": "identity"}
        if self.token:
            said["Authorization"] = f"Bearer {self.token}"
        said = {k: v for k, v in (said | headers).items() if v is not None}
        async with (
            aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
            session.request(
                method,
                self.url + path,
                data=io.BytesIO(body) if isinstance(body, bytes) else body,
                headers=said,
            ) as got,
        ):
            return got.status, await got.read()

    async def send(self, body, *, packed=False, **headers):
        """Send a body to the route of sync; return the whole answer."""
        said = {"Content-Type": NDJSON}
        if packed:
            body, said["Content-Encoding"] = gzip.compress(body), "gzip"
        status, raw = await self.post("/v1/sync", body, said | headers)
        if status != 200:
            raise RefusedError(status, json.loads(raw))
        return read(raw)

    # A sync

    async def sync(self, *, digest=False, most=BATCH_CHANGES, packed=False, **more):
        """Push and pull until nothing is left; return the answers."""
        answers = []
        while True:
            more = {**more, "digest": True} if digest else more
            sent = len(self.log.lines[self.log.acked :][:most])
            body = self.body(most, **{"protocol": self.protocol} | more)
            answer = await self.send(body, packed=packed)
            answers.append(answer)
            self.take(answer, sent)
            if not answer.end.get("more") and self.log.acked == len(self.log.lines):
                return answers

    def take(self, answer, sent):
        """Believe a whole answer to a request that named no epoch."""
        self.protocol = min(answer.hello.get("speaks", self.protocol), 2)
        needed = answer.hello.get("need_from")
        if needed is not None:
            assert "need_log" not in answer.hello, "this client keeps one log at a time"
            self._proof = self.receipts[-1] if self.receipts else None
            self._send_again_after(needed - 1)
        else:
            self._take_verdicts(answer, sent)
        self._doubt(answer.hello.get("shared", {}))
        for line in answer.late:
            self.verdicts[line["i"]] = line["r"]
            self.late = [answer.hello["epoch"], line["l"]]
        self._take_rows(answer)

    def _take_rows(self, answer):
        for line in answer.of("scope"):
            self._take_scope(line["streams"])
        for line in answer.of("reset"):
            old = {r for r, held in self.rows.items() if held.project_id == line["s"]}
            self._stale[line["s"]] = old
        for line in answer.of("purged"):
            self._forget(line["r"])
        for line in answer.of("row", "gone"):
            self._take_row(line)
        self.cursors |= {s: tuple(c) for s, c in answer.end["cursors"].items()}
        if not answer.end["more"]:
            self._forget(set().union(*self._stale.values()))
            self._stale = {}
        self.digests = answer.end.get("digest", {})

    def _forget(self, records):
        for record in records:
            self.rows.pop(record, None)

    def _doubt(self, shared):
        """Take back what was acknowledged in a timeline that is lost."""
        for n, (project_id, _, seq) in sorted(self._written.items()):
            if seq > shared.get(project_id, seq):
                self._send_again_after(n - 1)
                break

    def _send_again_after(self, n):
        """Count what follows a place as not sent, and keep where it stood."""
        self.log.acked = min(n, self.log.acked)
        for place in [place for place in self._written if place > n]:
            _, epoch, seq = self._written.pop(place)
            self.stood.setdefault(str(place), []).append([epoch, seq])

    def _take_verdicts(self, answer, sent):
        if sent:
            self._take_receipt(answer.end["receipt"], self.log.acked + sent)
        hashes = self.log.hashes
        for line in answer.verdicts:
            raw = json.loads(self.log.lines[line["n"] - 1])
            self.verdicts[raw.get("i") or rules.change_id(hashes[line["n"]])] = line[
                "r"
            ]
            if "q" in line:
                place = raw["s"], answer.hello["epoch"], line["q"]
                self._written[line["n"]] = place
            if line["r"] == "accepted" and "q" in line:
                self._lay(raw, line["q"])
        self.log.acked += sent

    def _lay(self, change, seq):
        """Apply an accepted change; where it cannot be computed, its row comes too."""
        held = self.rows.get(change["r"])
        if held is not None and held.seq >= seq:
            return
        fields = dict(held.fields or {}) if held else {}
        fields |= change.get("f", {})
        fields = {name: value for name, value in fields.items() if value is not None}
        if change["o"] == "del":
            fields = None
        conflicts = held.conflicts if held else []
        new = Held(change["s"], seq, change["t"], fields, conflicts)
        self.rows[change["r"]] = new

    def _take_row(self, line):
        self._stale.get(line["s"], set()).discard(line["r"])
        new = Held(line["s"], line["q"], line["t"], line.get("f"), line.get("x", []))
        self.rows[line["r"]] = new

    def _take_scope(self, project_ids):
        self.scope = project_ids
        for project_id in set(self.cursors) - set(project_ids):
            del self.cursors[project_id]
        self.rows = {
            r: held for r, held in self.rows.items() if held.project_id in project_ids
        }

    def _take_receipt(self, receipt, n):
        raw, said = receipt["raw"], json.loads(receipt["raw"])
        if not rules.is_signed(
            self.server_key, receipt["sig"], rules.receipt_text(raw)
        ):
            raise DamagedError("the receipt is not signed by the server")
        found = said["log"], said["n"], said["hash"]
        if found != (self.log.id, n, self.log.hashes[n].hex()):
            raise DamagedError("the receipt is for something else")
        self.receipts.append(receipt)

    # Repair

    def digest(self, project_id, name=None):
        """Return the digest of a project, or of one bucket of it."""
        return rules.digest_of(
            number
            for record, held in self.rows.items()
            if held.project_id == project_id and name in {None, rules.bucket(record)}
            for number in _hashes(record, held)
        )

    async def repair(self, project_id):
        """Mend what differs from the server; return the buckets that did."""
        status, raw = await self.get(f"/v1/streams/{project_id}/buckets")
        there = _whole(status, raw)["buckets"]
        names = [f"{number:02x}" for number in range(256)]
        nothing = rules.digest_of([])
        wrong = [
            name
            for name in names
            if there.get(name, nothing) != self.digest(project_id, name)
        ]
        if wrong:
            await self._mend(project_id, wrong)
        return wrong

    async def _mend(self, project_id, wrong):
        path = f"/v1/streams/{project_id}/rows?in={','.join(wrong)}"
        status, raw = await self.get(path)
        if status != 200:
            raise RefusedError(status, json.loads(raw))
        *rows, end = map(json.loads, raw.splitlines())
        if end["k"] != "end":
            raise DamagedError("the answer was cut")
        self.rows = {
            record: held
            for record, held in self.rows.items()
            if held.project_id != project_id or rules.bucket(record) not in wrong
        }
        for line in rows:
            self._take_row(line)

    # A fork

    def go_on_elsewhere(self, agreed, name):
        """Close the log where both agree; move what follows to a new one."""
        hashes, old = self.log.hashes, self.log
        new = Log(name, parent=(old.id, agreed, hashes[agreed]))
        for n in range(agreed + 1, len(old.lines) + 1):
            line = json.loads(old.lines[n - 1])
            line = {"i": rules.change_id(hashes[n])} | line | {"n": n - agreed}
            new.lines.append(rules.write(line))
        old.lines, old.closed = old.lines[:agreed], True
        self.closed_logs.append(old)
        self.log, self._written, self.stood = new, {}, {}


def _folded(lines):
    """Return lines by columns, where they come back the same."""
    try:
        folded = rules.fold(lines)
        return [folded] if lines and rules.unfold(folded) == lines else lines
    except (ValueError, KeyError, TypeError, AttributeError):
        return lines


def _whole(status, raw):
    answer = json.loads(raw)
    if status != 200:
        raise RefusedError(status, answer)
    return answer


def _hashes(record, held):
    if held.fields is not None:
        yield rules.row_hash(held.type, record, held.seq, held.fields)
    for found in held.conflicts:
        yield rules.conflict_hash(record, found["id"])
