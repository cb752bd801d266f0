"""Recordings through the queue to Vira and Deepgram, as their emulators answer the real adapters."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

import pytest

from tests.adapters.stt.test_deepgram import at as deepgram_at
from tests.adapters.stt.test_vira import at as vira_at
from tests.emulators import speech
from tests.emulators.deepgram import Deepgram
from tests.emulators.provider import serving
from tests.emulators.speech import Spoken
from tests.emulators.vira import Vira
from tests.providers import Stage, stage
from textor.adapters.stt.vira import ViraEngine
from textor.domain.job_states import Status
from textor.features.recordings import library

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases

VIRA_TOKEN = "0123456789abcdef-a-token"
DEEPGRAM_KEY = "0123456789abcdef-a-key"


class Short(ViraEngine):
    """Says that it takes fifteen seconds."""

    capabilities = replace(ViraEngine.capabilities, max_seconds=15)


@pytest.fixture
def vira(stage: Stage) -> Iterator[Vira]:
    with serving(Vira(VIRA_TOKEN)) as provider:
        stage.use(vira_at(provider.url))
        yield provider


@pytest.fixture
def deepgram(stage: Stage) -> Iterator[Deepgram]:
    with serving(Deepgram(DEEPGRAM_KEY)) as provider:
        stage.use(deepgram_at(provider.url))
        yield provider


def one_word(data: bytes) -> Sequence[Spoken]:
    """In the middle of a piece, where no other hears it."""
    at = speech.seconds(data) / 2
    return [Spoken(f"w{sha256(data).hexdigest()[:8]}.", at, at + 0.3)]


def test_a_recording_is_heard_by_deepgram_in_one_request(stage: Stage, deepgram: Deepgram) -> None:
    row_id = stage.upload("monologue.flac", engine="deepgram")
    stage.until_over(60)
    row = stage.row(row_id)
    assert (row.status, row.language, row.details["speech_model_used"]) == (Status.COMPLETED, "en", "general-nova-3")
    assert len(library.segments(row)) > 1
    assert [call.kind for call in deepgram.calls] == ["listen"]


def test_a_call_is_heard_by_deepgram_channel_by_channel(stage: Stage, deepgram: Deepgram) -> None:
    row_id = stage.upload("dialogue_stereo.flac", engine="deepgram", diarize=True)
    stage.until_over(60)
    row = stage.row(row_id)
    assert row.status == Status.COMPLETED
    assert {segment.speaker for segment in library.segments(row)} == {"Speaker 1", "Speaker 2"}
    assert deepgram.requests[0].query["multichannel"] == ["true"]


def test_deepgram_out_of_order_is_asked_again_later(stage: Stage, deepgram: Deepgram) -> None:
    deepgram.fail(on="listen", calls=2, status=504)
    row_id = stage.upload(engine="deepgram")
    stage.until_over(120)
    assert (stage.row(row_id).status, deepgram.count("listen")) == (Status.COMPLETED, 3)


def test_deepgram_without_credit_ends_with_that_sentence(stage: Stage, deepgram: Deepgram) -> None:
    deepgram.usd = 0
    row_id = stage.upload(engine="deepgram")
    stage.until_over(60)
    row = stage.row(row_id)
    assert row.status == Status.FAILED
    assert row.error == "The Deepgram account has no credit left. Ask the operator to top it up."


def test_a_recording_is_heard_by_vira_as_a_job(stage: Stage, vira: Vira) -> None:
    vira.seconds = 3600
    row_id = stage.upload("monologue.flac", engine="vira")
    stage.shift()
    vira.finish()
    stage.until_over(60)
    row = stage.row(row_id)
    assert (row.status, row.language, vira.count("request")) == (Status.COMPLETED, "fa", 1)
    (job,) = vira.jobs.values()
    assert (row.text or "").split() == [word.text for word in job.words]


def test_a_job_that_vira_has_lost_is_sent_again(stage: Stage, vira: Vira) -> None:
    vira.seconds = 3600
    row_id = stage.upload(engine="vira")
    stage.shift()
    vira.lose(*vira.jobs)
    vira.seconds = 0
    stage.until_over(60)
    assert (stage.row(row_id).status, vira.count("request")) == (Status.COMPLETED, 2)


def test_a_refusal_for_length_has_vira_hear_shorter_pieces_and_the_text_is_whole(stage: Stage, vira: Vira) -> None:
    vira.longest_seconds, vira.script = 8, one_word
    row_id = stage.upload("monologue.flac", engine="vira")
    seconds = stage.row(row_id).recording.seconds
    stage.until_over(120)
    row = stage.row(row_id)
    jobs = [*vira.jobs.values()]
    assert (row.status, row.error, row.details.get("gaps")) == (Status.COMPLETED, None, None)
    assert len(vira.refused_seconds) >= 1
    assert len(jobs) > 3
    assert max(job.seconds for job in jobs) <= 8
    assert sum(job.seconds for job in jobs) >= seconds - 0.1
    assert sorted((row.text or "").split()) == sorted(job.words[0].text for job in jobs)
    assert vira.statistics()["doubled"] == {}
    assert {job.filename for job in jobs} == {"audio.mp3"}  # it takes no FLAC


def test_what_vira_has_heard_before_it_refused_is_paid_once(stage: Stage, vira: Vira) -> None:
    stage.use(Short(VIRA_TOKEN, vira.url))
    row_id = stage.upload("monologue.flac", engine="vira")
    lengths = [one.end - one.start for one in stage.slices(row_id)]
    vira.longest_seconds = max(lengths) - 0.1
    stage.until_over(120)
    row = stage.row(row_id)
    assert row.status == Status.COMPLETED
    heard = [job.seconds for job in vira.jobs.values()]
    assert sum(heard) >= row.recording.seconds - 0.1
    assert [seconds for seconds in heard if seconds == pytest.approx(min(lengths), abs=0.1)]
    assert len(vira.refused_seconds) == 1


def test_neither_key_is_in_a_log_nor_in_what_people_see(
    stage: Stage, vira: Vira, deepgram: Deepgram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for provider in (vira, deepgram):
        provider.fail(status=401)
    seen = ""
    for engine in ("vira", "deepgram"):
        row_id = stage.upload(engine=engine)
        stage.until_over(60)
        seen += f"{stage.row(row_id).error} {stage.row(row_id).details}"
    assert "VIRA_TOKEN" in seen
    assert "DEEPGRAM_API_KEY" in seen
    assert not any(secret in caplog.text + seen for secret in (VIRA_TOKEN, DEEPGRAM_KEY))
