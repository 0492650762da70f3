"""A form that a phone sent becomes changes of its log, in one transaction.

Read it from top to bottom. What came is kept to the letter in the same transaction as the
changes that are made of it, so there is nothing between the two that a kill could cut; its
files are on the disk before. The phone, its form and the XML to the letter say whether it
is here already: a repeat adds nothing but files that were missing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from schemas import hlc
from schemas.changes import Draft
from schemas.ids import is_id, natural_id
from schemas.labels.scans import read_scan
from schemas.operations import Operation, OperationKind, operation
from schemas.problems import Problem
from server.clock import Clock, iso
from server.errors import refuse
from server.intake.push import accept_in, validated
from server.intake.signed import signed_push
from server.merge.model import Origin, ValidatedChange, Verdict
from server.phones.answers import (
    AnsweredRecord,
    PlannedChange,
    files_of,
    person_of,
    records_of,
)
from server.phones.attaching import Attaching, attached, missing_files
from server.phones.before import planned_change, with_reason
from server.phones.filled import FilledForm, FormError
from server.store.phone_values import Phone, PhoneFile, PhonePlace, Submission
from server.store.port import Holds, Store, Transaction


@dataclass(frozen=True, slots=True)
class ReceivedForm:
    """What one request of a phone brought; each file is `name, sha256, size, mime`."""

    filled: FilledForm
    xml: bytes
    digest: str
    files: Sequence[tuple[str, str, int, str]] = ()


@dataclass(frozen=True, slots=True)
class TakenForm:
    """What became of a request: the form, the changes made of it, files still to come.

    `is_repeat` says that nothing of it was new.
    """

    submission: Submission
    became: Sequence[tuple[AnsweredRecord, Verdict]]
    missing: Sequence[str]
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class _Moment:
    """When it came, and fresh ids for what may begin with it."""

    now_ms: int
    epoch: str
    fresh_id: str

    @property
    def stamp(self) -> str:
        return iso(self.now_ms)


async def receive(
    store: Store, clock: Clock, phone: Phone, received: ReceivedForm, full: str = ""
) -> TakenForm:
    """Keep what a phone sent, and merge it; after this it is on disk.

    Parameters
    ----------
    phone
        Who sent it.
    received
        What came. Its files are on the disk already.
    full
        Why the phone may send nothing new; empty where it may.

    Raises
    ------
    RequestError
        If the phone was revoked meanwhile, may send nothing new, or the form is too long.
    """
    moment = _Moment(clock.now_ms(), clock.new_id(), clock.new_id())
    job = partial(_receive, phone=phone, received=received, moment=moment, full=full)
    return await store.write(job, Holds({phone.id}, {phone.project_id}))


def _receive(
    tx: Transaction, phone: Phone, received: ReceivedForm, moment: _Moment, full: str
) -> TakenForm:
    if tx.device(phone.id).revoked_at is not None:
        raise refuse("bad_phone_token")
    instance_id = received.filled.instance_id
    place = PhonePlace(phone.project_id, phone.id, instance_id, received.digest)
    known = tx.submissions(*place[:3])
    before = next((each for each in known if each.place == place), None)
    if before is None and full:
        raise refuse("phone_quota", full)
    records = _records(tx, phone, received.filled)
    new = _new(received, place, records, moment)
    submission = before or with_reason(tx, new, known, records)
    of = _attaching(tx, place, received, records, moment)
    planned = (
        [] if before else [planned_change(tx, place, one) for one in _own(records)]
    )
    planned += attached(tx, phone.project_id, of)
    numbers, verdicts = _write(tx, phone, received.filled, submission, planned, moment)
    submission = submission._replace(numbers=(*submission.numbers, *numbers))
    _save(tx, submission, received.xml, of.new)
    became = [(one.record, v) for one, v in zip(planned, verdicts, strict=True)]
    missing = missing_files(submission, [*of.here, *of.new])
    return TakenForm(submission, became, missing, bool(before and not of.new))


def _own(records: Iterable[AnsweredRecord]) -> Iterator[AnsweredRecord]:
    """Return what a form says by itself: what a photo is of is told the photo alone."""
    return (one for one in records if one.fields or one.type == "core")


def _attaching(
    tx: Transaction,
    place: PhonePlace,
    received: ReceivedForm,
    records: Sequence[AnsweredRecord],
    moment: _Moment,
) -> Attaching:
    here = [file for file in tx.phone_files(*place[:3]) if file.place == place]
    return Attaching(records, here, _new_files(place, received, here, moment))


def _save(
    tx: Transaction, submission: Submission, xml: bytes, files: Iterable[PhoneFile]
) -> None:
    tx.save_submission(submission, xml)
    for file in files:
        tx.save_phone_file(file)


def _records(tx: Transaction, phone: Phone, filled: FilledForm) -> list[AnsweredRecord]:
    """Return what a form becomes, with labels as laptops read them."""
    blocks = {one.block for one in tx.label_blocks()}
    try:
        found = records_of(
            phone.project_id, filled, lambda text: read_scan(text, blocks).text
        )
    except FormError as error:
        raise refuse("form_too_large", str(error)) from None
    return [_under_an_id(phone.project_id, one) for one in found]


def _under_an_id(project_id: str, one: AnsweredRecord) -> AnsweredRecord:
    """Return a record under an id; what was chosen that is none waits."""
    if is_id(one.id):
        return one
    problem = Problem("no_such_record", f"{one.type}_id", one.id)
    return replace(one, id=natural_id(project_id, one.type, [one.id]), problem=problem)


def _new(
    received: ReceivedForm,
    place: PhonePlace,
    records: Sequence[AnsweredRecord],
    moment: _Moment,
) -> Submission:
    filled = received.filled
    return Submission(
        place,
        filled.form_id,
        filled.version,
        moment.stamp,
        operation(OperationKind.IMPORT, moment.fresh_id, "").id,
        tuple(files_of(records)),
    )


def _new_files(
    place: PhonePlace,
    received: ReceivedForm,
    here: Iterable[PhoneFile],
    moment: _Moment,
) -> list[PhoneFile]:
    known = {(file.name, file.sha256) for file in here}
    found = {
        (name, sha256): PhoneFile(place, name, sha256, size, mime, moment.stamp)
        for name, sha256, size, mime in received.files
    }
    return [file for key, file in found.items() if key not in known]


def _write(
    tx: Transaction,
    phone: Phone,
    filled: FilledForm,
    submission: Submission,
    planned: Sequence[PlannedChange],
    moment: _Moment,
) -> tuple[range, list[Verdict]]:
    """Write changes in the log of the phone, signed with its key, and merge them.

    Returns their places in the log, and what became of each.
    """
    tx.update_device(phone.id, last_seen_at=moment.stamp)
    if not planned:
        return range(0), []
    what = f"form {submission.place.instance_id} of phone {phone.name}"
    reason = Operation(OperationKind.IMPORT, submission.operation, what).reason
    epoch = tx.epoch()
    drafts = [_draft(phone.project_id, one, epoch, reason) for one in planned]
    head = tx.log_head(phone.id)
    assert head is not None, "a phone is made with its log"
    person = person_of(filled) or phone.person or phone.name
    push = signed_push(head, drafts, moment.now_ms, phone.secret, person)
    device = tx.device(phone.id)
    batch = [
        _waiting(submission, one, found)
        for one, found in zip(planned, validated(device, push), strict=True)
    ]
    origin = Origin(device.id, moment.stamp, hlc.at(moment.now_ms + 1))
    accepted = accept_in(tx, device, push, batch, origin, moment.epoch)
    return range(head.n + 1, push.end[0] + 1), accepted.verdicts


def _draft(project_id: str, planned: PlannedChange, epoch: str, reason: str) -> Draft:
    one = planned.record
    base = None if planned.seen is None else (epoch, planned.seen)
    return Draft(
        project_id, one.type, one.id, fields=one.fields, base=base, reason=reason
    )


def _waiting(
    submission: Submission, planned: PlannedChange, found: ValidatedChange
) -> ValidatedChange:
    """Return a change, with why it waits for a person whatever the merge says."""
    problem = planned.record.problem
    if submission.why:
        problem = Problem(submission.why, detail=submission.detail)
    return found if problem is None else ValidatedChange(found.change, {}, [problem])
