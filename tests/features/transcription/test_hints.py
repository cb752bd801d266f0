"""What people know of a recording reaches the engine: names in it, how many speak."""

import pytest

from tests import factories
from tests.fakes import FakeEngine, remote_engine
from tests.providers import Stage, stage

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases


def test_what_the_user_knows_of_a_recording_reaches_the_provider(stage: Stage) -> None:
    engine = remote_engine("planned", vocabulary=True, speaker_count=True)
    stage.use(engine)
    stage.upload(engine="planned", diarize=True, vocabulary=["Textor", "Vazirmatn"], speaker_count=3)
    stage.shift()
    assert [(options.vocabulary, options.speaker_count) for options in engine.heard] == [(("Textor", "Vazirmatn"), 3)]


def test_what_the_user_knows_of_a_recording_reaches_an_engine_on_this_machine(stage: Stage) -> None:
    engine = FakeEngine()
    stage.use(engine)
    stage.upload(engine="fake", diarize=True, vocabulary=["Textor"], speaker_count=2)
    assert [(options.vocabulary, options.speaker_count) for options in engine.heard] == [(("Textor",), 2)]


def test_a_wish_for_english_reaches_every_engine_and_outlives_the_run(stage: Stage) -> None:
    remote, engine = remote_engine("planned", translates=True), FakeEngine()
    remote.polls = 1
    stage.use(remote, engine)
    ids = [stage.upload(engine=name, details={"translate": True}, owner=factories.user(name).id) for name in ("fake", "planned")]
    stage.shift()
    assert [options.translate for options in (*engine.heard, *remote.heard)] == [True, True]
    stage.until_over(60)
    assert [stage.row(row_id).details for row_id in ids] == [{"translate": True}] * 2


def test_a_side_of_a_call_has_one_speaker(stage: Stage) -> None:
    remote = remote_engine("planned", speaker_count=True)
    engine = FakeEngine()
    stage.use(engine, remote)
    for name in ("fake", "planned"):
        stage.upload("dialogue_stereo.flac", engine=name, diarize=True, speaker_count=2, owner=factories.user(name).id)
    stage.shift()
    asked = [(options.diarize, options.speaker_count) for options in (*engine.heard, *remote.heard)]
    assert asked == [(False, None)] * 4
