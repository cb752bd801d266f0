"""Everything that goes wrong at AssemblyAI, as Textor tells it."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.adapters.stt.test_assemblyai import KEY, NO_OPTIONS, at, engine, provider, started
from tests.conftest import missing
from tests.emulators.assemblyai import AssemblyAI
from textor.adapters.stt.assemblyai import AssemblyAIEngine
from textor.adapters.stt.port import RemoteJob
from textor.domain.transcript import Transcript
from textor.errors import EngineError, JobLost

__all__ = ["engine", "provider"]

JOB = RemoteJob("11111111-2222-3333-4444-555555555555")
BALANCE = "Your current account balance is negative. Please top up to continue using the API."


def failure_of_start(engine: AssemblyAIEngine) -> EngineError:
    with pytest.raises(EngineError) as failed:
        started(engine)
    return failed.value


def failure_of_check(engine: AssemblyAIEngine, job: RemoteJob = JOB) -> EngineError:
    with pytest.raises(EngineError) as failed:
        engine.check(job, NO_OPTIONS)
    return failed.value


@pytest.mark.parametrize(
    ("fault", "advice", "said"),
    [
        ({"status": 400, "error": BALANCE}, (False, None), "no credit left"),
        ({"status": 402, "error": "Payment required"}, (False, None), "no credit left"),
        (
            {"status": 400, "error": "speaker_labels is not\n available for fa. See https://a.example/b."},
            (False, None),
            "refused this recording: speaker_labels is not available for fa. See.",
        ),
        ({"status": 401, "error": "Authentication error"}, (False, None), "check ASSEMBLYAI_API_KEY"),
        ({"status": 403, "error": "Forbidden"}, (False, None), "check ASSEMBLYAI_API_KEY"),
        ({"status": 403, "error": "Cannot access uploaded file"}, (True, None), "no access to the uploaded"),
        ({"status": 404, "error": "Not found"}, (False, None), "refused this recording: Not found"),
        ({"status": 302}, (False, None), "Something went wrong"),
        ({"status": 408}, (True, None), "its answer was 408"),
        ({"status": 429, "retry_after": 7}, (True, 7.0), "no more requests"),
        ({"status": 429}, (True, 15.0), "no more requests"),
        ({"status": 429, "retry_after": "soon"}, (True, 15.0), "no more requests"),
        ({"status": 500}, (True, None), "its answer was 500"),
        ({"status": 503, "retry_after": 30}, (True, 30.0), "its answer was 503"),
        ({"status": 502, "body": "<html>Bad gateway</html>"}, (True, None), "its answer was 502"),
        ({"status": 418, "body": "<html>No</html>"}, (False, None), "its answer was 418"),
        ({"status": 418, "body": "[1]"}, (False, None), "its answer was 418"),
        ({"reset": True}, (True, None), "could not be reached"),
    ],
)
@pytest.mark.parametrize("call", ["upload", "submit"])
def test_a_failed_start_says_why_and_whether_to_try_again(
    provider: AssemblyAI,
    engine: AssemblyAIEngine,
    call: str,
    fault: dict[str, Any],
    advice: tuple[bool, float | None],
    said: str,
) -> None:
    provider.fail(on=call, **fault)
    error = failure_of_start(engine)
    assert type(error) is EngineError
    assert (error.retryable, error.retry_after) == advice
    assert said in error.message
    assert provider.url not in error.message
    assert KEY not in error.message
    assert provider.count(call) <= 1  # nothing is tried twice in here


@pytest.mark.parametrize("call", ["upload", "submit", "check"])
def test_a_provider_that_keeps_silent_is_given_up(provider: AssemblyAI, engine: AssemblyAIEngine, call: str) -> None:
    job = started(engine)
    provider.fail(on=call, delay=3)
    impatient = at(provider.url, seconds=0.3)
    error = failure_of_check(impatient, job) if call == "check" else failure_of_start(impatient)
    assert (error.retryable, error.message) == (True, "AssemblyAI could not be reached.")


def test_a_wrong_key_is_refused(provider: AssemblyAI) -> None:
    error = failure_of_start(at(provider.url, key="another-key"))
    assert (error.retryable, error.message) == (
        False,
        "The key for AssemblyAI was refused. Ask the operator to check ASSEMBLYAI_API_KEY.",
    )


def test_no_key_asks_nobody(provider: AssemblyAI) -> None:
    keyless = at(provider.url, key="")
    for failure in (failure_of_start(keyless), failure_of_check(keyless)):
        assert failure.message == "Set ASSEMBLYAI_API_KEY to use AssemblyAI."
    with pytest.raises(EngineError):
        keyless.cancel(JOB)
    assert provider.calls == []


def test_nobody_at_the_address_is_retryable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        error = failure_of_check(at(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert (error.retryable, error.message) == (True, "AssemblyAI could not be reached.")


def test_a_server_that_is_no_https_server_is_retryable(provider: AssemblyAI) -> None:
    assert failure_of_check(at(provider.url.replace("http", "https"))).retryable


def test_a_server_with_a_certificate_of_its_own_making_is_not_trusted(tmp_path: Path) -> None:
    with https_server(tmp_path) as url:
        error = failure_of_check(at(url))
    assert (error.retryable, error.message) == (True, "AssemblyAI's certificate could not be verified.")


@contextmanager
def https_server(folder: Path) -> Iterator[str]:
    """Shakes hands once, with a certificate that nobody has signed."""
    if not shutil.which("openssl"):
        missing("openssl")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    wishes = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *wishes, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def shake_hands() -> None:
        with suppress(OSError):
            caller, _ = listening.accept()
            with caller, context.wrap_socket(caller, server_side=True):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=shake_hands)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_an_address_that_is_none_is_said() -> None:
    error = failure_of_check(at("http://127.0.0.1:no-port"))
    assert (error.retryable, error.message) == (False, "ASSEMBLYAI_BASE_URL is no address. Ask the operator to correct it.")


def test_a_key_that_no_header_can_carry_is_said(provider: AssemblyAI) -> None:
    error = failure_of_check(at(provider.url, key="a\nkey"))
    assert (error.retryable, "ASSEMBLYAI_API_KEY" in error.message) == (False, True)


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "null", '"text"', "{}", '{"upload_url": 5}', '{"upload_url": "/etc/passwd"}']
)
def test_an_upload_without_an_address_is_no_upload(provider: AssemblyAI, engine: AssemblyAIEngine, body: str) -> None:
    """A path in its place would make the SDK's own submit open that file."""
    provider.fail(on="upload", body=body)
    error = failure_of_start(engine)
    assert (error.retryable, error.message) == (True, "AssemblyAI gave an answer that Textor does not understand.")
    assert provider.jobs == {}


@pytest.mark.parametrize("body", ["{}", '{"id": null}', '{"id": ""}', '{"id": "../upload"}', '{"id": 5, "status": "queued"}'])
def test_an_order_without_a_number_is_not_repeated(provider: AssemblyAI, engine: AssemblyAIEngine, body: str) -> None:
    provider.fail(on="submit", body=body)
    error = failure_of_start(engine)
    assert (error.retryable, "did not say under which number" in error.message) == (False, True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "{}",
        '{"status": "resting"}',
        '{"status": ["queued"]}',
        '{"status": "completed"}',
        '{"status": "completed", "text": null, "words": null}',
        '{"status": "completed", "text": 5, "words": []}',
        '{"status": "completed", "text": "Words without times."}',
        '{"status": "completed", "text": "Words without times.", "words": []}',
        '{"status": "completed", "text": "A", "words": "A"}',
        '{"status": "completed", "text": "A", "words": {"A": 1}}',
        '{"status": "completed", "text": "A", "words": [{"text": "A", "start": null, "end": 5}]}',
        '{"status": "completed", "text": "A", "words": [{"text": "A", "start": NaN, "end": 5}]}',
        '{"status": "completed", "text": "A", "words": [{"text": "A", "start": Infinity, "end": 5}]}',
        '{"status": "completed", "text": "A", "words": [{"text": null, "start": 1, "end": 5}]}',
        '{"status": "completed", "text": "A", "utterances": [{"text": "A", "speaker": "A"}]}',
        '{"status": "completed", "text": "A", "words": [], "language_code": 7}',
    ],
)
def test_an_answer_of_the_wrong_shape_is_an_error_and_no_empty_transcript(
    provider: AssemblyAI, engine: AssemblyAIEngine, body: str
) -> None:
    provider.fail(on="check", body=body)
    error = failure_of_check(engine, started(engine))
    assert (type(error), error.retryable) == (EngineError, True)
    assert error.message == "AssemblyAI gave an answer that Textor does not understand."


@pytest.mark.parametrize("fault", [{"status": 503, "retry_after": 9}, {"status": 429, "retry_after": 9}])
def test_a_failed_check_asks_once_and_leaves_the_job_where_it_is(
    provider: AssemblyAI, engine: AssemblyAIEngine, fault: dict[str, Any]
) -> None:
    job = started(engine)
    provider.fail(on="check", calls=1, **fault)
    error = failure_of_check(engine, job)
    assert (type(error), error.retryable, error.retry_after, provider.count("check")) == (EngineError, True, 9.0, 1)
    assert isinstance(engine.check(job, NO_OPTIONS), Transcript)


@pytest.mark.parametrize(
    ("text", "kind", "retryable", "said"),
    [
        ("Server error, developers have been alerted", JobLost, True, "gave this job up"),
        ("Download error, unable to download https://cdn.example/upload/5. Please", JobLost, True, "gave this job up"),
        ("File does not appear to contain audio. File type is text/html", EngineError, False, "no audio in this recording"),
        ("Audio duration is too short.", EngineError, False, "too short for AssemblyAI"),
        (
            "Language xx is not supported.",
            EngineError,
            False,
            "could not transcribe this recording: Language xx is not supported.",
        ),
        ("", EngineError, False, "it gives no reason"),
    ],
)
def test_a_job_that_fails_there_says_why_and_whether_a_new_one_helps(
    provider: AssemblyAI, engine: AssemblyAIEngine, text: str, kind: type[EngineError], retryable: bool, said: str
) -> None:
    provider.fail(on="job", error=text)
    error = failure_of_check(engine, started(engine))
    assert (type(error), error.retryable) == (kind, retryable)
    assert said in error.message


def test_a_job_that_is_unknown_or_was_deleted_there_is_lost(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    assert isinstance(failure_of_check(engine), JobLost)
    job = started(engine)
    engine.cancel(job)
    assert isinstance(failure_of_check(engine, job), JobLost)


def test_a_job_at_work_is_deleted_later(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    provider.seconds = (3600, 3600)
    job = started(engine)
    with pytest.raises(EngineError) as failed:
        engine.cancel(job)
    assert (failed.value.retryable, provider.deleted) == (True, [])
    provider.finish(job.id)
    engine.cancel(job)
    assert provider.deleted == [job.id]


def test_a_delete_that_could_not_be_asked_for_is_an_error(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    job = started(engine)
    provider.fail(on="delete", status=503)
    with pytest.raises(EngineError) as failed:
        engine.cancel(job)
    assert failed.value.retryable


def test_each_thread_hears_its_own_answer(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    """The SDK's client keeps its last answer: shared by threads, another's Retry-After could be taken for this one's."""
    for seconds in range(1, 41):
        provider.fail(on="check", calls=1, status=429, retry_after=seconds, error=f"wait {seconds}")
    with ThreadPoolExecutor(16) as pool:
        failures = list(pool.map(lambda _: failure_of_check(engine), range(40)))
    assert sorted(failure.retry_after or 0 for failure in failures) == [float(seconds) for seconds in range(1, 41)]


def test_a_key_that_is_repeated_in_a_refusal_is_told_to_nobody(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    provider.fail(status=400, error=f"Not with {KEY} here")
    assert failure_of_start(engine).message == "AssemblyAI refused this recording: Not with here."
