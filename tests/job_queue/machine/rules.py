"""What hypothesis may do next: which moves there are, how often each is chosen, and what can happen in its middle.

One rule draws from the moves that are possible now. Rules of hypothesis' own would be chosen evenly, and most would find nothing
to do.
"""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.job_queue.machine.ending import end_local, end_remote
from tests.job_queue.machine.local import DEEDS, LocalMoves
from tests.job_queue.machine.moves import Hitch, Moves
from tests.job_queue.machine.provider import MOODS
from tests.job_queue.machine.remote import RemoteMoves, Shift

MOST_ROWS = 5
WHICH = st.integers(0, 5)
RARE, NOW_AND_THEN, OFTEN, ALWAYS = 1, 2, 4, 8
OTHERS = ("death", "death", "death", "urgent", "urgent", "cancel", "delete", "reconcile", "take_over")
BETWEEN_SHIFTS = ("death", "other_shift", "other_shift", "cancel")

Choice = tuple[int, str]


class AnyMachine(Moves, RuleBasedStateMachine):
    """What owners and the world do, wherever the engine is. `only` are the moves to choose from; none named: all."""

    only: frozenset[str] = frozenset()

    @initialize(data=st.data())
    def begins(self, data: st.DataObject) -> None:
        self.draw = data.draw
        for _ in range(2):
            self.upload()

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        self.draw = data.draw
        possible = [name for times, name in self.choices() if not self.only or name in self.only for _ in range(times)]
        move: Callable[[], None] = getattr(self, data.draw(st.sampled_from(possible), "move"))
        move()

    def choices(self) -> list[Choice]:
        """The moves that are possible now, with how likely each is."""
        rows = self.story.now.rows.values()
        away = self.world.faults.is_redis_away
        waiting = [] if away else self.world.tickets(self.queue)
        return [
            (NOW_AND_THEN * (len(rows) < MOST_ROWS), "upload"),
            (NOW_AND_THEN * (len(rows) < MOST_ROWS), "two_webs"),
            (ALWAYS * bool(waiting), "deliver"),
            (NOW_AND_THEN * bool(waiting), "lose_a_ticket"),
            (NOW_AND_THEN * bool(rows), "cancel"),
            (NOW_AND_THEN * any(row.is_final for row in rows), "retry"),
            (RARE * bool(rows), "delete"),
            (NOW_AND_THEN * bool(self.story.deleted), "undo"),
            (RARE * bool(self.story.deleted), "purge"),
            (RARE, "wait"),
            (NOW_AND_THEN, "reconcile"),
            (RARE, "flush_redis"),
            (RARE, "lock_expires"),
            (OFTEN if away else RARE, "redis_comes_or_goes"),
        ]

    def which(self) -> int:
        return self.draw(WHICH, "which")

    def hitch(self, most: int, strikes: tuple[str, ...] = OTHERS) -> Hitch:
        """None, or something at one of the first `most` moments."""
        some = st.tuples(st.integers(1, most), st.sampled_from(strikes), WHICH)
        return self.draw(st.one_of(st.none(), some), "hitch")

    def upload(self) -> None:
        user, priority, parts = self.which(), self.draw(st.integers(0, 1)), self.draw(st.integers(1, 3), "parts")
        self.act(lambda: self.upload_one(user, priority, parts), self.hitch(10))

    def two_webs(self) -> None:
        """Two uploads of one user at once, the second more urgent."""
        user, moment = self.which(), self.draw(st.integers(1, 4), "moment")
        self.act(lambda: self.upload_one(user, priority=0), (moment, "urgent", user))

    def deliver(self) -> None:
        which, copies = self.which(), self.draw(st.sampled_from([1, 1, 1, 2]), "copies")
        self.act(lambda: self.deliver_one(which, copies), self.hitch(10))

    def lose_a_ticket(self) -> None:
        waiting = self.world.tickets(self.queue)
        self.world.drop_ticket(self.queue, waiting[self.which() % len(waiting)])

    def cancel(self) -> None:
        which = self.which()
        self.act(lambda: self.cancel_one(which), self.hitch(8))

    def retry(self) -> None:
        which = self.which()
        self.act(lambda: self.retry_one(which), self.hitch(8))

    def delete(self) -> None:
        which = self.which()
        self.act(lambda: self.delete_one(which), self.hitch(8))

    def undo(self) -> None:
        which = self.which()
        self.act(lambda: self.undo_one(which), self.hitch(8))

    def purge(self) -> None:
        self.world.wait(self.tools.settings.undo_seconds * self.draw(st.integers(0, 1)) + 1)
        self.act(self.purge_all, self.hitch(4))

    def wait(self) -> None:
        self.world.wait(self.draw(st.sampled_from([0.5, 3.0, 11.0, 16.0, 100.0]), "seconds"))

    def reconcile(self) -> None:
        self.world.wait(self.draw(st.sampled_from([0.0, 16.0]), "seconds"))
        self.act(self.heal, self.hitch(14))

    def flush_redis(self) -> None:
        self.world.redis.flushdb()

    def lock_expires(self) -> None:
        self.world.unlock(self.world.users[self.which() % len(self.world.users)])

    def redis_comes_or_goes(self) -> None:
        self.world.faults.is_redis_away = not self.world.faults.is_redis_away


class LocalMachine(LocalMoves, AnyMachine):
    """Lanes, and runs on this machine."""

    def choices(self) -> list[Choice]:
        is_running = bool(self.running)
        return [*super().choices(), (ALWAYS * is_running, "work"), (OFTEN * is_running, "thaw")]

    def work(self) -> None:
        claim = self.running[self.which() % len(self.running)]
        self.do(claim, self.draw(st.sampled_from(DEEDS), "deed"), self.hitch(10))

    def thaw(self) -> None:
        """A worker was frozen for longer than a lease, others have come, and it goes on as if nothing had been."""
        claim = self.running[self.which() % len(self.running)]
        self.act(self.take_over)
        self.do(claim, self.draw(st.sampled_from(DEEDS), "deed"), None)

    def teardown(self) -> None:
        end_local(self)


class RemoteMachine(RemoteMoves, AnyMachine):
    """Lanes, and slices with a provider."""

    def choices(self) -> list[Choice]:
        has_parts, has_calls = bool(self.story.now.parts), any(one.calls for one in self.shifts)
        return [
            *super().choices(),
            (ALWAYS * has_parts, "shift_takes"),
            (ALWAYS * has_calls, "answer_comes"),
            (OFTEN * has_calls, "all_answers_come"),
            (RARE * has_calls, "calls_take_long"),
            (NOW_AND_THEN * has_calls, "shift_thaws"),
            (NOW_AND_THEN * has_calls, "owner_is_quicker"),
            (RARE * has_calls, "shift_dies"),
            (RARE * has_parts, "provider_calls_back"),
            (NOW_AND_THEN * bool(self.story.now.discards), "shift_deletes"),
        ]

    def shift(self) -> Shift:
        """One of the two; one with calls, if there are any."""
        return max(self.shifts[:: self.draw(st.sampled_from([1, -1]), "shift")], key=lambda one: bool(one.calls))

    def shift_takes(self) -> None:
        shift = self.shifts[self.which() % 2]
        self.world.wait(self.draw(st.sampled_from([0.0, 6.0, 31.0]), "seconds"))
        mood = self.draw(st.sampled_from(MOODS), "mood")
        self.act(lambda: self.take_on(shift, mood), self.hitch(4, BETWEEN_SHIFTS))
        if self.world.has_died:
            self.drop(shift)

    def answer_comes(self) -> None:
        shift = self.shift()
        self.settle(shift, shift.calls[self.which() % len(shift.calls)], self.hitch(8))

    def all_answers_come(self) -> None:
        self.settle_all(self.shift(), self.hitch(12))

    def calls_take_long(self) -> None:
        shift = self.shift()
        self.world.wait(self.draw(st.sampled_from([4.0, 16.0]), "seconds"))
        self.act(lambda: self.keep(shift))

    def shift_thaws(self) -> None:
        """It was frozen for longer than a lease, the other has taken its slices, and its answers come."""
        shift = self.shift()
        self.world.wait(16.0)
        self.act(lambda: self.take_on(self.shifts[self.shifts[0] is shift], "well"))
        self.settle(shift, shift.calls[self.which() % len(shift.calls)], None)

    def owner_is_quicker(self) -> None:
        """Cancelled or deleted while its call is under way, perhaps tried again at once; then the answer comes."""
        shift = self.shift()
        call = shift.calls[self.which() % len(shift.calls)]
        place = next((n for n, row_id in enumerate(self.in_order()) if row_id == call.one.claim.id), 0)
        stop = self.draw(st.sampled_from([self.cancel_one, self.delete_one]), "stop")
        self.act(lambda: stop(place))
        if call.one.claim.id in self.story.now.rows and self.draw(st.booleans(), "again"):
            self.act(lambda: self.retry_one(self.in_order().index(call.one.claim.id)))
        self.settle(shift, call, None)

    def shift_dies(self) -> None:
        self.drop(self.shift())

    def provider_calls_back(self) -> None:
        which = self.which()
        self.act(lambda: self.wake(which))

    def shift_deletes(self) -> None:
        mood = self.draw(st.sampled_from(MOODS), "mood")
        self.act(lambda: self.clear(mood), self.hitch(4))

    def teardown(self) -> None:
        end_remote(self)
