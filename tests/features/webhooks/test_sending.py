"""Messages on their way to real receivers on loopback, which check the signature with the library that everybody uses."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import update

from tests.adapters.rough_servers import serving
from tests.fakes import FakeClock
from tests.receivers import Receiver, receiving
from tests.waiting import until
from textor import jobs
from textor.adapters.guarded_http import GuardedHttp
from textor.adapters.http_client import Answer
from textor.domain import webhook_events
from textor.extensions import db
from textor.features.webhooks import deliveries, receivers, sending
from textor.job_queue import tickets
from textor.models import Delivery, User
from textor.toolbox import Toolbox

DATA: dict[str, object] = {"id": "1", "title": "گفت‌وگو"}


@pytest.fixture
def receiver(alice: User) -> Iterator[Receiver]:
    """Alice's server."""
    with receiving(Receiver(receivers.secret(alice.id))) as found:
        yield found


def announce(tools: Toolbox, user: User, url: str, count: int = 1) -> list[str]:
    ids = [deliveries.announce(tools, user.id, "summary.completed", DATA, url)[0] for _ in range(count)]
    db.session.commit()
    return ids


def row(delivery_id: str) -> Delivery:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Delivery, delivery_id)


def attempt(tools: Toolbox, clock: FakeClock) -> None:
    """The next attempt of everything, as soon as it is due."""
    clock.advance(webhook_events.LONGEST_RETRY_AFTER_SECONDS * 1.2)
    sending.send_due(tools)


def test_a_message_arrives_signed_and_is_noted_as_delivered(tools: Toolbox, alice: User, receiver: Receiver) -> None:
    (sent,) = announce(tools, alice, receiver.url)
    sending.send_due(tools)
    assert receiver.ids == [sent]
    assert receiver.messages == [
        {"type": "summary.completed", "timestamp": row(sent).payload["timestamp"], "data": DATA},
    ]
    one = row(sent)
    assert (one.state, one.attempts, one.response_status, one.error, one.due_at) == ("delivered", 1, 204, None, None)
    assert one.finished_at == tools.clock.now()
    sending.send_due(tools)
    assert len(receiver.ids) == 1


def test_nobody_elses_secret_signs_it(tools: Toolbox, alice: User, bob: User, receiver: Receiver) -> None:
    (sent,) = announce(tools, bob, receiver.url)
    sending.send_due(tools)
    assert (receiver.messages, row(sent).response_status) == ([], 401)


def test_what_fails_is_sent_again_under_the_same_id_until_it_is_taken(
    tools: Toolbox, alice: User, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.answers, receiver.secret = [500, 302, 200], ""
    (sent,) = announce(tools, alice, receiver.url)
    sending.send_due(tools)
    one = row(sent)
    assert (one.state, one.attempts, one.response_status, one.error) == (
        "waiting",
        1,
        500,
        "The server answered with the status 500.",
    )
    assert one.due_at is not None
    assert 5 <= (one.due_at - clock.now()).total_seconds() <= 6
    sending.send_due(tools)
    assert len(receiver.ids) == 1  # not yet
    attempt(tools, clock)
    attempt(tools, clock)
    assert (receiver.ids, row(sent).state, row(sent).attempts) == ([sent] * 3, "delivered", 3)


def test_after_a_day_of_attempts_it_has_failed(tools: Toolbox, alice: User, receiver: Receiver, clock: FakeClock) -> None:
    receiver.answers, receiver.secret = [503] * 20, ""
    (sent,) = announce(tools, alice, receiver.url)
    for _ in range(webhook_events.MOST_ATTEMPTS + 2):
        attempt(tools, clock)
    one = row(sent)
    assert (one.state, one.attempts, one.due_at, len(receiver.ids)) == ("failed", 8, None, 8)
    assert one.finished_at is not None


def test_a_server_that_asks_for_time_gets_it(tools: Toolbox, alice: User, receiver: Receiver, clock: FakeClock) -> None:
    receiver.answers, receiver.headers = [429], {"Retry-After": "600"}
    (sent,) = announce(tools, alice, receiver.url)
    sending.send_due(tools)
    due_at = row(sent).due_at
    assert due_at is not None
    assert 600 <= (due_at - clock.now()).total_seconds() <= 660


def test_gone_means_never_again(tools: Toolbox, alice: User, receiver: Receiver) -> None:
    receiver.answers, receiver.secret = [410], ""
    receivers.set_address(tools, alice.id, receiver.url)
    first, later = announce(tools, alice, receiver.url, 2)
    db.session.execute(update(Delivery).where(Delivery.id == later).values(due_at=None))
    db.session.commit()
    sending.send_due(tools)
    assert [(row(one).state, row(one).error) for one in (first, later)] == [("failed", sending.IS_GONE)] * 2
    assert receivers.address(alice.id) is None


def test_a_server_inside_the_network_is_not_asked(tools: Toolbox, alice: User, receiver: Receiver) -> None:
    announce(tools, alice, receiver.url)
    outcome = sending.post(GuardedHttp(), sending.take(tools)[0])
    assert (outcome.status, outcome.is_final, receiver.ids) == (None, True, [])
    assert "private network" in (outcome.error or "")


def test_a_final_answer_ends_it_at_once(tools: Toolbox, alice: User, receiver: Receiver) -> None:
    (sent,) = announce(tools, alice, receiver.url)
    (one,) = sending.take(tools)
    assert sending.settle(tools, one, sending.Outcome(error="No.", is_final=True))
    assert (row(sent).state, row(sent).error) == ("failed", "No.")


def test_a_server_that_is_away_is_tried_again(tools: Toolbox, alice: User, receiver: Receiver) -> None:
    with serving(b"no http at all\r\n\r\n") as rough:
        (sent,) = announce(tools, alice, rough.url)
        sending.send_due(tools)
    assert (row(sent).state, row(sent).response_status, row(sent).error) == ("waiting", None, "The server broke off.")


def test_one_that_does_not_answer_holds_up_its_owners_messages_only(
    tools: Toolbox, alice: User, bob: User, receiver: Receiver, clock: FakeClock
) -> None:
    there, lock, was_bob_first = [0], threading.Lock(), []
    is_bobs_there = threading.Event()

    def wait() -> None:
        with lock:
            there[0] += 1
            assert there[0] <= sending.PER_USER
        was_bob_first.append(is_bobs_there.wait(3))
        with lock:
            there[0] -= 1

    receiver.before = wait
    slow = announce(tools, alice, receiver.url, sending.AT_ONCE + 1)
    clock.advance(1)
    with receiving(Receiver(receivers.secret(bob.id), before=is_bobs_there.set)) as bobs:
        announce(tools, bob, bobs.url)
        sending.send_due(tools)
        assert len(bobs.messages) == 1
    assert was_bob_first == [True] * len(slow)
    assert {row(one).state for one in slow} == {"delivered"}


@pytest.mark.both_databases
def test_of_many_senders_one_makes_the_attempt(app: APIFlask, tools: Toolbox, alice: User) -> None:
    receivers.secret(alice.id)
    announce(tools, alice, "http://127.0.0.1:9/", sending.PER_USER)
    taken: list[str] = []
    gate = threading.Barrier(4)

    def take() -> None:
        with app.app_context():
            gate.wait()
            taken.extend(one.id for one in sending.take(tools))
            db.session.remove()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == sending.PER_USER


@pytest.mark.both_databases
def test_what_a_lost_sender_had_in_hand_is_sent_again_and_the_lost_one_has_no_say(
    tools: Toolbox, alice: User, receiver: Receiver, clock: FakeClock
) -> None:
    (sent,) = announce(tools, alice, receiver.url)
    (lost,) = sending.take(tools)
    assert sending.take(tools) == []
    clock.advance(sending.HOLD_SECONDS)
    receiver.secret = ""
    sending.send_due(tools)
    assert (receiver.ids, row(sent).attempts) == ([sent], 2)
    assert not sending.settle(tools, lost, sending.Outcome(500, "late"))
    assert row(sent).state == "delivered"


def test_a_sender_that_is_lost_each_time_comes_to_an_end(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    (sent,) = announce(tools, alice, "http://127.0.0.1:9/")
    for _ in range(webhook_events.MOST_ATTEMPTS):
        assert sending.take(tools)
        clock.advance(sending.HOLD_SECONDS)
    sending.send_due(tools)
    assert (row(sent).state, row(sent).error) == ("failed", sending.LOST)


class Broken(GuardedHttp):
    """Has a bug."""

    def post(self, *_: Any) -> Answer:
        raise ZeroDivisionError


def test_a_bug_met_in_one_attempt_is_that_attempts_failure(tools: Toolbox, alice: User, receiver: Receiver) -> None:
    (sent,) = announce(tools, alice, receiver.url)
    sending.send_due(tools, Broken())
    assert (row(sent).state, row(sent).error) == ("waiting", sending.BROKEN)


def test_the_clock_hands_out_a_ticket_and_the_ticket_sends(tools: Toolbox, alice: User, receiver: Receiver) -> None:
    work: dict[str, Callable[[Toolbox], object]] = {one.name: one.work for one in jobs.PERIODIC}
    work["webhooks"](tools)
    assert tickets.waiting(tools, "webhooks") == []
    announce(tools, alice, receiver.url)
    work["webhooks"](tools)
    assert len(tickets.waiting(tools, "webhooks")) == 1
    job = tickets.queue(tools, "webhooks").jobs[0]
    jobs.run(*job.args)
    until(lambda: len(receiver.messages) == 1, "the message arrives")
