"""What became of recordings, as programs are told: lists, one whole, its sound and files, jobs; cancel, retry, delete."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from tests import factories
from tests.api.conftest import Api, CallerOf
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.recordings import sample
from textor.models import Recording, SegmentRow, Speaker, Transcription, User
from textor.toolbox import Toolbox

HOME = "/api/transcribe/"
NOBODYS = "00000000-0000-4000-8000-000000000000"
DONE_AT = factories.NOW + timedelta(minutes=1)


@pytest.fixture
def api(caller: CallerOf, alice: User) -> Api:
    return caller(alice)


def finished(owner: User, **values: Any) -> Transcription:
    """A dialogue of two, ready to read."""
    row = factories.transcription(
        owner, status=Status.COMPLETED, text="hello there general", language="en", finished_at=DONE_AT, progress=100.0, **values
    )
    ada, ben = Speaker(transcription_seq=row.seq, label="A", name="Ada"), Speaker(transcription_seq=row.seq, label="B")
    db.session.add_all([ada, ben])
    db.session.flush()
    said = [
        ("hello there", ada, [["hello", 0.0, 0.5, 0.9], ["there", 0.5, 1.0, None]]),
        ("general", ben, [["general", 1.0, 2.0, 0.5]]),
    ]
    for n, (text, who, words) in enumerate(said):
        db.session.add(
            SegmentRow(transcription_seq=row.seq, n=n, start=float(n), end=n + 1.0, text=text, speaker_id=who.id, words=words)
        )
    db.session.commit()
    return row


@contextmanager
def counting() -> Iterator[list[str]]:
    said: list[str] = []

    def note(*args: Any) -> None:
        said.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    yield said
    event.remove(db.engine, "before_cursor_execute", note)


def test_the_list_groups_what_is_on_the_page(api: Api, alice: User) -> None:
    states = [Status.PENDING, Status.QUEUED, Status.PARTIAL, Status.FAILED, Status.CANCELLED]
    active = {Status.QUEUED: alice.id}
    ids = [factories.transcription(alice, status=one, active_for=active.get(one)).id for one in states]
    told = api.get(HOME).get_json()
    assert told["status_counts"] == {"queued": 2, "processing": 0, "completed": 1, "error": 2}
    assert [one["id"] for one in told["transcriptions"]["queued"]] == [ids[1], ids[0]], "newest first"
    assert (told["count"], told["total_count"], told["current_page"], told["total_pages"]) == (5, 5, 1, 1)
    assert (told["next"], told["previous"]) == (None, None)


def test_an_item_has_the_fields_that_clients_read(api: Api, alice: User) -> None:
    row = finished(alice)
    item = api.get(HOME).get_json()["transcriptions"]["completed"][0]
    assert item == {
        "id": row.id,
        "text": "hello there general",
        "audio_url": f"http://localhost/api/transcribe/{row.id}/audio",
        "language_code": "en",
        "created_at": "2026-11-20T12:00:00Z",
        "completed_at": "2026-11-20T12:01:00Z",
        "error": None,
        "status": "completed",
    }


def test_pages_lead_to_their_neighbours_and_end(api: Api, alice: User) -> None:
    ids = [factories.transcription(alice).id for _ in range(5)]
    second = api.get(f"{HOME}?page=2&page_size=2&view=flat").get_json()
    assert [one["id"] for one in second["results"]] == [ids[2], ids[1]]
    assert [one["id"] for one in api.get(second["next"]).get_json()["results"]] == [ids[0]]
    assert [one["id"] for one in api.get(second["previous"]).get_json()["results"]] == [ids[4], ids[3]]
    past = [api.get(f"{HOME}?page=4&page_size={size}") for size in (2, 100)]
    assert [(one.status_code, one.get_json()["error"]) for one in past] == [
        (404, "There are 3 pages."),
        (404, "There is only one page."),
    ]


def test_a_list_by_cursor_goes_on_where_it_was_whatever_came_meanwhile(api: Api, alice: User) -> None:
    ids = [factories.transcription(alice).id for _ in range(5)]
    seen, address = [], f"{HOME}?view=flat&page_size=2&cursor="
    while address:
        page = api.get(address).get_json()
        seen += [one["id"] for one in page["results"]]
        address = page["next"]
        factories.transcription(alice)
    assert seen == ids[::-1]


def test_a_guest_who_makes_up_a_cursor_sees_no_more_than_the_newest(gina: Api) -> None:
    made_up = "Mw"  # 3, as cursors are written
    assert gina.get(f"{HOME}?view=flat&cursor=").status_code == 200
    assert gina.get(f"{HOME}?view=flat&cursor={made_up}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "page_size=101",
        "page=99999999999999999999",
        "status=done",
        "view=tree",
        "view=flat&cursor=%00",
        "view=flat&cursor=zzz",
    ],
)
def test_a_wrong_parameter_is_named(api: Api, query: str) -> None:
    answer = api.get(f"{HOME}?{query}")
    assert answer.status_code == 400
    assert set(answer.get_json()["details"]) <= {"page", "page_size", "status", "view", "cursor"}


def test_one_word_of_the_lists_is_chosen_by_status(api: Api, alice: User) -> None:
    factories.transcription(alice)
    row = finished(alice)
    told = api.get(f"{HOME}?status=completed&view=flat").get_json()
    assert (told["count"], [one["id"] for one in told["results"]]) == (1, [row.id])


@pytest.mark.parametrize(
    "path", [HOME, f"{HOME}?view=flat&cursor=", f"{HOME}jobs", f"{HOME}status/ID", f"{HOME}result/ID", f"{HOME}search?q=hello"]
)
def test_a_read_takes_as_many_statements_for_one_as_for_many(api: Api, alice: User, path: str) -> None:
    row = finished(alice)
    path = path.replace("ID", row.id)
    api.get(path)
    with counting() as few:
        api.get(path)
    for _ in range(12):
        finished(alice)
    with counting() as many:
        assert api.get(path).status_code == 200
    assert len(many) == len(few) <= 8


def test_a_transcript_is_told_whole(api: Api, alice: User) -> None:
    row = finished(alice)
    told = api.get(f"{HOME}{row.id}").get_json()
    assert (told["status"], told["audio_duration"], told["engine"], told["version"]) == ("completed", 2.0, "fake", 0)
    assert told["words"][0] == {"text": "hello", "start": 0.0, "end": 0.5, "confidence": 0.9, "speaker": "Ada"}
    assert told["utterances"][1] == {"n": 1, "start": 1.0, "end": 2.0, "text": "general", "speaker": "B", "confidence": None}
    assert told["speakers"] == ["Ada", "B"]


@pytest.mark.parametrize("path", ["", "jobs", "nothing/here"])
def test_what_is_told_is_kept_by_nobody_on_the_way(api: Api, path: str) -> None:
    assert api.get(HOME + path).headers["Cache-Control"] == "private, no-store"


def test_one_that_was_cancelled_is_an_error_that_says_so(api: Api, alice: User) -> None:
    row = factories.transcription(alice)
    assert api.post(f"{HOME}{row.id}/cancel").get_json()["status"] == "error"
    told = api.get(f"{HOME}{row.id}/").get_json()
    assert (told["status"], told["error"]) == ("error", "Cancelled by user")
    assert api.post(f"{HOME}{row.id}/cancel/").status_code == 409


def test_status_of_a_job_is_in_the_words_of_jobs(api: Api, alice: User) -> None:
    row = factories.transcription(alice, progress=12.5, message="Listening")
    assert api.get(f"{HOME}status/{row.id}/").get_json() == {
        "job_id": row.id,
        "status": "processing",
        "message": "Listening",
        "progress": 12.5,
        "updated_at": factories.NOW.timestamp(),
    }


@pytest.mark.parametrize("job_id", [NOBODYS, "nonsense", "%00", "a" * 500, "\u200c"])
def test_status_of_an_unknown_job_is_no_error(api: Api, job_id: str) -> None:
    answer = api.get(f"{HOME}status/{job_id}")
    told = answer.get_json()
    assert (answer.status_code, told["status"], told["progress"]) == (200, "not_found", 0)
    assert told["message"] == "Transcription job not found or expired"


def test_a_result_is_its_segments_with_times_to_read(api: Api, alice: User) -> None:
    told = api.get(f"{HOME}result/{finished(alice).id}").get_json()
    assert set(told) == {"segments", "text", "language", "audio_duration"}
    assert told["segments"][1] == {
        "start": 1.0,
        "end": 2.0,
        "text": "general",
        "speaker": "B",
        "speaker_confidence": None,
        "start_display": "00:00:01.000",
        "end_display": "00:00:02.000",
    }


def test_a_result_that_is_not_there_yet_is_409_with_the_status(api: Api, alice: User) -> None:
    answer = api.get(f"{HOME}result/{factories.transcription(alice, progress=5.0).id}")
    told = answer.get_json()
    assert (answer.status_code, told["status"], told["progress"]) == (409, "processing", 5.0)
    assert told["error"]


def test_jobs_are_the_callers_own(api: Api, alice: User, bob: User) -> None:
    mine = [factories.transcription(alice).id for _ in range(2)]
    factories.transcription(bob)
    told = api.get(f"{HOME}jobs").get_json()
    assert ([one["job_id"] for one in told["jobs"]], told["count"]) == (mine[::-1], 2)


def test_an_admin_looks_into_anybodys_job_with_a_key_for_that(caller: CallerOf, alice: User, ada: User) -> None:
    path = f"{HOME}debug/{factories.transcription(alice, remote_id='r-1', attempts=2).id}"
    told = caller(ada, "transcribe", "admin").get(path).get_json()
    assert (told["provider_reference"], told["attempts"], told["cached_segments"], told["slices"]) == ("r-1", 2, 0, [])
    assert caller(ada, "transcribe").get(path).status_code == 404


def test_the_sound_comes_whole_and_in_ranges(api: Api, alice: User, tools: Toolbox) -> None:
    recording = factories.stored_recording(tools, alice, sample.FILE)
    row = factories.transcription(alice, recording)
    assert api.get(f"{HOME}{row.id}/audio").data == sample.FILE.read_bytes()
    part = api.get(f"{HOME}{row.id}/audio/", headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (
        206,
        sample.FILE.read_bytes()[4:8],
        f"bytes 4-7/{sample.FILE.stat().st_size}",
    )


def test_a_transcript_leaves_as_a_file_with_its_name_in_any_script(api: Api, alice: User) -> None:
    row = finished(alice, of=factories.recording(alice, title="جلسه"))
    answer = api.get(f"{HOME}{row.id}/export/srt?speakers=false")
    assert answer.status_code == 200
    assert "00:00:00,000 --> " in answer.text
    assert "Ada" not in answer.text
    assert "filename*=UTF-8''%D8%AC" in answer.headers["Content-Disposition"]
    answer.close()


@pytest.mark.parametrize(("path", "status"), [("export/exe", 404), ("export/txt?speakers=perhaps", 400)])
def test_a_file_that_cannot_be_made_is_refused(api: Api, alice: User, path: str, status: int) -> None:
    assert api.get(f"{HOME}{finished(alice).id}/{path}").status_code == status


def test_there_is_no_file_of_what_is_not_heard_yet(api: Api, alice: User) -> None:
    assert api.get(f"{HOME}{factories.transcription(alice).id}/export/txt").status_code == 409


def test_a_failed_one_is_tried_again_with_another_engine(api: Api, alice: User, tools: Toolbox) -> None:
    row = factories.transcription(alice, factories.stored_recording(tools, alice, sample.FILE), status=Status.FAILED)
    answer = api.post(f"{HOME}{row.id}/retry", json={"engine": "sphinx"})
    assert (answer.status_code, answer.get_json()["status"]) == (200, "queued")
    db.session.refresh(row)
    assert row.engine == "sphinx"
    assert api.post(f"{HOME}{row.id}/retry").status_code == 409


def test_a_deleted_one_is_gone_with_its_sound_at_once(api: Api, alice: User, tools: Toolbox) -> None:
    recording = factories.stored_recording(tools, alice, sample.FILE)
    row_id = factories.transcription(alice, recording).id
    kept = Path(tools.settings.recordings_dir) / recording.storage_key
    assert kept.exists()
    assert api.delete(f"{HOME}{row_id}/").status_code == 204
    assert not kept.exists()
    assert [db.session.scalar(select(func.count()).select_from(model)) for model in (Transcription, Recording)] == [0, 0]
    assert api.delete(f"{HOME}{row_id}").status_code == 404


@pytest.mark.parametrize(
    "method_path", ["GET {}", "GET {}/audio", "GET {}/export/txt", "POST {}/cancel", "POST {}/retry", "DELETE {}"]
)
def test_what_is_somebody_elses_looks_unknown(caller: CallerOf, alice: User, bob: User, method_path: str) -> None:
    row = finished(alice)
    method, path = method_path.split(" ")
    theirs = caller(bob).call(method, HOME + path.format(row.id))
    unknown = caller(bob).call(method, HOME + path.format(NOBODYS))
    assert (theirs.status_code, theirs.get_json()) == (404, unknown.get_json())
    db.session.refresh(row)
    assert row.deleted_at is None
