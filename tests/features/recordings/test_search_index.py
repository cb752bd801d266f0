"""Whoever writes a title or a text, its words are found at once; what is destroyed leaves none behind."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import delete, func, select, text

from tests import factories
from tests.conftest import FIXTURES
from tests.fakes import FakeClock, FakeEngine
from tests.providers import Stage, stage
from textor.domain import search_terms
from textor.domain.job_states import Status
from textor.domain.transcript import Segment
from textor.extensions import db
from textor.features.recordings import intake, library, search_index
from textor.features.recordings.filtering import Filters
from textor.features.transcription import comparing, picking, segments
from textor.features.transcription.comparing import Other
from textor.features.transcription.picking import Pick
from textor.models import SearchText, SegmentRow, Transcription, User
from textor.toolbox import Toolbox

__all__ = ["stage"]


def found(owner: User | int, query: str) -> list[str]:
    return [row.id for row in library.page(owner if isinstance(owner, int) else owner.id, Filters(text=query)).rows]


def indexed() -> int:
    return db.session.scalar(select(func.count()).select_from(SearchText)) or 0


def test_an_upload_is_found_by_its_title(alice: User, tools: Toolbox) -> None:
    with intake.spool(tools) as spool:
        spool.write((FIXTURES / "sample.flac").read_bytes())
        row = intake.accept(tools, alice.id, spool, "Board_meeting.flac", intake.Choice(engine="fake"))
    assert found(alice, "board") == [row.id]


@pytest.mark.parametrize(("file", "said"), [("sample.flac", "only once"), ("silence.flac", "")])
def test_what_this_machine_has_heard_is_found(stage: Stage, alice: User, file: str, said: str) -> None:
    engine = stage.tools.engines["fake"]
    assert isinstance(engine, FakeEngine)
    engine.segments = [Segment(0, 1, said)]
    row_id = stage.accept(file, engine="fake")
    factories.spoken(stage.row(row_id), "heard before")
    stage.advance(row_id)
    assert stage.row(row_id).status == Status.COMPLETED
    assert found(alice, "once") == ([row_id] if said else [])
    assert found(alice, "before") == []


@pytest.mark.both_databases
def test_what_providers_have_heard_is_found(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    stage.shift(6, times=3)
    row = stage.row(row_id)
    assert row.status == Status.COMPLETED
    assert row.text
    assert found(stage.owner_id, f'"{row.text}"') == [row_id]


def test_a_new_title_is_that_of_all_its_transcriptions(alice: User, tools: Toolbox) -> None:
    recording = factories.recording(alice, title="Old")
    both = [factories.spoken(factories.transcription(alice, recording), "words").id for _ in range(2)]
    library.rename(tools, alice.id, both[0], "New")
    assert set(found(alice, "new")) == set(both)
    assert found(alice, "old") == []


def test_another_engines_hearing_is_found_while_it_waits(alice: User, tools: Toolbox) -> None:
    base = factories.transcription(alice, factories.recording(alice, title="Talk"), status=Status.COMPLETED)
    factories.spoken(base, "hello")
    comparing.begin(tools, alice.id, base.id, [Other("fake_remote")])
    assert len(found(alice, "talk")) == 2


def test_words_taken_from_another_hearing_are_found_and_given_back(alice: User, tools: Toolbox) -> None:
    base = factories.transcription(alice, status=Status.COMPLETED)
    other = factories.transcription(alice, base.recording, status=Status.COMPLETED, engine="fake_remote")
    for row, said in ((base, "mourning"), (other, "morning")):
        segments.replace_all(row.seq, [Segment(0, 1, said)])
        search_index.put([row.seq])
    db.session.commit()
    base_id, other_id = base.id, other.id
    seen = comparing.shown(alice.id, base.recording_id)
    picking.pick(tools, alice.id, seen, Pick(0, other_id, seen.version))
    assert set(found(alice, "morning")) == {base_id, other_id}
    assert found(alice, "mourning") == []
    db.session.expire_all()
    picking.undo(tools, alice.id, base_id, str(comparing.told(library.find(alice.id, base_id))["version"]))
    assert found(alice, "mourning") == [base_id]


@pytest.mark.both_databases
def test_what_is_destroyed_leaves_no_words(alice: User, tools: Toolbox, clock: FakeClock) -> None:
    gone = factories.spoken(factories.transcription(alice, status=Status.COMPLETED), "secret")
    kept = factories.spoken(factories.transcription(alice, status=Status.COMPLETED), "public")
    kept_id = kept.id
    library.delete(tools, alice.id, gone.id)
    clock.advance(tools.settings.undo_seconds + 1)
    assert library.purge(tools) == 1
    assert indexed() == 1
    if db.engine.dialect.name == "sqlite":
        left = db.session.scalars(text("SELECT rowid FROM search_index WHERE search_index MATCH 'secret OR public'")).all()
        assert len(left) == 1
        db.session.execute(text("INSERT INTO search_index(search_index, rank) VALUES ('integrity-check', 1)"))
    assert found(alice, "public") == [kept_id]
    db.session.execute(delete(User))
    assert indexed() == 0


@pytest.mark.both_databases
def test_what_was_there_before_the_index_is_found_after_a_while(alice: User, tools: Toolbox, clock: FakeClock) -> None:
    for n in range(3):
        factories.transcription(alice, factories.recording(alice, title=f"Tape {n}"))
    assert found(alice, "tape") == []
    assert search_index.catch_up(tools) == 3
    assert len(found(alice, "tape")) == 3
    assert search_index.catch_up(tools) == 0


class Hurried(FakeClock):
    """Time flies."""

    def now(self) -> datetime:
        self.advance(60)
        return super().now()


def test_catching_up_leaves_time_for_others(alice: User, tools: Toolbox) -> None:
    for _ in range(3):
        factories.transcription(alice)
    hurried = replace(tools, clock=Hurried())
    assert [search_index.catch_up(hurried, batch=2) for _ in range(3)] == [2, 1, 0]


@pytest.mark.both_databases
def test_a_text_put_twice_is_found_once(alice: User) -> None:
    row = factories.spoken(factories.transcription(alice), "one", "two")
    search_index.put([row.seq, row.seq])
    search_index.put([])
    search_index.put([row.seq + 1])
    db.session.commit()
    assert found(alice, "two") == [row.id]
    assert indexed() == 1
    assert db.session.scalars(select(SearchText.body)).one() == "one\ntwo"


def test_a_line_is_the_place_of_a_segments_number(alice: User) -> None:
    row = factories.spoken(factories.transcription(alice), "zero", "one", "two", "three")
    db.session.execute(delete(SegmentRow).where(SegmentRow.n.in_([0, 2])))
    search_index.put([row.seq])
    assert db.session.scalars(select(SearchText.body)).one() == "\none\n\nthree"


@pytest.mark.both_databases
def test_a_word_is_looked_up_in_the_index_even_if_every_text_has_it(alice: User) -> None:
    for n in range(30):
        factories.spoken(factories.transcription(alice), f"everywhere {n}")
    dialect = db.engine.dialect
    db.session.execute(text("ANALYZE"))
    asked = select(Transcription.seq).where(search_index.matching(alice.id, search_terms.parse("everywhere")))
    statement = asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    plan = str(db.session.execute(text(f"{explain} {statement}".replace(":*", r"\:*"))).all())
    assert ("search_index VIRTUAL TABLE" if dialect.name == "sqlite" else "Index Scan on ix_search_texts_words") in plan
