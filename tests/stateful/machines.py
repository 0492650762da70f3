"""What laptops, servers and networks do in a simulated season."""

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from collector.errors import RefusedError
from tests.stateful.people import pick, where, who
from tests.stateful.world import deliver_late

faults = st.sampled_from(["", "", "", "request", "response", "late", "twice"])
skews = st.sampled_from([0.0, 0.0, -86_400.0, 3_600.0, 400 * 86_400.0])


class Machines(RuleBasedStateMachine):
    """The rules of machines; a machine that has them has a `world` and its `history`."""

    @rule(name=who, fault=faults, most=st.sampled_from([1, 2, 2000]))
    def sync(self, name, fault, most):
        self.history.sync(name, fault, most)

    @rule()
    def sync_all(self):
        """Everybody is at the office for an evening."""
        for name in self.world.names:
            self.history.sync(name)

    @precondition(lambda self: self.world.requests)
    @rule(i=pick)
    def replay(self, i):
        """An old request arrives once more: from a proxy, or from somebody hostile."""
        requests = self.world.requests
        device, body = requests[i % len(requests)]
        # Or it is refused: the log went on otherwise.
        with suppress(RefusedError):
            self.world.run(self.world.serve(device, body))
        self.history.look()

    @precondition(lambda self: self.world.late)
    @rule(i=pick)
    def late_answer(self, i):
        deliver_late(self.world, i)

    @rule(name=who)
    def back_up_laptop(self, name):
        self.world.backup_laptop(name)

    @rule(name=who)
    def restore_laptop(self, name):
        self.world.restore_laptop(name)

    @rule(name=who, onto=who)
    def clone_laptop(self, name, onto):
        if name != onto:
            self.world.clone_laptop(name, onto)

    @rule(name=who)
    def recover_laptop(self, name):
        self.world.recover(name)

    @rule()
    def back_up_server(self):
        self.history.backup_server()

    @rule(how=st.sampled_from(["command", "hand"]))
    def restore_server(self, how):
        self.history.restore_server(how)

    @rule(is_old=st.booleans())
    def change_program(self, is_old):
        """The server is put back to an older program, or brought up again."""
        self.world.is_old = is_old

    @rule(name=who, place=where, gives=st.booleans())
    def scope(self, name, place, gives):
        project_id = self.world.project_ids[place]
        if gives:
            self.world.grant(name, project_id)
        else:
            self.world.withdraw(name, project_id)

    @rule()
    def purge(self):
        """Old deletions shrink to their ids: everything of today is old then."""
        far = "2999-01-01T00:00:00.000Z"
        world = self.world
        world.run(world.server.write(lambda tx: tx.purge(far, world.clock.stamp())))

    @rule()
    def judge_again(self):
        self.history.judge_again()

    @rule(name=who, skew_s=skews)
    def set_clock(self, name, skew_s):
        self.world.laptop(name).clock.skew_s = skew_s

    @rule(name=who, after=st.integers(1, 40))
    def crash_while_taking_in(self, name, after):
        """The process dies in the middle of a transaction: nothing of it stands."""
        self.history.crash(name, after)
