"""`GET search?q=`: a program finds what its own user said, and when."""

from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.api.conftest import Api, CallerOf
from textor.domain import scopes
from textor.extensions import db
from textor.features.accounts import guests
from textor.models import Transcription, User
from textor.models.users import Role

SEARCH = "/api/transcribe/search"


def said(owner: User, title: str, *lines: str) -> Transcription:
    row = factories.transcription(owner, factories.recording(owner, title=title), status="partial", language="fa")
    return factories.spoken(row, *lines)


def found(api: Api, path: str = SEARCH, **asked: object) -> Any:
    answer = api.get(path, query_string=asked or None)
    assert answer.status_code == 200
    return answer.json


def test_a_hit_tells_what_was_said_and_when(alice: User, bob: User, caller: CallerOf) -> None:
    row = said(alice, "Talk", "hello", "كتاب <b> & Book")
    said(bob, "Talk", "كتاب")
    assert found(caller(alice), q="کتاب") == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "id": row.id,
                "title": "Talk",
                "created_at": "2026-11-20T12:00:00Z",
                "language_code": "fa",
                "status": "completed",
                "rank": 1,
                "snippets": [
                    {
                        "text": "كتاب <b> & Book",
                        "highlighted": "<mark>كتاب</mark> &lt;b&gt; &amp; Book",
                        "start": 2.0,
                        "end": 4.0,
                        "segment": 1,
                    }
                ],
            }
        ],
    }


def test_pages_lead_to_one_another(alice: User, caller: CallerOf) -> None:
    for n in range(3):
        said(alice, f"t{n}", "word")
    alices = caller(alice)
    first = found(alices, q='"word"', page_size=2)
    assert [hit["title"] for hit in first["results"]] == ["t2", "t1"]
    assert (first["count"], first["previous"]) == (3, None)
    second = found(alices, first["next"])
    assert [(hit["title"], hit["rank"]) for hit in second["results"]] == [("t0", 3)]
    assert second["next"] is None
    assert found(alices, second["previous"])["results"] == first["results"]
    assert alices.get(SEARCH, query_string={"q": "word", "page": 2}).status_code == 404


@pytest.mark.parametrize(
    "asked", [{}, {"q": ""}, {"q": " \t\n"}, {"q": "a", "page": 0}, {"q": "a", "page_size": 101}, {"q": "a", "page": "x"}]
)
def test_a_search_for_nothing_is_refused(alice: User, caller: CallerOf, asked: dict[str, object]) -> None:
    answer = caller(alice).get(SEARCH, query_string=asked)
    assert answer.status_code == 400
    assert "error" in (answer.json or {})


@pytest.mark.parametrize("query", ["?", "\0", '"', "NEAR(", "x" * 10_000, '"a ' * 3_000, "%", "' OR 1=1 --"])
def test_any_other_text_is_a_search(alice: User, caller: CallerOf, query: str) -> None:
    said(alice, "Talk", "hello")
    assert found(caller(alice), q=query)["count"] == 0


def test_a_guest_searches_the_latest_that_guests_see(gina: Api, stranger: Api) -> None:
    owner = db.session.scalars(select(User).where(User.role == Role.GUEST)).one()
    for n in range(guests.MOST_SEEN + 1):
        said(owner, f"t{n}", "word")
    hers = found(gina, q="word")
    assert [hit["title"] for hit in hers["results"]] == ["t5", "t4", "t3", "t2", "t1"]
    assert hers["count"] == guests.MOST_SEEN
    assert found(stranger, q="word")["count"] == 0


def test_who_may_not_read_transcripts_may_not_search_them(alice: User, caller: CallerOf, stranger: Api) -> None:
    assert caller(alice, scopes.CALLS).get(SEARCH, query_string={"q": "a"}).status_code == 403
    assert stranger.get(SEARCH, query_string={"q": "a"}, headers={"X-API-Key": "tx_wrong"}).status_code == 401
