"""The process that derives beside a server: started at need, started again, never left."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import pytest

from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project, record
from server.data import init_data, look_into, open_store
from server.derivation import derive
from tests.faults.test_kill_derivation import drafts
from tests.processes import children, is_there, start_server, stop, until

pytestmark = pytest.mark.timeout(120)

#: A server looks every 2 s for plots that wait, and for somebody who reads.
LOOKED_BY_THEN_S = 4.0


class Site:
    """A data directory, what is recorded there, and what waits."""

    def __init__(self, path):
        self.data = DataDirectory(path / "server")
        init_data(self.data, Clock())
        fields = {"code": "P", "title": "P", "reference_depth_cm": 30.0}
        self.project_id = self.ask(lambda s: add_project(s, Clock(), fields, {}))
        self.ask(lambda s: record(s, Clock(), list(drafts(self.project_id))[:300]))

    def ask(self, job):
        """Run a job on the store, as a command beside the server does."""

        async def asked():
            store = open_store(self.data)
            try:
                return await job(store)
            finally:
                store.close()

        return asyncio.run(asked())

    def call_for_all(self):
        """Ask that every plot be derived; return how many there are."""
        return self.ask(lambda s: s.write(lambda tx: tx.ask_for(self.project_id)))

    def is_derived(self):
        """Return whether no plot waits."""
        with look_into(self.data) as tx:
            return not tx.waiting_jobs()

    def log(self):
        """Return what the server has logged."""
        lines = (self.data.path.parent / "server.log").read_text().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def site(tmp_path):
    """A project with plots that wait to be derived."""
    return Site(tmp_path)


def test_when_it_is_over_what_was_claimed_is_derived_and_no_more(site, monkeypatch):
    monkeypatch.setattr(derive, "BATCH", 3)
    monkeypatch.setattr(derive, "_SAVED_AT_ONCE", 2)
    everything = site.call_for_all()
    answers = iter([False, True, True])

    async def derived(store):
        done = []
        await derive.derive_waiting(store, Clock(), done.append, lambda: next(answers))
        assert done == [3]
        now = Clock().now_ms()
        return await store.write(lambda tx: tx.claim_jobs(now, 1000, everything))

    assert len(site.ask(derived)) == everything - 3


def test_plots_are_derived_by_a_process_that_ends_with_the_server(site):
    process, _ = start_server(site.data.path)
    try:
        (worker,) = until(lambda: children(process.pid))
        words = Path(f"/proc/{worker}/cmdline").read_text().split("\0")
        assert words[-2] == "derivation-worker"
        until(site.is_derived)
    finally:
        assert stop(process) == 0
    assert not is_there(worker)
    assert site.log() == []


def test_a_server_where_no_plot_waits_has_no_other_process(site):
    process, _ = start_server(site.data.path)
    until(site.is_derived)
    stop(process)
    process, _ = start_server(site.data.path)
    try:
        time.sleep(LOOKED_BY_THEN_S)
        assert children(process.pid) == []
        # Nor tables for readers: nobody has a token to read with.
        assert not site.data.read_copy.exists()
    finally:
        stop(process)


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_is_started_again_and_no_plot_is_lost(site, sig):
    process, _ = start_server(site.data.path)
    try:
        (first,) = until(lambda: children(process.pid))
        until(site.is_derived)
        os.kill(first, sig)
        until(lambda: not is_there(first))
        assert site.call_for_all()
        (second,) = until(lambda: children(process.pid))
        assert second != first
        until(site.is_derived)
    finally:
        assert stop(process) == 0
    assert not is_there(second)
    (said,) = site.log()
    code = -signal.SIGKILL if sig == signal.SIGKILL else 0
    assert (said["event"], said["code"]) == ("the derivation ended", code)


def test_no_worker_is_left_by_a_server_that_is_killed(site):
    process, _ = start_server(site.data.path)
    (worker,) = until(lambda: children(process.pid))
    until(site.is_derived)
    stop(process, signal.SIGKILL)
    until(lambda: not is_there(worker))


def test_ctrl_c_for_server_and_worker_ends_both_without_a_word(site):
    process, _ = start_server(site.data.path)
    (worker,) = until(lambda: children(process.pid))
    until(site.is_derived)
    os.kill(worker, signal.SIGINT)
    assert stop(process, signal.SIGINT) == 0
    assert not is_there(worker)
    assert site.log() == []
