"""Corrections by programs: each names the version that it has seen, and every version can be brought back."""

import uuid
from typing import Any

import pytest

from tests import factories
from tests.api.conftest import Api, CallerOf
from tests.features.recordings.test_editing import said
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.transcription import segments
from textor.models import Transcription, User


@pytest.fixture
def row(alice: User) -> Transcription:
    made = factories.transcription(alice, status=Status.COMPLETED, text="good mourning\nhow are you")
    segments.replace_all(made.seq, [said("good mourning", 0, "A"), said("how are you", 5, "B")])
    db.session.commit()
    return made


@pytest.fixture
def path(row: Transcription) -> str:
    return f"/api/transcribe/{row.id}"


@pytest.fixture
def program(caller: CallerOf, alice: User) -> Api:
    return caller(alice)


def test_a_segment_is_corrected_and_the_answer_has_it_with_the_new_version(program: Api, path: str) -> None:
    answer = program.patch(f"{path}/segments/0", json={"text": "good morning", "speaker": "Ann", "version": 0})
    assert answer.status_code == 200
    told = answer.get_json()
    words = told.pop("words")
    assert told == {
        "n": 0,
        "start": 0.0,
        "end": 1.8,
        "text": "good morning",
        "speaker": "Ann",
        "speaker_label": "Ann",
        "confidence": 0.6,
        "version": 1,
    }
    assert [(word["text"], word["confidence"]) for word in words] == [("good", 0.6), ("morning", None)]
    whole = program.get(f"{path}/").get_json()
    assert (whole["text"], whole["version"]) == ("good morning\nhow are you", 1)


def test_speakers_are_named_and_null_takes_a_name_or_a_speaker_away(program: Api, path: str) -> None:
    answer = program.patch(f"{path}/speakers/", json={"speakers": {"A": "Ann"}, "version": 0}).get_json()
    assert answer == {"speakers": {"A": "Ann", "B": None}, "version": 1}
    answer = program.patch(f"{path}/speakers", json={"speakers": {"Ann": None}, "version": 1}).get_json()
    assert answer == {"speakers": {"A": None, "B": None}, "version": 2}
    answer = program.patch(f"{path}/segments/1", json={"speaker": None, "version": 2}).get_json()
    assert (answer["text"], answer["speaker"], answer["version"]) == ("how are you", None, 3)


def test_a_stale_version_is_409_and_told_which_it_is_now(program: Api, path: str) -> None:
    program.patch(f"{path}/segments/0", json={"text": "one", "version": 0})
    for method, call, body in (
        ("PATCH", "segments/0", {"text": "two"}),
        ("PATCH", "speakers", {"speakers": {"A": "Ann"}}),
        ("POST", "restore/0", {}),
    ):
        answer = program.call(method, f"{path}/{call}", json=body | {"version": 0})
        assert (answer.status_code, answer.get_json()["details"]) == (409, {"version": 1})
        assert "has changed" in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("segments/0", {"text": "one"}),
        ("segments/0", {"version": 0}),
        ("segments/0", {"text": None, "version": 0}),
        ("segments/0", {"text": ["one"], "version": 0}),
        ("segments/0", {"text": "a\0b", "version": 0}),
        ("segments/0", {"text": "\ud800", "version": 0}),
        ("segments/0", {"text": "x" * 100_000, "version": 0}),
        ("segments/0", {"speaker": "x" * 65, "version": 0}),
        ("segments/0", {"speaker": "a\0", "version": 0}),
        *(("segments/0", {"text": "one", "version": version}) for version in (-1, 2**31, 10**40, "0", True, 0.5, None, 1e308)),
        ("speakers", {"speakers": {"A": "Ann"}}),
        ("speakers", {"speakers": {}, "version": 0}),
        ("speakers", {"speakers": {"C": "Carl"}, "version": 0}),
        ("speakers", {"speakers": {"A": "x" * 101}, "version": 0}),
        ("speakers", {"speakers": {"A": "\ud800"}, "version": 0}),
        ("speakers", {"speakers": {"\0": "Ann"}, "version": 0}),
        ("speakers", {"speakers": ["A"], "version": 0}),
        ("speakers", [0]),
    ],
)
def test_what_can_not_be_a_change_is_400_with_a_sentence(
    program: Api, path: str, row: Transcription, call: str, body: Any
) -> None:
    answer = program.patch(f"{path}/{call}", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["error"]
    assert row.version == 0


def test_a_body_that_is_far_too_large_is_413(program: Api, path: str) -> None:
    assert program.patch(f"{path}/segments/0", json={"text": "x" * 300_000, "version": 0}).status_code == 413


def test_the_history_tells_every_change_and_leads_back(program: Api, path: str) -> None:
    program.patch(f"{path}/segments/0", json={"text": "good morning", "version": 0})
    program.patch(f"{path}/speakers", json={"speakers": {"A": "Ann", "B": "Ben"}, "version": 1})
    program.patch(f"{path}/segments/0", json={"speaker": "B", "version": 2})
    assert program.post(f"{path}/restore/1", json={"version": 3}).get_json() == {"restored": 1, "version": 4}
    told = program.get(f"{path}/history/").get_json()
    assert (told["version"], told["shown"]) == (4, 4)
    assert [(one["version"], one["kind"], one["what"], one["by"], one["segment"]) for one in told["versions"]] == [
        (4, "restore", "Version 1 was brought back", "Alice", None),
        (3, "speaker", "B says segment 0", "Alice", 0),
        (2, "names", "A is called Ann, B is called Ben", "Alice", None),
        (1, "text", "Segment 0 says: good morning", "Alice", 0),
        (0, "heard", "As the engine heard it", None, None),
    ]
    assert told["versions"][0]["created_at"].endswith("Z")
    program.post(f"{path}/restore/0")  # who names no version means the one that stands there
    assert program.get(path).get_json()["text"] == "good mourning\nhow are you"


def test_what_is_not_there_and_what_is_somebody_elses_looks_the_same(
    program: Api, caller: CallerOf, bob: User, gina: Api, path: str
) -> None:
    for program_, base in ((program, f"/api/transcribe/{uuid.uuid4()}"), (caller(bob), path), (gina, path)):
        for method, call, body in (
            ("PATCH", "segments/0", {"text": "mine", "version": 0}),
            ("PATCH", "speakers", {"speakers": {"A": "Bob"}, "version": 0}),
            ("GET", "history", None),
            ("POST", "restore/0", {"version": 0}),
        ):
            assert program_.call(method, f"{base}/{call}", json=body).status_code == 404
    for n in (2, 10**9, 10**40):
        assert program.patch(f"{path}/segments/{n}", json={"text": "x", "version": 0}).status_code == 404
        assert program.post(f"{path}/restore/{n}", json={"version": 0}).status_code == 404


def test_a_stranger_and_a_key_for_other_things_change_nothing(stranger: Api, caller: CallerOf, alice: User, path: str) -> None:
    assert stranger.patch(f"{path}/segments/0", json={"text": "x", "version": 0}).status_code == 404
    assert caller(alice, "calls").patch(f"{path}/segments/0", json={"text": "x", "version": 0}).status_code == 403


def test_a_text_that_is_still_to_come_is_409_without_a_version(program: Api, path: str, row: Transcription) -> None:
    row.status, row.active_for = Status.PROCESSING, row.user_id
    db.session.commit()
    for answer in (program.patch(f"{path}/segments/0", json={"text": "x", "version": 0}), program.get(f"{path}/history")):
        assert (answer.status_code, answer.get_json()["details"]) == (409, None)
