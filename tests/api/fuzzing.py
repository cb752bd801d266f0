"""schemathesis over the whole OpenAPI document, in process: who calls, with which ids, for how long, and what it found."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from apiflask import APIFlask
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from schemathesis.transport.wsgi import WSGI_TRANSPORT, WSGITransport

PHASES = ("examples", "coverage", "fuzzing", "stateful")
SEED = 20261121
ONE, SHOWN = "/api/transcribe/{transcription_id}", "transcriptions_show_get"
CHAIN = {
    ONE,
    f"{ONE}/audio",
    f"{ONE}/cancel",
    "/api/transcribe/upload",
    *(f"/api/transcribe/{call}/{{job_id}}" for call in ("status", "result")),
}
ENDING = ("/retry", "/cancel")
LOGOUT = "/api/auth/logout"
FILES = ("file", "audio_file_url")
"""What calls name a recording."""
BEYOND_SHAPES = (
    "/api/chat/",
    "/api/retranslate/segment",
    "/api/retranslate/segment-from-full",
    "/api/summary/",
    "/api/transcribe/",
    "/api/transcribe/upload",
    "/api/transcribe/{transcription_id}/retry",
    "/api/transcribe/{transcription_id}/speakers",
    "/api/twilio/recordings",
    "/api/twilio/transcript",
    "/api/v1/analyzer-task/new-task",
    "/api/v1/analyzer-task/task-bulk-update",
    "/api/v1/analyzer-task/view-task/{task_id}",
    "/api/v1/accounts/login",
    "/api/v1/accounts/logout",
    "/api/v1/accounts/registration",
    "/v1/audio/transcriptions",
    "/v1/audio/translations",
)
"""What is right by its shape may be wrong by what it says: an engine that isn't there, a password without a special character."""
ANSWERS = ["2xx", "3xx", "401", "403", "404", "409", "429", "503"]


@dataclass(frozen=True, slots=True)
class Way:
    """Who calls, and with what that is theirs."""

    headers: Mapping[str, str]
    ids: Mapping[str, str] = field(default_factory=dict)
    """By the name of a path's parameter: an id of theirs, so that calls meet something."""
    spare: Mapping[str, str] = field(default_factory=dict)
    """Others, for calls after which not much can be read."""
    sound: bytes = b""
    leaving: Mapping[str, str] = field(default_factory=dict)
    """Headers for logging out, after which they are good for nothing."""
    is_chain: bool = False
    """Calls that follow from each other, by the document's links, instead of each for itself."""


@dataclass(slots=True)
class Found:
    """What came of it."""

    failures: list[str] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


def run(app: APIFlask, way: Way, most_examples: int) -> Found:
    """All checks; the same cases each time."""
    document = app.test_client().get("/openapi.json").get_json()
    schema = schemathesis.openapi.from_dict(_chained(document) if way.is_chain else document, config=_config(way, most_examples))
    schema.app = _served(app)
    schema.hook(_with_theirs(way))
    found = Found()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGI_TRANSPORT, "send", _sent)
        for event in from_schema(schema).execute():
            _note(event, found)
    return found


def _chained(document: dict[str, Any]) -> dict[str, Any]:
    """Uploads and what their links lead to; and from what was deleted to what must not be there any more."""
    told = {"transcription_id": "$request.path.transcription_id"}
    document["paths"] = {path: calls for path, calls in document["paths"].items() if path in CHAIN}
    document["paths"][ONE]["delete"]["responses"]["204"]["links"] = {"gone": {"operationId": SHOWN, "parameters": told}}
    return document


def _config(way: Way, most_examples: int) -> SchemathesisConfig:
    checks = {
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
        "positive_data_acceptance": {"expected-statuses": ANSWERS},
    }
    asked_too_much = {"positive_data_acceptance": {"expected-statuses": [*ANSWERS, "400"]}}
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "headers": dict(way.headers),
            "continue-on-failure": True,
            "suppress-health-check": ["all"],  # a slow machine is no fault of a call
            "generation": {
                "mode": "positive" if way.is_chain else "all",
                "max-examples": most_examples,
                "deterministic": True,
                "no-shrink": True,
                "with-security-parameters": not way.headers,
            },
            "phases": {name: {"enabled": way.is_chain == (name == "stateful")} for name in PHASES},
            "checks": checks,
            "operations": [
                {"include-path": list(BEYOND_SHAPES), "checks": asked_too_much},
                {"include-path": LOGOUT, "headers": dict(way.leaving or way.headers)},
            ],
        }
    )


def _sent(case: Any, **options: Any) -> Any:
    """schemathesis' own probes without credentials hand on what is for sockets, which Werkzeug's client doesn't know."""
    for name in ("max_redirects", "verify", "cert", "proxies"):
        options.pop(name, None)
    return WSGITransport.send(WSGI_TRANSPORT, case, **options)


def _served(app: APIFlask) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """Each request with an app context of its own, as a server gives it."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with app.app_context():
            return app(environ, start_response)

    return serve


def _with_theirs(way: Way) -> Callable[..., Any]:
    """Ids are ones that are there, and a file that is right by the document is a sound; not in `/v1`, whose answers wait for a
    text, and nobody makes one here."""

    def map_case(_context: Any, case: Any) -> Any:
        if not _is_wrong(case, ParameterLocation.PATH):
            ids = way.spare if case.method == "DELETE" or case.path.endswith(ENDING) else way.ids
            case.path_parameters |= {name: ids[name] for name in ids.keys() & case.path_parameters.keys()}
        if (
            not _is_wrong(case, ParameterLocation.BODY)
            and isinstance(case.body, dict)
            and (its_file := next((name for name in FILES if name in case.body), None))
            and case.path.startswith("/api")
        ):
            if way.is_chain:
                case.body.clear()
            case.body[its_file] = way.sound  # in its place: a new body would not count as the one that is right
        return case

    return map_case


def _is_wrong(case: Any, place: ParameterLocation) -> bool:
    return case.meta is not None and bool(case.meta.is_negative_at(place))


def _note(event: Any, found: Found) -> None:
    if isinstance(event, events.NonFatalError):
        found.errors.append(f"{event.label}: {event.value!r}")
    if isinstance(event, events.FatalError):
        found.errors.append(repr(event.exception))
    if isinstance(event, events.ScenarioFinished):
        _note_scenario(event.recorder, found)


def _note_scenario(recorder: Any, found: Found) -> None:
    for case_id, interaction in recorder.interactions.items():
        operation, response = recorder.cases[case_id].value.operation, interaction.response
        if response is not None and operation.method.upper() == interaction.request.method:
            found.statuses[operation.label, response.status_code] += 1
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                seen = recorder.interactions.get(case_id)
                case = recorder.cases[case_id].value
                found.failures.append(_told(case.operation.label, check.name, check.failure_info.failure, case, seen))


def _told(label: str, name: str, failure: Any, case: Any, seen: Any) -> str:
    answer = seen.response.content[:300] if seen and seen.response is not None else b""
    return f"{label} [{name}] {failure.message[:400]}\n    {case.as_curl_command()[:400]}\n    {answer!r}"
