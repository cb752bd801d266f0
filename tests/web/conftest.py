"""A stage for the pages: browsers without script, one per person, and rows to look at."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.stage import clock, tools  # noqa: F401 - fixtures
from textor.extensions import db
from textor.models import SegmentRow, Speaker, Transcription, User
from textor.models.users import Role

HTML = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}


class Browser(FlaskClient):
    """A client whose every request has a context of its own, as on a server; `post` sends the CSRF token of the last page."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, buffered=True, **kwargs)

    def token(self) -> str:
        page = self.get("/", headers=HTML).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        return found[1]

    def send(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """POST a form as the page would."""
        return self.post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)


@pytest.fixture
def browser(app: APIFlask) -> Callable[[], Browser]:
    """A new browser, nobody logged in."""
    app.test_client_class = Browser

    def new() -> Browser:
        client = app.test_client()
        assert isinstance(client, Browser)
        return client

    return new


@pytest.fixture
def gina(browser: Callable[[], Browser]) -> Browser:
    return browser()


@pytest.fixture
def alice(app: APIFlask) -> User:
    return factories.user("Alice")


@pytest.fixture
def bob(app: APIFlask) -> User:
    return factories.user("Bob")


def logged_in(client: Browser, user: User) -> Browser:
    with client.session_transaction() as session:
        session.update(_user_id=user.session_token, _fresh=True)
    return client


@pytest.fixture
def alices(browser: Callable[[], Browser], alice: User) -> Browser:
    """Alice's browser."""
    return logged_in(browser(), alice)


@pytest.fixture
def adas(browser: Callable[[], Browser]) -> Browser:
    """The admin's browser."""
    return logged_in(browser(), factories.user("Ada", Role.ADMIN))


@pytest.fixture
def bobs(browser: Callable[[], Browser], bob: User) -> Browser:
    """Bob's browser."""
    return logged_in(browser(), bob)


@pytest.fixture
def finished(alice: User) -> Transcription:
    """Alice's finished transcript: two speakers, three segments, one doubtful word."""
    row = factories.transcription(
        alice, factories.recording(alice, title="Interview", seconds=9.0), status="completed", progress=100.0, language="en"
    )
    speakers = [Speaker(transcription_seq=row.seq, label=label) for label in ("Speaker 1", "Speaker 2")]
    db.session.add_all(speakers)
    db.session.flush()
    said = [("Hello there.", 0), ("And <b>who</b> are you?", 1), ("I am the second one.", 1)]
    for n, (text, place) in enumerate(said):
        words = [
            [word, n * 3 + i * 0.5, n * 3 + i * 0.5 + 0.4, 0.2 if word == "second" else 0.9]
            for i, word in enumerate(text.split())
        ]
        db.session.add(
            SegmentRow(
                transcription_seq=row.seq,
                n=n,
                start=n * 3.0,
                end=n * 3.0 + 2,
                text=text,
                speaker_id=speakers[place].id,
                words=words,
            )
        )
    db.session.commit()
    return row
