"""One stretch that is to be heard anew: what is asked for, what is refused, and that the same is not begun twice."""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests import factories
from tests.features.transcription.rehearsal import (
    SECONDS,
    WISH,
    Ear,
    ear,
    job,
    of_file,
    of_transcript,
    paid,
    row,
    stored,
    tools,
    turn,
)
from textor.adapters.storage.local import LocalStorage
from textor.errors import EngineError, InvalidInput, NotFound, OverBudget, QuotaExceeded, TooManyRequests, Unavailable, WrongState
from textor.extensions import db
from textor.features.transcription import retranslate
from textor.features.transcription.retranslate import Begun, Wish
from textor.job_queue import tickets
from textor.models import Job, Transcription, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

__all__ = ["ear", "paid", "row", "tools"]


def test_without_times_it_is_the_segment_of_that_number(tools: Toolbox, row: Transcription) -> None:
    begun = retranslate.of_transcript(tools, row.user_id, row.id, Wish(1))
    assert (job(begun).payload["start"], job(begun).payload["end"]) == (1.0, 3.0)


def test_and_all_of_it_where_there_is_none(tools: Toolbox, row: Transcription) -> None:
    for segment_id in (9, "mine", "9" * 60):
        begun = retranslate.of_transcript(tools, row.user_id, row.id, Wish(segment_id))
        assert (job(begun).payload["start"], job(begun).payload["end"]) == (0.0, SECONDS)


def test_the_same_request_again_finds_the_same_job_and_hears_nothing_twice(tools: Toolbox, alice: User, ear: Ear) -> None:
    first = of_file(tools, alice)
    assert of_file(tools, alice) == Begun(first.job_id, is_new=False)
    turn(tools, first)
    assert of_file(tools, alice) == Begun(first.job_id, is_new=False)
    assert len(ear.sounds) == 1 and stored(tools) == 0


OTHERS: list[Wish] = [
    Wish("8", 0.5, 1.25),
    Wish("7", 0.6, 1.25),
    Wish("7", 0.5, 1.3),
    Wish("7", 0.5, 1.25, "fake"),
    Wish("7", 0.5, 1.25, "", "fa"),
]


def test_another_request_is_another_job(tools: Toolbox, alice: User) -> None:
    wishes, begun = (WISH, *OTHERS, WISH), []
    for wish in wishes:
        begun.append(of_file(tools, alice, wish))
        turn(tools, begun[-1])
    assert len({one.job_id for one in begun}) == len(wishes) - 1


def test_somebody_elses_same_request_is_their_own(tools: Toolbox, alice: User, bob: User) -> None:
    assert of_file(tools, alice).job_id != of_file(tools, bob).job_id


class SlowStorage(LocalStorage):
    """While a file is put into it, something else happens."""

    def __init__(self, folder: Path, meanwhile: Callable[[], object]) -> None:
        super().__init__(folder)
        self.meanwhile = meanwhile

    def put(self, key: str, source: Path) -> None:
        super().put(key, source)
        self.meanwhile()


@pytest.mark.both_databases
def test_of_two_that_ask_at_once_the_second_gets_the_first_ones(tools: Toolbox, alice: User) -> None:
    first: list[Begun] = []
    slow = SlowStorage(tools.settings.recordings_dir, lambda: first.append(of_file(tools, alice)))
    assert of_file(replace(tools, storage=slow), alice) == Begun(first[0].job_id, is_new=False)
    assert stored(tools) == 1, "the second one's file is gone"


def test_without_room_for_the_file_nothing_is_begun(tools: Toolbox, alice: User) -> None:
    def fill_up() -> None:
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(Unavailable, match="no room left"):
        of_file(replace(tools, storage=SlowStorage(tools.settings.recordings_dir, fill_up)), alice)
    assert db.session.query(Job).count() == 0


def test_one_that_failed_is_tried_again_when_it_is_asked_for_again(tools: Toolbox, alice: User, ear: Ear) -> None:
    ear.error = EngineError("It is too noisy.")
    first = of_file(tools, alice)
    assert (turn(tools, first).state, job(first).error, stored(tools)) == (JobState.FAILED, "It is too noisy.", 0)
    ear.error = None
    second = of_file(tools, alice)
    assert second.is_new and turn(tools, second).state == JobState.COMPLETED


def test_engines_here_and_elsewhere_have_queues_of_their_own(tools: Toolbox, alice: User) -> None:
    of_file(tools, alice)
    of_file(tools, alice, Wish("7", 0.5, 1.25, "prompt"))
    assert (len(tickets.waiting(tools, "speech")), len(tickets.waiting(tools, "text"))) == (1, 1)


def test_what_the_budget_does_not_allow_is_refused_and_nothing_is_stored(tools: Toolbox, alice: User) -> None:
    poor = replace(tools, settings=replace(tools.settings, monthly_budget=0.001))
    with pytest.raises(OverBudget):
        of_file(poor, alice, Wish("7", 0.5, 1.25, "paid"))
    assert (stored(tools), db.session.query(Job).count()) == (0, 0)
    assert of_file(poor, alice).is_new, "an engine here costs nothing"


def test_minutes_of_the_month_count(tools: Toolbox, alice: User) -> None:
    with pytest.raises(QuotaExceeded):
        of_file(replace(tools, settings=replace(tools.settings, user_minutes_per_month=0)), alice)


BOUNDS: list[tuple[float | None, float | None, str]] = [
    (3.0, 4.0, "start_time"),
    (-1.0, 1.0, "start_time"),
    (1.0, 1.0, "end_time"),
    (1.0, 0.5, "end_time"),
    (0.0, 4.5, "end_time"),
]


def test_a_stretch_must_be_within_the_recording(tools: Toolbox, row: Transcription) -> None:
    for start, end, at_fault in BOUNDS:
        with pytest.raises(InvalidInput) as caught:
            of_transcript(tools, row, start, end)
        assert caught.value.field == at_fault


def test_an_end_that_is_rounded_up_is_the_end(tools: Toolbox, row: Transcription) -> None:
    assert job(of_transcript(tools, row, 1.0, 3.9)).payload["end"] == SECONDS


def test_ten_minutes_at_most(tools: Toolbox, row: Transcription) -> None:
    row.recording.seconds = 3600.0
    db.session.commit()
    assert of_transcript(tools, row, 100.0, 700.0).is_new
    with pytest.raises(InvalidInput, match="At most 10 minutes"):
        of_transcript(tools, row, 100.0, 700.5)
    with pytest.raises(InvalidInput, match="30 seconds at most"):
        of_transcript(tools, row, 100.0, 140.0, model_name="prompt")


def test_of_somebody_elses_or_an_unfinished_transcript_nothing_is_heard(
    tools: Toolbox, row: Transcription, bob: User, alice: User
) -> None:
    with pytest.raises(NotFound):
        retranslate.of_transcript(tools, bob.id, row.id, Wish("7", 0, 1))
    with pytest.raises(WrongState):
        of_transcript(tools, factories.transcription(alice))


def test_some_at_once_and_no_more(tools: Toolbox, alice: User, bob: User) -> None:
    begun = [of_file(tools, alice, Wish(n, 0, 1)) for n in range(retranslate.MOST_OPEN)]
    with pytest.raises(TooManyRequests):
        of_file(tools, alice, Wish("one more", 0, 1))
    assert of_file(tools, bob).is_new
    turn(tools, begun[0])
    assert of_file(tools, alice, Wish("one more", 0, 1)).is_new


def test_whoever_names_no_model_gets_the_default_engine_where_the_first_choice_is_not_here(
    tools: Toolbox, row: Transcription
) -> None:
    assert job(of_transcript(tools, row)).payload["engine"] == "ear"
    with pytest.raises(InvalidInput, match=r"Available: .*ear") as caught:
        of_transcript(tools, row, model_name=retranslate.FIRST_CHOICE)
    assert caught.value.field == "model_name"
