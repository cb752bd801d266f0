"""A person's hand on a transcription: trying again, with the same engine or another."""

from typing import Any

import pytest

from tests import factories
from textor.domain.job_states import Status
from textor.errors import InvalidInput, WrongState
from textor.extensions import db
from textor.features.transcription import control
from textor.models import User
from textor.toolbox import Toolbox


def test_another_engine_tries_again_with_its_own_model(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice, status=Status.FAILED, error="It broke.", model="large")
    control.retry(tools, alice.id, row.id, engine="sphinx")
    db.session.refresh(row)
    assert (row.engine, row.model, row.status, row.error) == ("sphinx", None, Status.QUEUED, None)


def test_an_engine_that_does_not_know_the_language_is_refused_and_nothing_changes(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice, status=Status.FAILED, requested_language="fa")
    with pytest.raises(InvalidInput):
        control.retry(tools, alice.id, row.id, engine="sphinx")
    db.session.refresh(row)
    assert (row.engine, row.status) == ("fake", Status.FAILED)


def test_what_still_waits_is_not_tried_again(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice)
    with pytest.raises(WrongState):
        control.retry(tools, alice.id, row.id)


def test_another_model_of_the_same_engine_begins_anew(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice, status=Status.PARTIAL, engine="whisper", model="tiny", text="old", details={"gaps": []})
    control.retry(tools, alice.id, row.id, engine="whisper", model="base")
    db.session.refresh(row)
    assert (row.model, row.text, row.status) == ("base", None, Status.QUEUED)


def test_the_same_engine_and_model_keep_what_was_heard(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice, status=Status.PARTIAL, engine="whisper", model="tiny", text="old")
    control.retry(tools, alice.id, row.id, engine="whisper", model="tiny")
    db.session.refresh(row)
    assert (row.model, row.text) == ("tiny", "old")


def test_a_default_that_is_named_is_no_other_model(tools: Toolbox, alice: User) -> None:
    """After a failover, say: nobody has named one."""
    default = tools.engines["whisper"].models()[0].name
    row = factories.transcription(alice, status=Status.PARTIAL, engine="whisper", text="old")
    control.retry(tools, alice.id, row.id, engine="whisper", model=default)
    db.session.refresh(row)
    assert (row.model, row.text, row.status) == (None, "old", Status.QUEUED)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"vocabulary": ["Textor"]}, "PocketSphinx takes no vocabulary hints"),
        ({"speaker_count": 2, "diarize": True}, "PocketSphinx can't be told how many people speak"),
    ],
)
def test_an_engine_that_can_not_honour_the_hints_is_refused_aloud(
    tools: Toolbox, alice: User, values: dict[str, Any], sentence: str
) -> None:
    row = factories.transcription(alice, status=Status.FAILED, **values)
    with pytest.raises(InvalidInput, match=sentence):
        control.retry(tools, alice.id, row.id, engine="sphinx")
    db.session.refresh(row)
    assert (row.engine, row.status) == ("fake", Status.FAILED)


def test_the_hints_stay_for_another_try(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice, status=Status.FAILED, vocabulary=["Textor"])
    control.retry(tools, alice.id, row.id, engine="whisper", model="base")
    db.session.refresh(row)
    assert (row.engine, row.vocabulary) == ("whisper", ["Textor"])
