"""What an administrator records on the server travels the same way as a laptop's push."""

from typing import Any, Final

from schemas.changes import Draft
from schemas.groups import completed
from schemas.messages import Outcome
from schemas.records import record_id
from schemas.validate import errors, load_patch
from server.access.projects import find_project
from server.access.records import find_record
from server.clock import Clock
from server.custody.review import discard
from server.errors import AlreadyThereError, RefusedError
from server.intake.push import Accepted, Beside, accept
from server.intake.receipts import own_device, server_key
from server.intake.signed import signed_push
from server.merge.model import Verdict
from server.store.port import Store, Transaction
from server.store.values import Device, LogState

_STANDS: Final = frozenset({Outcome.ACCEPTED, Outcome.MERGED})


async def add_project(
    store: Store, clock: Clock, project: dict[str, Any], organisation: dict[str, Any]
) -> str:
    """Open a project, with the organisation that runs it; return its id.

    Raises
    ------
    AlreadyThereError
        If the code is taken.
    RefusedError
        If a field breaks a rule.
    """
    known = await store.read(lambda tx: tx.projects())
    if any(found.fields.get("code") == project.get("code") for found in known):
        raise AlreadyThereError(
            f"a project {project['code']} exists already",
            "choose another code, or see: permille-server project list",
        )
    project_id = clock.new_id()
    drafts = []
    if organisation:
        name = record_id(project_id, "organisation", organisation)
        drafts.append(Draft(project_id, "organisation", name, fields=organisation))
        project = {**project, "organisation_id": name}
    # The project's own record opens it, so it goes first and is completed last.
    opening = {k: v for k, v in project.items() if k != "organisation_id"}
    drafts.insert(0, Draft(project_id, "project", project_id, fields=opening))
    if organisation:
        link = {"organisation_id": project["organisation_id"]}
        drafts.append(Draft(project_id, "project", project_id, fields=link))
    await record(store, clock, drafts)
    return project_id


async def edit_project(
    store: Store, clock: Clock, name: str, fields: dict[str, Any]
) -> dict[str, Any]:
    """Change fields of a project; return it as it stands then.

    Raises
    ------
    NotFoundError
        If there is no such project.
    RefusedError
        If a field breaks a rule, or was changed by somebody else meanwhile.
    """
    found = await find_project(store, name)
    project_id = found["id"]
    draft = await store.read(lambda tx: _edit(tx, project_id, fields))
    accepted = await record(store, clock, [draft])
    if any(verdict.conflicts for verdict in accepted.verdicts):
        raise RefusedError(
            "somebody changed the project meanwhile; both values are kept",
            [],
            "see: permille-server conflict list",
        )
    return await find_project(store, name)


def _edit(tx: Transaction, project_id: str, fields: dict[str, Any]) -> Draft:
    """Draft an edit of the project as it stands in one snapshot."""
    record = find_record(tx, project_id, project_id)
    assert record is not None, "a project has its own record"
    patch = completed("project", record.fields, fields)
    return Draft(
        project_id,
        "project",
        project_id,
        fields=patch,
        base=(tx.epoch(), record.seq),
    )


async def record(store: Store, clock: Clock, drafts: list[Draft]) -> Accepted:
    """Write records in the server's own log.

    Raises
    ------
    RefusedError
        If one of them does not stand.
    """
    problems = [p for d in drafts for p in errors(load_patch(d.type, d.fields)[1])]
    if problems:
        raise RefusedError("nothing was saved", problems)
    accepted = await write(store, clock, drafts)
    problems = [problem for v in accepted.verdicts for problem in errors(v.why)]
    if problems:
        await discard_own(store, clock, accepted.verdicts, "the administrator was told")
        raise RefusedError("this was not accepted", problems)
    return accepted


async def discard_own(
    store: Store, clock: Clock, verdicts: list[Verdict], reason: str
) -> None:
    """Discard what was refused here, so that nobody looks for it among what laptops sent."""
    for verdict in verdicts:
        if verdict.outcome in {Outcome.QUARANTINED, Outcome.HELD}:
            await discard(store, clock, verdict.project_id, [verdict.change_id], reason)


async def write_each(
    store: Store,
    clock: Clock,
    drafts: list[Draft],
    person: str,
    reason: str,
    beside: Beside | None = None,
) -> list[str | None]:
    """Write records, and discard for a reason what is refused.

    `beside` is what else is done in the transaction. Returns why each does not stand, in
    their order; None where it does.
    """
    accepted = await write(store, clock, drafts, person, beside)
    await discard_own(store, clock, accepted.verdicts, reason)
    return [why_not(verdict) for verdict in accepted.verdicts]


def why_not(verdict: Verdict) -> str | None:
    """Return in words why a change does not stand as it was written; None where it does."""
    if verdict.outcome in _STANDS:
        return None
    said = "; ".join(problem.text for problem in verdict.why)
    return said or "somebody changed it meanwhile"


async def write(
    store: Store,
    clock: Clock,
    drafts: list[Draft],
    person: str | None = None,
    beside: Beside | None = None,
) -> Accepted:
    """Write records in the server's own log; the verdicts are in their order."""
    device, head, secret = await store.read(_own_log)
    push = signed_push(head, drafts, clock.now_ms(), secret, person)
    return await accept(store, clock, device, push, beside)


def _own_log(tx: Transaction) -> tuple[Device, LogState, bytes]:
    device = own_device(tx)
    head = tx.log_head(device.id)
    assert head is not None
    return device, head, server_key(tx)
