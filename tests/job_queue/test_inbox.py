"""The shift's inbox: many answers a round, and a new job's id at once."""

from threading import Timer
from time import monotonic

from tests.factories import NOW
from textor.adapters.stt.port import Progress, RemoteJob
from textor.job_queue.crew import Answer, Terms
from textor.job_queue.discards import Due
from textor.job_queue.hands import Said
from textor.job_queue.inbox import Inbox

LONG = 30.0


def said(answer: Answer) -> Said:
    return Said(Due(1, "fake_remote", "remote-1", 0, NOW), answer)


def later(inbox: Inbox, *all_said: Said | None) -> None:
    """Put them from a thread, the last one after a while."""
    for place, one in enumerate(all_said):
        Timer(0.1 * place, inbox.put, [one]).start()


def seconds_of(inbox: Inbox) -> tuple[int, float]:
    """How many answers are collected, in how many seconds."""
    begin = monotonic()
    return len(inbox.collect()), monotonic() - begin


def test_answers_of_a_beat_are_collected_together() -> None:
    inbox = Inbox(Terms(tick_seconds=LONG, beat_seconds=0.5))
    assert inbox.is_beat()
    later(inbox, said(Progress()), said(Progress()), None)
    count, seconds = seconds_of(inbox)
    assert (count, seconds >= 0.4) == (2, True)


def test_a_job_that_was_taken_on_is_not_kept_waiting() -> None:
    inbox = Inbox(Terms(tick_seconds=LONG, beat_seconds=LONG))
    assert inbox.is_beat()
    later(inbox, said(Progress()), said(RemoteJob("remote-1")))
    count, seconds = seconds_of(inbox)
    assert (count, seconds < LONG / 2) == (2, True)


def test_after_a_round_cut_short_the_next_beat_is_not_missed() -> None:
    inbox = Inbox(Terms(tick_seconds=LONG, beat_seconds=0.2))
    assert inbox.is_beat()
    assert not inbox.is_beat()
    count, seconds = seconds_of(inbox)
    assert (count, seconds < LONG / 2, inbox.is_beat()) == (0, True, True)


def test_while_nothing_happens_it_waits_for_the_tick() -> None:
    inbox = Inbox(Terms(tick_seconds=0.3, beat_seconds=0))
    assert inbox.is_beat()
    count, seconds = seconds_of(inbox)
    assert (count, seconds >= 0.3) == (0, True)
