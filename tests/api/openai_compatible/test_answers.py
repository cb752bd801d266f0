"""The OpenAI-compatible family: each way to be answered has OpenAI's shape, every parameter is honoured, ignored or refused."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.conftest import Api, CallerOf
from tests.api.openai_compatible.conftest import PATH, Program, assert_valid, events
from tests.fakes import FakeEngine
from textor.domain import scopes
from textor.domain.transcript import Segment, Word
from textor.extensions import db
from textor.models import Transcription, User
from textor.toolbox import Toolbox

SPOKEN = (
    Segment(0.0, 1.5, "hello there", (Word("hello", 0.0, 0.5), Word("there", 0.6, 1.5)), 0.9, "Speaker 1"),
    Segment(1.5, 2.0, "general", (Word("general", 1.5, 2.0),), 0.8, "Speaker 2"),
    Segment(2.0, 3.0, "you are bold", (), None, "Speaker 1"),
)
TIMES = ["word", "segment"]
SHAPES = {
    "json": "CreateTranscriptionResponseJson",
    "verbose_json": "CreateTranscriptionResponseVerboseJson",
    "diarized_json": "CreateTranscriptionResponseDiarizedJson",
}


@pytest.fixture
def engine(tools: Toolbox) -> FakeEngine:
    """The one called fake, which can do all that is asked of it here."""
    found = tools.engines["fake"]
    assert isinstance(found, FakeEngine)
    found.segments = SPOKEN
    can = replace(found.capabilities, word_times=True, vocabulary=True, speakers=True, speaker_count=True)
    found.__class__ = type("AbleEngine", (FakeEngine,), {"capabilities": can})
    return found


def only() -> Transcription:
    return db.session.query(Transcription).one()


def test_every_answer_has_the_shape_of_openais_document(
    program: Program,
    worker: None,
    engine: FakeEngine,
    document: dict[str, Any],
) -> None:
    for form, shape in SHAPES.items():
        answer = program.ask({"timestamp_granularities[]": TIMES} if form == "verbose_json" else {}, response_format=form)
        assert answer.status_code == 200, answer.text
        assert_valid(document, shape, answer.get_json())
        assert answer.get_json()["text"] == "hello there general you are bold"
        assert answer.get_json()["usage"] == {"type": "duration", "seconds": 12.45}


def test_verbose_json_tells_the_language_segments_and_words(
    program: Program,
    worker: None,
    engine: FakeEngine,
) -> None:
    told = program.ask({"timestamp_granularities[]": TIMES}, response_format="verbose_json").get_json()

    assert (told["task"], told["language"], told["duration"]) == ("transcribe", "english", 12.45)
    assert [(one["id"], one["start"], one["end"], one["text"]) for one in told["segments"]] == [
        (0, 0.0, 1.5, "hello there"),
        (1, 1.5, 2.0, " general"),
        (2, 2.0, 3.0, " you are bold"),
    ]
    assert told["segments"][0]["avg_logprob"] == pytest.approx(-0.105, abs=0.001)
    assert told["words"][2] == {"word": "general", "start": 1.5, "end": 2.0}


def test_times_come_as_they_are_asked_for_with_and_without_brackets(program: Program, worker: None, engine: FakeEngine) -> None:
    asked: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {"segments"}),
        ({"timestamp_granularities": "segment"}, {"segments"}),
        ({"timestamp_granularities[]": "word"}, {"words"}),
        ({"timestamp_granularities": ["word"], "timestamp_granularities[]": ["segment"]}, {"words", "segments"}),
    ]
    for fields, told in asked:
        answer = program.ask(fields, response_format="verbose_json").get_json()
        assert {"segments", "words"} & set(answer) == told


def test_text_and_subtitles_are_plain_text_whatever_is_accepted(
    program: Program,
    worker: None,
    engine: FakeEngine,
) -> None:
    told = {form: program.ask(response_format=form, headers={"Accept": "application/json"}) for form in ("text", "srt", "vtt")}

    assert {answer.content_type for answer in told.values()} == {"text/plain; charset=utf-8"}
    assert told["text"].text == "hello there general you are bold"
    assert told["srt"].text.startswith("1\n00:00:00,000 --> ")
    assert told["vtt"].text.startswith("WEBVTT\n\n")


def test_speakers_are_letters_in_the_order_of_their_first_words(
    program: Program,
    worker: None,
    engine: FakeEngine,
) -> None:
    told = program.ask(response_format="diarized_json").get_json()

    assert [(one["speaker"], one["text"]) for one in told["segments"]] == [
        ("A", "hello there"),
        ("B", "general"),
        ("A", "you are bold"),
    ]
    assert only().diarize


def test_whoever_spoke_is_unknown_where_nobody_could_tell(program: Program, worker: None) -> None:
    told = program.ask(response_format="diarized_json").get_json()

    assert {one["speaker"] for one in told["segments"]} == {"unknown"}


def test_a_stream_tells_each_piece_and_then_the_whole(
    program: Program,
    worker: None,
    engine: FakeEngine,
    document: dict[str, Any],
) -> None:
    answer = program.ask(stream="true")

    told = events(answer)
    assert answer.content_type == "text/event-stream; charset=utf-8"
    assert answer.text.startswith(": ")
    assert [one["type"] for one in told] == [*["transcript.text.delta"] * 3, "transcript.text.done"]
    assert "".join(one["delta"] for one in told[:-1]) == told[-1]["text"] == "hello there general you are bold"
    for one in told:
        assert_valid(document, "CreateTranscriptionResponseStreamEvent", one)


def test_a_stream_with_speakers_tells_its_segments(
    program: Program,
    worker: None,
    engine: FakeEngine,
    document: dict[str, Any],
) -> None:
    told = events(program.ask(stream="true", response_format="diarized_json"))

    segments = [one for one in told if one["type"] == "transcript.text.segment"]
    assert [(one["id"], one["speaker"]) for one in segments] == [("seg_000", "A"), ("seg_001", "B"), ("seg_002", "A")]
    assert [one["segment_id"] for one in told if "delta" in one] == ["seg_000", "seg_001", "seg_002"]
    for one in segments:
        assert_valid(document, "TranscriptTextSegmentEvent", one)


def test_what_is_known_of_the_recording_reaches_the_engine(
    program: Program,
    worker: None,
    engine: FakeEngine,
) -> None:
    program.ask(language="en", prompt="A talk by Grace Hopper, about COBOL.\nIt is quite long and has many words in it.")

    assert (engine.heard[0].language, engine.heard[0].vocabulary) == ("en", ("A talk by Grace Hopper", "about COBOL"))


def test_keywords_and_languages_of_the_newest_model_are_understood(
    program: Program,
    worker: None,
    engine: FakeEngine,
) -> None:
    program.ask({"keywords[]": ["COBOL", "UNIVAC"], "languages[]": ["de"]})

    assert (engine.heard[0].language, engine.heard[0].vocabulary) == ("de", ("COBOL", "UNIVAC"))


def test_what_is_a_mere_hint_is_done_without_where_an_engine_takes_none(
    program: Program,
    worker: None,
) -> None:
    answer = program.ask(prompt="COBOL", temperature="0.7", chunking_strategy="auto", user="somebody", languages=["en", "de"])

    assert answer.status_code == 200
    assert (only().vocabulary, only().requested_language) == ([], None)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"response_format": "xml"}, "response_format"),
    ({"temperature": "1.1"}, "temperature"),
    ({"temperature": "nan"}, "temperature"),
    ({"timestamp_granularities[]": "word"}, "timestamp_granularities"),
    ({"response_format": "verbose_json", "timestamp_granularities": "letter"}, "timestamp_granularities"),
    ({"response_format": "verbose_json", "timestamp_granularities": "word"}, "timestamp_granularities"),
    ({"include[]": "logprobs"}, "include"),
    ({"stream": "true", "response_format": "srt"}, "stream"),
    ({"stream": "perhaps"}, "stream"),
    ({"chunking_strategy": "{}"}, "chunking_strategy"),
    ({"chunking_strategy": '{"type":' * 20}, "chunking_strategy"),
    ({"chunking_strategy[type]": "by_hand"}, "chunking_strategy"),
    ({"known_speaker_names[]": "Ada"}, "known_speaker_names"),
    ({"keywords[]": "COBOL"}, "vocabulary"),
    ({"language": "xx"}, "language"),
    ({"language": "en", "languages[]": "de"}, "languages"),
    ({"model": "x" * 5000}, "model"),
]


def test_what_can_not_be_honoured_is_refused_in_openais_words_and_costs_nothing(
    program: Program, document: dict[str, Any]
) -> None:
    for fields, param in REFUSED:
        answer = program.ask(fields)
        assert answer.status_code == 400, fields
        assert_valid(document, "ErrorResponse", answer.get_json())
        assert answer.get_json()["error"]["param"] == param, fields
        assert answer.get_json()["error"]["type"] == "invalid_request_error"
    assert db.session.query(Transcription).count() == 0
    assert program.api.get("/v1/models").headers["X-RateLimit-Remaining"] == "25"


def test_a_model_that_is_not_here_is_not_found_and_the_others_are_named(program: Program) -> None:
    for model in ("gpt-4o-transcribe", "large-v3", "nonsense"):
        error = program.ask(model=model).get_json()["error"]
        assert (error["code"], error["param"]) == ("model_not_found", "model")
        assert "sphinx, fake" in error["message"]


def test_a_request_without_a_file_or_with_something_else_is_refused(program: Program) -> None:
    assert program.api.post(PATH, data={"model": "fake"}).status_code == 400
    assert program.api.post(PATH, json={"model": "fake"}).status_code == 400
    assert program.ask(sound=b"no sound at all").status_code == 400


def test_a_key_is_needed_and_its_scope(stranger: Api, caller: CallerOf, alice: User) -> None:
    assert stranger.post(PATH).get_json()["error"]["code"] == "invalid_api_key"
    assert caller(alice, scopes.TEXT).post(PATH).status_code == 403
    assert stranger.get("/v1/models").status_code == 401


def test_the_models_are_those_that_could_be_used_now(program: Program) -> None:
    told = program.api.get("/v1/models").get_json()

    names = [one["id"] for one in told["data"]]
    assert told["object"] == "list"
    assert names[0] == "whisper-1"
    assert {"tiny_whisper", "sphinx", "fake"} < set(names)
    assert not {"large-v3", "assemblyai", "openai/whisper-1"} & set(names)


def test_one_model_can_be_looked_at_by_any_of_its_names(program: Program) -> None:
    for name in ("whisper-1", "fake", "whisper/tiny_whisper", "tiny_whisper/"):
        told = program.api.get(f"/v1/models/{name}").get_json()
        assert (told["id"], told["object"]) == (name.rstrip("/"), "model")


def test_an_unknown_model_can_not_be_looked_at(program: Program) -> None:
    answer = program.api.get("/v1/models/openai/none")

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "model_not_found")


def test_a_job_made_here_is_one_like_any_other(program: Program, worker: None, alice: User) -> None:
    program.ask()

    assert (only().user_id, only().status, only().recording.title) == (alice.id, "completed", "sample")
    assert alice.engine is None


def test_what_could_not_be_heard_is_told_beside_the_text(
    program: Program,
    worker: None,
    engine: FakeEngine,
) -> None:
    program.ask()
    only().status = "partial"
    only().details = {"gaps": [{"start": 3.0, "end": 4.0, "error": "It broke off.", "channel": None}]}
    db.session.commit()

    told = program.ask().get_json()

    assert told["text"] == "hello there general you are bold"
    assert told["warnings"] == ["3.0-4.0 s could not be transcribed: It broke off."]
