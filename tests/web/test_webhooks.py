"""Webhooks on the account page."""

import re
from collections.abc import Callable

import pytest
from apiflask import APIFlask

from tests.fakes import FakeClock
from tests.web.conftest import HTMX, Browser, logged_in
from textor.extensions import db
from textor.features.webhooks import deliveries, receivers, sending
from textor.models import Delivery, User
from textor.toolbox import Toolbox

HERS = "https://alice.example/hook"
SECRET = re.compile(r'<code id="webhook-secret">(whsec_[\w+/=]+)</code>')


def announce(tools: Toolbox, user: User, count: int = 1) -> list[str]:
    ids = [deliveries.announce(tools, user.id, "summary.completed", {"id": "1"}, HERS)[0] for _ in range(count)]
    db.session.commit()
    return ids


def end(tools: Toolbox, status: int, error: str | None) -> None:
    (one,) = sending.take(tools)
    assert sending.settle(tools, one, sending.Outcome(status, error, is_final=True))


def section(page: str) -> str:
    return page.split('id="webhooks"')[1].split("</section>", maxsplit=1)[0]


def test_an_address_is_saved_and_shown_and_taken_away(alices: Browser, alice: User) -> None:
    answer = alices.send("/account/webhooks", {"webhook_url": HERS})
    assert (answer.status_code, answer.location) == (303, "/account#webhooks")
    assert receivers.address(alice.id) == HERS
    assert HERS in section(alices.get("/account").text)
    alices.send("/account/webhooks", {"webhook_url": ""})
    assert receivers.address(alice.id) is None


def test_an_address_that_can_not_be_called_stands_with_its_fault(alices: Browser, alice: User) -> None:
    answer = alices.send("/account/webhooks", {"webhook_url": "http://10.0.0.1/<hook>"})
    assert answer.status_code == 400
    assert "private network" in answer.text.split('id="webhook_url-error"')[1].split("</span>")[0]
    assert "http://10.0.0.1/&lt;hook&gt;" in section(answer.text)
    assert receivers.address(alice.id) is None


def test_the_secret_is_shown_on_demand_and_renewed(alices: Browser, alice: User) -> None:
    assert "whsec_" not in alices.get("/account").text
    shown = alices.send("/account/webhooks/secret")
    assert shown.headers["Cache-Control"] == "no-store"
    assert SECRET.findall(shown.text) == [receivers.secret(alice.id)]
    renewed = SECRET.findall(alices.send("/account/webhooks/secret/renew").text)
    assert renewed == [receivers.secret(alice.id)]
    assert renewed != SECRET.findall(shown.text)


def test_a_test_message_is_offered_where_there_is_an_address(alices: Browser, alice: User, tools: Toolbox) -> None:
    assert "/account/webhooks/test" not in alices.get("/account").text
    assert alices.send("/account/webhooks/test").status_code == 409
    receivers.set_address(tools, alice.id, HERS)
    assert "/account/webhooks/test" in alices.get("/account").text
    assert alices.send("/account/webhooks/test").status_code == 303
    answer = alices.send("/account/webhooks/test", headers=HTMX)
    assert "webhooks:changed" in answer.headers["HX-Trigger"]
    page = section(alices.get("/account").text)
    assert page.count("webhook.test</bdi>") == 2
    assert page.count("On its way") == 2


def test_the_log_tells_what_became_of_each(alices: Browser, alice: User, tools: Toolbox, clock: FakeClock) -> None:
    for status, error in ((204, None), (500, "The server answered with the status 500.")):
        announce(tools, alice)
        end(tools, status, error)
        clock.advance(60)
    page = section(alices.get("/account").text)
    failed, delivered = page.split("<tr")[2:]
    assert "Not delivered" in failed
    assert "The server answered with the status 500." in failed
    assert "Delivered" in delivered
    assert "204" in delivered
    assert "20 Nov 2026, 12:00 UTC" in delivered
    assert "every 2s" not in page


def test_the_table_is_watched_while_an_attempt_is_made_or_soon_will_be(alices: Browser, alice: User, tools: Toolbox) -> None:
    (sent,) = announce(tools, alice)
    table = alices.get("/account/webhooks", headers=HTMX)
    assert "every 2s, webhooks:changed" in table.text
    assert "<html" not in table.text
    assert sending.take(tools)
    table = alices.get("/account/webhooks", headers=HTMX)
    assert "every 2s" in table.text
    assert alices.get("/account/webhooks", headers={**HTMX, "If-None-Match": table.headers["ETag"]}).status_code == 304
    db.session.get_one(Delivery, sent).due_at = None
    db.session.commit()
    assert "every 2s" not in alices.get("/account/webhooks", headers=HTMX).text
    assert alices.get("/account/webhooks").location == "/account#webhooks"


def test_one_that_failed_is_sent_again(alices: Browser, alice: User, tools: Toolbox) -> None:
    (sent,) = announce(tools, alice)
    end(tools, 500, "No.")
    assert alices.send(f"/account/webhooks/{sent}/redeliver").status_code == 303
    assert "The message is on its way again." in alices.get("/account").text
    db.session.expire_all()
    assert db.session.get_one(Delivery, sent).state == "waiting"


def test_long_logs_have_pages(alices: Browser, alice: User, tools: Toolbox) -> None:
    announce(tools, alice, deliveries.PAGE_SIZE + 1)
    first = section(alices.get("/account").text)
    assert first.count("Send again</button>") == deliveries.PAGE_SIZE
    assert "/account?deliveries=2#webhooks" in first
    second = section(alices.get("/account?deliveries=2").text)
    assert second.count("Send again</button>") == 1
    assert section(alices.get("/account?deliveries=99").text).count("Send again</button>") == deliveries.PAGE_SIZE


def test_bob_sees_and_sends_nothing_of_alices(alices: Browser, bobs: Browser, alice: User, tools: Toolbox) -> None:
    (sent,) = announce(tools, alice)
    assert HERS not in bobs.get("/account").text
    assert bobs.send(f"/account/webhooks/{sent}/redeliver").status_code == 404


@pytest.mark.parametrize("url", ["https://a.example/<b>", "https://a.example/\"onload='x'"])
def test_an_address_is_text_and_no_markup(alices: Browser, alice: User, tools: Toolbox, url: str) -> None:
    receivers.set_address(tools, alice.id, url)
    alices.send("/account/webhooks/test")
    assert url not in alices.get("/account").text


def test_the_section_is_persian_where_its_reader_is(
    app: APIFlask, browser: Callable[[], Browser], alice: User, tools: Toolbox
) -> None:
    announce(tools, alice)
    end(tools, 503, "The server answered with the status 503.")
    reader = logged_in(browser(), alice)
    reader.send("/language", {"language": "fa"})
    page = section(reader.get("/account").text)
    assert "وب‌هوک‌ها" in page
    assert "سرور با وضعیت ۵۰۳ پاسخ داد." in page
