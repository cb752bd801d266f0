"""What its owner can do with the log, where messages go, and what they are signed with."""

import base64
import threading
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select

from tests.fakes import FakeClock
from textor import jobs
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.webhooks import deliveries, receivers, sending
from textor.job_queue import tickets
from textor.models import Delivery, User
from textor.toolbox import Toolbox

HERS, OTHERS = "https://alice.example/hook", "https://client.example/hook"


def announce(tools: Toolbox, user: User, url: str | None = OTHERS) -> list[str]:
    ids = deliveries.announce(tools, user.id, "summary.completed", {"id": "1"}, url)
    db.session.commit()
    return ids


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Delivery)) or 0


def test_the_accounts_address_and_the_requests_are_told(tools: Toolbox, alice: User) -> None:
    assert announce(tools, alice, None) == []
    receivers.set_address(tools, alice.id, f" {HERS} ")
    announce(tools, alice)
    announce(tools, alice, HERS)
    assert sorted(db.session.scalars(select(Delivery.url))) == [HERS, HERS, OTHERS]


def test_what_is_announced_is_told_only_with_what_it_is_about(tools: Toolbox, alice: User) -> None:
    deliveries.announce(tools, alice.id, "summary.completed", {}, OTHERS)
    db.session.rollback()
    assert count() == 0


@pytest.mark.parametrize(
    "url", ["ftp://alice.example", "https://user:pass@alice.example/", "http://169.254.169.254/", "alice.example"]
)
def test_an_address_that_can_not_be_called_is_refused_by_name(tools: Toolbox, alice: User, url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        receivers.set_address(tools, alice.id, url)
    assert refused.value.field == "webhook_url"
    assert receivers.address(alice.id) is None


def test_an_empty_address_ends_it(tools: Toolbox, alice: User) -> None:
    receivers.set_address(tools, alice.id, HERS)
    receivers.set_address(tools, alice.id, " ")
    assert receivers.address(alice.id) is None


@pytest.mark.both_databases
def test_two_that_ask_for_the_first_secret_at_once_get_the_same(app: APIFlask, alice: User) -> None:
    user_id, found, gate = alice.id, [], threading.Barrier(4)
    db.session.commit()

    def ask() -> None:
        with app.app_context():
            gate.wait()
            found.append(receivers.secret(user_id))
            db.session.remove()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert found[0] == receivers.secret(user_id)
    assert len(base64.b64decode(found[0].removeprefix("whsec_"), validate=True)) == 32


def test_a_new_secret_is_another(alice: User) -> None:
    old = receivers.secret(alice.id)
    assert receivers.renew_secret(alice.id) == receivers.secret(alice.id) != old


def test_the_log_is_the_owners_newest_first_in_pages(tools: Toolbox, alice: User, bob: User, clock: FakeClock) -> None:
    ids = []
    for _ in range(5):
        clock.advance(1)
        ids += announce(tools, alice)
    announce(tools, bob)
    first, last = (deliveries.page(alice.id, number, size=3) for number in (1, 2))
    assert [one.id for one in [*first.items, *last.items]] == ids[::-1]
    assert (first.count, first.pages, last.number) == (5, 2, 2)
    assert deliveries.page(alice.id + 99).pages == 1
    with pytest.raises(NotFound):
        deliveries.page(alice.id, 3, size=3)


def test_one_that_failed_is_sent_again_as_if_it_were_the_first_time(tools: Toolbox, alice: User) -> None:
    (sent,) = announce(tools, alice)
    (one,) = sending.take(tools)
    sending.settle(tools, one, sending.Outcome(404, "No.", is_final=True))
    tools.redis.flushdb()
    again = deliveries.redeliver(tools, alice.id, sent)
    assert (again.id, again.state, again.attempts, again.error, again.due_at) == (sent, "waiting", 0, None, tools.clock.now())
    assert len(tickets.waiting(tools, "webhooks")) == 1
    assert [one.id for one in sending.take(tools)] == [sent]


def test_an_attempt_under_way_has_no_say_over_a_later_one(tools: Toolbox, alice: User) -> None:
    (sent,) = announce(tools, alice)
    (one,) = sending.take(tools)
    deliveries.redeliver(tools, alice.id, sent)
    assert not sending.settle(tools, one, sending.Outcome(500, "No."))
    assert db.session.get_one(Delivery, sent).state == "waiting"


def test_nobody_elses_is_sent_again(tools: Toolbox, alice: User, bob: User) -> None:
    (sent,) = announce(tools, alice)
    for unknown in (sent, "nothing"):
        with pytest.raises(NotFound, match="no such delivery"):
            deliveries.redeliver(tools, bob.id, unknown)


def test_a_test_goes_to_the_accounts_address(tools: Toolbox, alice: User) -> None:
    with pytest.raises(WrongState):
        deliveries.send_test(tools, alice.id)
    receivers.set_address(tools, alice.id, HERS)
    one = db.session.get_one(Delivery, deliveries.send_test(tools, alice.id))
    assert (one.url, one.event) == (HERS, "webhook.test")


def test_after_a_month_it_is_forgotten(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    announce(tools, alice)
    clock.advance(timedelta(days=29).total_seconds())
    announce(tools, alice)
    clock.advance(timedelta(days=2).total_seconds())
    next(one for one in jobs.PERIODIC if one.name == "old_webhooks").work(tools)
    assert count() == 1
