"""What whoever follows a transcription learns with each look."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import delete, event

from tests import factories
from textor.domain.transcript import Segment
from textor.extensions import db
from textor.features.transcription import segments
from textor.features.transcription.following import Chunk, Follower, News
from textor.models import Slice, Transcription, User

pytestmark = pytest.mark.both_databases


@pytest.fixture
def alice(app: APIFlask) -> User:
    return factories.user("Alice")


@pytest.fixture
def row(alice: User) -> Transcription:
    recording = factories.recording(alice, seconds=180.0)
    return factories.transcription(alice, recording, status="processing", active_for=alice.id)


def change(row: Transcription, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at += timedelta(seconds=1)
    db.session.commit()


def cut(row: Transcription, *states: str) -> None:
    """Into slices of a minute."""
    db.session.execute(delete(Slice))
    for n, state in enumerate(states):
        times = {"start": 60.0 * n, "end": 60.0 * n + 60}
        db.session.add(Slice(transcription_seq=row.seq, n=n, state=state, engine="fake", **times))
    db.session.commit()


def look(follower: Follower) -> News:
    news = follower.look()
    db.session.rollback()
    assert news
    return news


def texts(news: News) -> list[str]:
    return [segment.text for segment in news.segments]


def spoken(*lines: str) -> Iterable[Segment]:
    return [Segment(2.0 * n, 2.0 * n + 1, line, speaker="A") for n, line in enumerate(lines)]


def test_each_look_tells_what_is_new(row: Transcription) -> None:
    follower = Follower(row.user_id, row.id)
    writer = segments.replace_all(row.seq, list(spoken("one", "two")))
    db.session.commit()
    assert (texts(look(follower)), texts(look(follower))) == (["one", "two"], [])
    writer.add([Segment(9, 10, "three")])
    db.session.commit()
    assert texts(look(follower)) == ["three"]


def test_while_a_new_run_is_behind_there_is_no_news(row: Transcription) -> None:
    follower = Follower(row.user_id, row.id)
    segments.replace_all(row.seq, list(spoken("one", "two", "three")))
    db.session.commit()
    look(follower)
    writer = segments.replace_all(row.seq, [])
    db.session.commit()
    assert texts(look(follower)) == []
    writer.add(spoken("one", "two", "three", "four"))
    db.session.commit()
    assert texts(look(follower)) == ["four"]


def test_the_end_tells_what_its_rewriting_has_put_among_the_rest(row: Transcription) -> None:
    follower = Follower(row.user_id, row.id)
    segments.replace_all(row.seq, list(spoken("one", "two", "three", "four")))
    db.session.commit()
    look(follower)
    segments.replace_all(row.seq, [Segment(0, 7, "one two three four"), Segment(20, 21, "five")])
    change(row, status="completed", active_for=None, progress=100.0)
    news = look(follower)
    assert (news.standing.is_over, texts(news)) == (True, ["five"])


def test_nobody_follows_what_is_somebody_elses_or_deleted(row: Transcription, alice: User) -> None:
    assert Follower(factories.user("Bob").id, row.id).look() is None
    change(row, deleted_at=factories.NOW)
    assert Follower(alice.id, row.id).look() is None


def test_slices_tell_which_part_is_being_heard(row: Transcription) -> None:
    follower = Follower(row.user_id, row.id)
    assert look(follower).standing.chunk == Chunk(1, 1, 0.0)
    cut(row, "completed", "waiting", "waiting")
    change(row, progress=50.0)
    assert look(follower).standing.chunk == Chunk(2, 3, 50.0)
    cut(row, "completed", "failed", "remote")
    change(row, progress=60.0)  # of three minutes: before the last one
    assert look(follower).standing.chunk == Chunk(3, 3, 0.0)
    cut(row, "completed", "failed", "completed")
    change(row, progress=99.0)
    assert look(follower).standing.chunk == Chunk(3, 3, 100.0)
    cut(row)
    change(row, status="completed", active_for=None, progress=100.0)
    assert look(follower).standing.chunk == Chunk(3, 3, 100.0)


def test_a_look_without_news_is_two_statements(row: Transcription) -> None:
    follower = Follower(row.user_id, row.id)
    segments.replace_all(row.seq, list(spoken("one", "two")))
    db.session.commit()
    look(follower)
    sent: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    assert texts(look(follower)) == []
    assert len(sent) == 2
