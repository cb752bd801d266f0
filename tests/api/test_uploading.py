"""Recordings that programs bring: who may, what is said of them, what is refused, and guests."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests import factories
from tests.api.conftest import Api, CallerOf
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.recordings import sample
from textor.models import Recording, Transcription, User
from textor.models.users import Role

UPLOAD = "/api/transcribe/upload/"
START = "/api/transcribe/"
SOUND = sample.FILE.read_bytes()


def send(
    caller: Api, path: str = UPLOAD, sound: bytes | None = SOUND, headers: Mapping[str, str] | None = None, **form: Any
) -> TestResponse:
    data: dict[str, Any] = dict(form)
    if sound is not None:
        data["file"] = (io.BytesIO(sound), "talk.flac")
    return caller.post(path, data=data, headers=headers or {}, content_type="multipart/form-data")


def row(answer: TestResponse) -> Transcription:
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    return db.session.scalars(
        select(Transcription).where(Transcription.id == (told.get("transcript_id") or told["job_id"]))
    ).one()


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_an_upload_is_answered_as_clients_know_it(caller: CallerOf, alice: User) -> None:
    answer = send(caller(alice), title="Minutes", language_code="en")
    made = row(answer)
    assert answer.get_json() == {
        "message": "File uploaded and transcription started",
        "transcript_id": made.id,
        "status": "queued",
    }
    assert (made.user_id, made.recording.title, made.requested_language) == (alice.id, "Minutes", "en")


def test_an_upload_works_without_its_slash(caller: CallerOf, alice: User) -> None:
    assert send(caller(alice), UPLOAD.rstrip("/")).status_code == 200


def test_a_start_is_answered_with_a_job(caller: CallerOf, alice: User) -> None:
    answer = send(caller(alice), START, model_name="sphinx", language="en")
    made = row(answer)
    assert answer.get_json() == {"job_id": made.id, "status": "processing", "message": "Transcription job started"}
    assert (made.engine, made.diarize) == ("sphinx", True)


def test_what_is_asked_for_is_what_is_queued(caller: CallerOf, alice: User) -> None:
    made = row(send(caller(alice), engine="sphinx", auto_detect="false", language_code="EN", diarize="no"))
    assert (made.engine, made.requested_language, made.diarize) == ("sphinx", "en", False)


def test_a_program_does_not_change_what_the_persons_form_offers(caller: CallerOf, alice: User) -> None:
    row(send(caller(alice), engine="sphinx", language_code="en"))
    db.session.refresh(alice)
    assert (alice.engine, alice.speech_language) == (None, None)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"language_code": "klingon"}, "language"),
        ({"engine": "nobody"}, "engine"),
        ({"engine": "deepgram"}, "DEEPGRAM_API_KEY to use Deepgram. Available: "),
        ({"model_name": "deepgram/nova-3"}, "DEEPGRAM_API_KEY"),
        ({"model_name": "nothing"}, "model"),
        ({"diarize": "perhaps"}, "diarize: must be true or false."),
        ({"speaker_count": "many"}, "speaker_count"),
        ({"title": "x" * 2000}, "title"),
        ({"webhook_url": "http://127.0.0.1/hook"}, "webhook_url"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused_by_name(
    caller: CallerOf, alice: User, form: Mapping[str, str], said: str
) -> None:
    answer = send(caller(alice), UPLOAD, SOUND, None, **form)
    assert answer.status_code == 400
    assert said in str(answer.get_json()["details"])
    assert count(Recording) == 0


@pytest.mark.parametrize("wanted", [{"engine": "deepgram"}, {"model_name": "deepgram/nova-3"}])
def test_a_retry_with_an_engine_that_is_not_set_up_is_refused_and_nothing_changes(
    caller: CallerOf, alice: User, wanted: dict[str, str]
) -> None:
    made = factories.transcription(alice, status=Status.FAILED)
    answer = caller(alice).post(f"{START}{made.id}/retry", json=wanted)
    assert (answer.status_code, "DEEPGRAM_API_KEY" in answer.get_json()["error"]) == (400, True)
    assert (made.status, answer.headers["X-RateLimit-Remaining"]) == (Status.FAILED, "25")


@pytest.mark.parametrize(
    ("sound", "said"), [(None, "No file provided"), (b"", "empty"), (b"no sound at all" * 99, "Invalid file format")]
)
def test_a_file_that_is_none_is_refused_in_its_own_words(caller: CallerOf, alice: User, sound: bytes | None, said: str) -> None:
    answer = send(caller(alice), sound=sound)
    assert answer.status_code == 400
    assert said in answer.get_json()["error"]
    assert count(Recording) == 0


def test_two_files_at_once_are_refused(caller: CallerOf, alice: User) -> None:
    files = [(io.BytesIO(SOUND), "a.flac"), (io.BytesIO(SOUND), "b.flac")]
    answer = caller(alice).post(UPLOAD, data={"file": files}, content_type="multipart/form-data")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "One file at a time, please.")


def test_a_key_for_texts_brings_no_recordings(caller: CallerOf, alice: User) -> None:
    assert send(caller(alice, "text")).status_code == 403


def test_a_stranger_becomes_a_guest_who_finds_their_upload_again(stranger: Api) -> None:
    answer = send(stranger)
    made = row(answer)
    token = answer.get_json()["guest_token"]
    assert db.session.get_one(User, made.user_id).role == Role.GUEST
    again = Api(stranger.client.application.test_client(), {"X-Guest-Token": token})
    assert again.get(f"/api/transcribe/{made.id}/").status_code == 200
    assert stranger.get(f"/api/transcribe/{made.id}/").status_code == 200, "the cookie says who it is, too"


def test_a_guests_second_upload_needs_no_new_token(gina: Api) -> None:
    first, second = send(gina), send(gina)
    assert "guest_token" not in first.get_json()
    assert row(first).user_id == row(second).user_id


def test_a_guest_has_no_secret_to_check_webhooks_with(gina: Api) -> None:
    assert send(gina, webhook_url="https://textor.example/").status_code == 400
    assert count(Recording) == 0


def test_a_stranger_whose_upload_is_refused_leaves_nothing_behind(stranger: Api) -> None:
    answer = send(stranger, sound=b"no sound at all" * 99)
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers
    assert count(User) == 0


def test_two_guests_behind_one_address_do_not_see_each_other(stranger: Api, gina: Api) -> None:
    made = row(send(stranger))
    assert gina.get(f"/api/transcribe/{made.id}/").status_code == 404
    assert gina.get("/api/transcribe/").get_json()["count"] == 0


def test_guests_see_their_latest_five(gina: Api, environ: dict[str, str]) -> None:
    ids = [row(send(gina)).id for _ in range(5)]
    told = gina.get("/api/transcribe/?view=flat&page_size=2").get_json()
    assert (told["count"], [one["id"] for one in told["results"]]) == (5, ids[:-3:-1])


def test_where_guests_are_not_welcome_a_stranger_is_told_so(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ["ALLOW_GUESTS"] = "false"
    stranger: Api = request.getfixturevalue("stranger")
    assert send(stranger).status_code == 401
    assert stranger.get("/api/transcribe/").status_code == 401


def test_a_guests_file_may_be_as_large_as_is_said(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ["MAX_UPLOAD_MB_GUEST"] = "1"
    gina: Api = request.getfixturevalue("gina")
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="long.flac"\r\n\r\n'
    body = head + SOUND + bytes(4_000_000) + b"\r\n--x--\r\n"  # by hand: the test client would leave a file of its own behind
    answer = gina.post(UPLOAD, data=body, content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, answer.get_json()["error"]) == (413, "File size exceeds 1MB limit")
    assert gina.get("/api/transcribe/").headers["X-RateLimit-Remaining"] == "5", "what was refused costs nothing"


def test_the_same_key_creates_it_once(caller: CallerOf, alice: User) -> None:
    api, headers = caller(alice), {"Idempotency-Key": "one"}
    first, second = send(api, headers=headers), send(api, headers=headers)
    assert second.status_code == 200, second.text
    assert (first.get_json(), second.headers["Idempotent-Replayed"]) == (second.get_json(), "true")
    assert count(Transcription) == 1
    assert second.headers["X-RateLimit-Remaining"] == "24"


def test_another_persons_key_of_that_name_is_another_key(caller: CallerOf, alice: User, bob: User) -> None:
    headers = {"Idempotency-Key": "one"}
    assert row(send(caller(alice), headers=headers)).id != row(send(caller(bob), headers=headers)).id


def test_the_same_key_for_another_request_is_refused(caller: CallerOf, alice: User) -> None:
    api, headers = caller(alice), {"Idempotency-Key": "one"}
    row(send(api, headers=headers))
    assert send(api, START, headers=headers).status_code == 400


def test_a_refused_request_leaves_its_key_free(caller: CallerOf, alice: User) -> None:
    api, headers = caller(alice), {"Idempotency-Key": "one"}
    assert send(api, headers=headers, sound=None).status_code == 400
    assert send(api, headers=headers).status_code == 200


def test_the_days_work_is_counted_and_ends(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ["QUOTA_USER"] = "2/day"
    api: Api = request.getfixturevalue("caller")(request.getfixturevalue("alice"))
    left = [send(api).headers["X-RateLimit-Remaining"] for _ in range(2)]
    refused = send(api)
    assert left == ["1", "0"]
    assert (refused.status_code, refused.get_json()["detail"]) == (429, "Request limit exceeded. Please try again tomorrow.")
    assert refused.get_json()["error"] == refused.get_json()["detail"]
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    assert int(refused.headers["X-RateLimit-Reset"]) % 86_400 == 0, "midnight UTC"
    assert api.get("/api/transcribe/").status_code == 200, "reading goes on"


def test_minutes_of_a_month_bound_every_door(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ["USER_MINUTES_PER_MONTH"] = "0"
    api: Api = request.getfixturevalue("caller")(request.getfixturevalue("alice"))
    answer = send(api)
    assert answer.status_code == 429
    assert "minutes" in answer.get_json()["error"]
    assert count(Recording) == 0
