"""What the pages tell of money, and of engines: a month, a transcript's cost, a card per engine, an upload over the budget."""

import re
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import event, func, select

from tests import factories
from tests.conftest import FIXTURES
from tests.fakes import FakeRemoteEngine
from tests.web.conftest import HTML, HTMX, Browser
from textor.adapters.stt.port import Availability, Capabilities, Health, Model
from textor.extensions import db
from textor.models import Charge, Recording, TextCharge, Transcription, User
from textor.toolbox import Toolbox


class Paid(FakeRemoteEngine):
    """A dollar for each second of sound; one of its models goes soon, one is gone."""

    name = "paid"
    title = "Paid"
    health_calls = 0

    def models(self) -> list[Model]:
        return [Model("new", ""), Model("old", "", shutdown_date="2027-02-26"), Model("gone", "", shutdown_date="2026-11-01")]

    def can(self, model: str | None = None) -> Capabilities:
        languages = frozenset({"en", "fa"})
        return Capabilities(languages=languages, max_bytes=25_000_000, max_seconds=28_800, usd_per_hour=3600.0)

    def health(self) -> Health:
        self.health_calls += 1
        return Health(reachable=True, credit="3 h 20 min")


class Unset(FakeRemoteEngine):
    name = "unset"
    title = "Unset"

    def availability(self) -> Availability:
        return Availability(False, "Set UNSET_KEY to use Unset.")


@pytest.fixture
def tools(tools: Toolbox) -> Toolbox:
    engines = {**tools.engines, "paid": Paid(), "unset": Unset()}
    return replace(tools, engines=engines, settings=replace(tools.settings, monthly_budget=5.0, default_engine="fake"))


def charge(tools: Toolbox, user: User, **values: Any) -> None:
    facts: dict[str, Any] = {"engine": "paid", "seconds": 90.0, "usd": 1.5, "at": tools.clock.now()}
    db.session.add(Charge(user_id=user.id, **{**facts, **values}))
    db.session.commit()


def section(page: str, begin: str, end: str = "</section>") -> str:
    """The words of a part of a page."""
    found = re.search(rf'id="{begin}".*?{end}', page, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]*>", " ", found[0]).split())


def card(page: str, engine: str) -> str:
    return section(page, f"engine-{engine}", r"</dl>\s*</li>")


def test_the_month_is_told_by_engine_with_what_is_left(alices: Browser, alice: User, bob: User, tools: Toolbox) -> None:
    charge(tools, alice)
    charge(tools, alice, engine="fake", seconds=7200.0, usd=0.0)
    charge(tools, alice, engine="fake_remote", usd=None)
    charge(tools, bob, usd=400.0)
    factories.transcription(alice, factories.recording(alice, seconds=2.0), engine="paid")
    told = section(alices.get("/account").text, "spending")
    assert "Since 1 Nov 2026." in told
    assert "Spent $1.50 Set aside for what waits $2.00 Budget $5.00 Left until 30 Nov 2026 $1.50" in told
    assert "Fake 2:00:00 Free" in told
    assert "Fake remote 1:30 Not known" in told
    assert "Paid 1:30 About $1.50" in told


def ask(tools: Toolbox, user: User, model: str, usd: float | None, **values: Any) -> None:
    facts: dict[str, Any] = {"purpose": "chat", "prompt_tokens": 12_000, "completion_tokens": 345, "is_estimated": False}
    db.session.add(TextCharge(user_id=user.id, model=model, usd=usd, at=tools.clock.now(), **(facts | values)))
    db.session.commit()


def test_the_month_tells_what_text_models_read_wrote_and_cost(alices: Browser, alice: User, bob: User, tools: Toolbox) -> None:
    for model, usd in (("gone-model", 0.75), ("gone-model", 0.75), ("other", None), ("textor-extractive", 0.002)):
        ask(tools, alice, model, usd)
    ask(tools, bob, "gone-model", 400.0)
    told = section(alices.get("/account").text, "spending")
    assert "Spent $1.50 Budget $5.00 Left until 30 Nov 2026 $3.50" in told
    assert "Text model Tokens read Tokens written Cost gone-model 24,000 690 About $1.50 other 12,000 345 Not known" in told
    assert "Textor, extractive 12,000 345 Less than $0.01" in told
    assert "At most" not in told


def test_what_a_call_took_that_was_broken_off_is_told_as_the_most_it_may_be(alices: Browser, alice: User, tools: Toolbox) -> None:
    ask(tools, alice, "gone-model", 0.75, is_estimated=True)
    told = section(alices.get("/account").text, "spending")
    assert "gone-model 12,000 345 At most $0.75" in told
    assert "a call is being made or was broken off" in told


def test_the_month_is_told_in_persian(alices: Browser, alice: User, tools: Toolbox) -> None:
    charge(tools, alice, usd=1234.5)
    ask(tools, alice, "gone-model", 1.5, is_estimated=True)
    told = section(alices.get("/account", headers={"Accept-Language": "fa"}).text, "spending")
    assert "۱٬۲۳۶٫۰۰ دلار" in told
    assert "gone-model ۱۲٬۰۰۰ ۳۴۵ حداکثر ۱٫۵۰ دلار" in told


def test_an_engines_card_tells_what_it_can_do_and_costs(alices: Browser) -> None:
    told = card(alices.get("/account").text, "paid")
    assert "Paid Ready" in told
    assert "Price $3,600.00 an hour" in told
    assert "Limits 25 MB · 8 h" in told
    assert "2 languages English, Persian" in told
    assert "3 models" in told
    assert "The provider switches off on 26 Feb 2027 : old . Choose another model before." in told
    assert "Switched off by the provider on 1 Nov 2026 : gone . Choose another model." in told


def test_a_card_tells_what_to_set_and_which_engine_is_the_default(alices: Browser) -> None:
    page = alices.get("/account").text
    assert "Unset Not ready" in card(page, "unset")
    assert "Set UNSET_KEY to use Unset." in card(page, "unset")
    assert "Fake Default Ready" in card(page, "fake")
    assert "Price Free" in card(page, "fake")


def test_asking_the_providers_shows_how_they_are_to_everybody_but_the_credit_to_admins(
    alices: Browser, adas: Browser, tools: Toolbox
) -> None:
    before = alices.get("/account", headers=HTMX)
    answer = alices.send("/account/engines/check", headers=HTMX)
    assert "The providers were asked." in answer.text
    assert "engines:changed" in answer.headers["HX-Trigger"]
    assert alices.send("/account/engines/check").location == "/account#engines"
    paid = tools.engines["paid"]
    assert isinstance(paid, Paid)
    assert paid.health_calls == 1
    after = alices.get("/account", headers={**HTMX, "If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "Paid Answers" in card(after.text, "paid")
    assert "3 h 20 min" not in after.text
    assert "Credit 3 h 20 min" in card(adas.get("/account").text, "paid")


def test_where_no_provider_is_set_up_there_is_nobody_to_ask(app: APIFlask, alices: Browser, tools: Toolbox) -> None:
    assert "Check now" in alices.get("/account").text
    local = {name: engine for name, engine in tools.engines.items() if name in {"fake", "sphinx", "unset"}}
    app.extensions["textor"] = replace(tools, engines=local)
    assert "Check now" not in alices.get("/account").text


def test_the_account_takes_the_same_number_of_statements_for_any_history(
    app: APIFlask, alices: Browser, alice: User, tools: Toolbox
) -> None:
    counted: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    charge(tools, alice)
    counted.clear()
    alices.get("/account")
    few = len(counted)
    for n in range(10):
        charge(tools, alice, engine=f"engine{n}")
        ask(tools, alice, f"model{n}", 0.1)
        factories.transcription(alice, engine="paid", model=f"model{n}")
    counted.clear()
    alices.get("/account")
    assert len(counted) == few


@pytest.mark.parametrize(
    ("cost", "heard", "told"),
    [
        (0.034, 60.0, "Cost About $0.03"),
        (0.0004, 60.0, "Cost Less than $0.01"),
        (0.0, 60.0, "Cost Free"),
        (None, 60.0, "Cost Not known"),
    ],
)
def test_a_transcript_tells_its_cost(
    alices: Browser, finished: Transcription, cost: float | None, heard: float, told: str
) -> None:
    finished.cost_usd, finished.heard_seconds = cost, heard
    db.session.commit()
    assert told in section(alices.get(f"/transcripts/{finished.id}").text, "figures", "</aside>")


def test_a_transcript_of_which_nothing_was_noted_tells_no_cost(alices: Browser, finished: Transcription) -> None:
    assert "Cost" not in section(alices.get(f"/transcripts/{finished.id}").text, "figures", "</aside>")


def test_a_transcript_tells_what_text_models_have_cost_for_it(
    alices: Browser, alice: User, finished: Transcription, tools: Toolbox
) -> None:
    page = f"/transcripts/{finished.id}"
    assert "Text models" not in section(alices.get(page).text, "figures", "</aside>")
    for model in ("gone-model", "other"):
        ask(tools, alice, model, 0.75, transcription_seq=finished.seq)
    ask(tools, alice, "gone-model", 9.0)
    told = section(alices.get(page).text, "figures", "</aside>")
    assert "Text models About $1.50 · 24,690 tokens" in told
    ask(tools, alice, "third", None, transcription_seq=finished.seq)
    assert "Text models Not known · 37,035 tokens" in section(alices.get(page).text, "figures", "</aside>")


def upload(browser: Browser, engine: str, **kwargs: Any) -> Any:
    with (FIXTURES / "sample.flac").open("rb") as file:
        return browser.send("/transcripts", {"file": (file, "sample.flac"), "engine": engine}, **kwargs)


def recordings() -> int:
    return db.session.scalar(select(func.count()).select_from(Recording)) or 0


def test_an_upload_over_the_budget_is_refused_with_what_it_would_cost(alices: Browser, tools: Toolbox) -> None:
    answer = upload(alices, "paid", headers={"Accept": "application/json"})
    assert answer.status_code == 402
    assert re.match(r"This would cost about \$1\d\.\d\d, and \$0\.00 of your \$5\.00 for this month", answer.get_json()["error"])
    assert recordings() == 0
    assert [path for path in tools.settings.recordings_dir.rglob("*") if path.is_file()] == []


def test_a_form_without_script_is_told_the_same_in_its_language(alices: Browser) -> None:
    answer = upload(alices, "paid", headers={**HTML, "Accept-Language": "fa"})
    assert answer.status_code == 402
    assert "۵٫۰۰ دلار بودجهٔ این ماه" in answer.text
    assert recordings() == 0


def test_an_engine_on_this_server_takes_the_upload(alices: Browser) -> None:
    assert upload(alices, "fake", headers={"Accept": "application/json"}).status_code == 201


def test_another_try_over_the_budget_is_a_page_or_a_toast(alices: Browser, alice: User) -> None:
    row = factories.transcription(alice, factories.recording(alice, seconds=60.0), engine="fake", status="failed")
    page = alices.send(f"/transcripts/{row.id}/retry", {"engine": "paid"})
    assert page.status_code == 402
    assert "Over the budget" in page.text
    assert "about $60.00" in page.text
    toast = alices.send(f"/transcripts/{row.id}/retry", {"engine": "paid"}, headers=HTMX)
    assert toast.status_code == 402
    assert "about $60.00" in toast.text
