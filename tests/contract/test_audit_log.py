"""The audit log of administrators, in any store."""

import asyncio
import json

import pytest

from schemas import chain
from server.access.audit_log import Act, AuditedStore, audit_entries
from server.clock import Clock
from server.custody.own_log import add_project
from server.operations.audit.administrators import check_administrators
from server.store.kept_values import AuditLine

ACT = Act("run-1", "Ada", "root", "project add", {"code": "HF"})


def audited(store, act=ACT):
    return AuditedStore(store, Clock(), act)


async def lines(store):
    return await store.read(lambda tx: list(tx.kept(AuditLine)))


async def test_lines_are_numbered_and_chained(store):
    for said in ("one", "two é"):
        await store.write(lambda tx, text=said: tx.add_audit_line(text))
    first = chain.link(chain.START, b"one")
    second = chain.link(first, "two é".encode())
    assert await lines(store) == [(1, "one", first), (2, "two é", second)]


async def test_what_is_written_has_a_line_in_the_same_transaction(store):
    own = audited(store)
    await own.write(lambda tx: tx.set_setting("a", "1"))

    def fails(tx):
        tx.set_setting("a", "2")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await own.write(fails)
    assert await store.read(lambda tx: tx.setting("a")) == "1"
    (entry,) = await store.read(audit_entries)
    assert (entry.person, entry.login, entry.command) == ("Ada", "root", "project add")
    assert (entry.run, entry.said, entry.outcome) == ("run-1", {"code": "HF"}, "done")


async def test_a_line_names_the_projects_that_it_is_about(store):
    made = await add_project(audited(store), Clock(), {"code": "HF", "title": "H"}, {})
    later = Act("run-2", "Bo", "root", "device code", {"projects": ["hf"]})
    await audited(store, later).write(lambda tx: tx.set_setting("a", "1"))
    told = audited(store, Act("run-3", "Bo", "root", "device revoke", {"name": "x"}))
    await told.write(lambda tx: tx.set_setting("a", "2"))
    told.about([made])
    await told.write(lambda tx: tx.set_setting("a", "3"))
    entries = await store.read(audit_entries)
    by_run = [(one.run, one.projects) for one in entries]
    assert set(by_run[:-3]) == {("run-1", (made,))}
    assert by_run[-3:] == [("run-2", (made,)), ("run-3", ()), ("run-3", (made,))]


async def test_who_is_stopped_after_a_first_step_has_a_line_of_that(store):
    own = audited(store)
    await own.note_stop("refused")
    assert await lines(store) == []
    await own.write(lambda tx: tx.set_setting("a", "1"))
    await own.note_stop("refused")
    outcomes = [one.outcome for one in await store.read(audit_entries)]
    assert outcomes == ["done", "stopped: refused"]


async def test_many_who_write_at_once_make_one_chain(opened, store):
    other = opened()
    try:
        await asyncio.gather(
            *(
                audited(one).write(lambda tx, k=n: tx.set_setting(f"a{k}", "1"))
                for n in range(15)
                for one in (store, other)
            )
        )
    finally:
        other.close()
    found = await lines(store)
    assert [line.number for line in found] == list(range(1, 31))
    assert await store.read(lambda tx: list(check_administrators(tx))) == []
    assert all(json.loads(line.said)["run"] == "run-1" for line in found)
