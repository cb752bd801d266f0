"""What the OpenAPI document says beyond shapes, of each call by its marks."""

from collections.abc import Iterator
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator

from textor.api import auth, examples

UPLOAD, STATUS = "/api/transcribe/upload", "/api/transcribe/status/{job_id}"
METHODS = {"get", "post", "put", "patch", "delete"}
PLAIN, DETAILED, OPENAI = "ErrorOut", "DetailedErrorOut", "FaultsOut"


@pytest.fixture
def document(app: APIFlask) -> dict[str, Any]:
    made = app.spec
    assert isinstance(made, dict)
    return made


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    return ((path, method, one) for path, calls in document["paths"].items() for method, one in calls.items())


def error(operation: dict[str, Any], status: str) -> str:
    reference = operation["responses"][status]["content"]["application/json"]["schema"]["$ref"]
    return str(reference.rsplit("/", 1)[-1])


def ways(operation: dict[str, Any]) -> list[set[str]]:
    return [set(one) for one in operation["security"]]


def test_it_is_the_same_each_time(app: APIFlask, client: FlaskClient) -> None:
    first = client.get("/openapi.json").data
    app.extensions.pop("textor.openapi")
    assert client.get("/openapi.json").data == first


def test_every_call_has_an_id_of_its_own_a_summary_and_a_tag_that_is_told(document: dict[str, Any]) -> None:
    told = [one["operationId"] for *_, one in operations(document)]
    assert len(told) == len(set(told))
    assert all(one["summary"] for *_, one in operations(document))
    names = [tag["name"] for tag in document["tags"]]
    assert len(names) == len(set(names))
    assert {tag for *_, one in operations(document) for tag in one["tags"]} == set(names)


def test_calls_for_users_take_every_credential_and_refuse_the_others(document: dict[str, Any]) -> None:
    reading = document["paths"]["/v1/models"]["get"]
    assert ways(reading) == [{"bearer"}, {"keyHeader"}, {"keyArgument"}, {"session"}]
    assert reading["security"][0] == {"bearer": ["transcribe"]}
    assert {"401", "403"} <= set(reading["responses"])
    assert {"session", "csrf"} in ways(document["paths"]["/v1/audio/transcriptions"]["post"])


def test_calls_for_guests_take_a_guests_token_or_nothing(document: dict[str, Any]) -> None:
    assert ways(document["paths"][UPLOAD]["post"])[-3:] == [{"guestToken"}, {"guestCookie"}, set()]


def test_calls_for_everybody_ask_for_nothing(document: dict[str, Any]) -> None:
    login = document["paths"]["/api/v1/accounts/login"]["post"]
    assert login["security"] == []
    assert "403" not in login["responses"]


def test_every_credential_is_explained_as_it_is_read(app: APIFlask, document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert {name for *_, one in operations(document) for way in one["security"] for name in way} == set(schemes)
    assert schemes["keyHeader"]["name"] == auth.KEY_HEADER
    assert schemes["session"]["name"] == app.config["SESSION_COOKIE_NAME"]


def test_every_call_may_be_refused_for_a_while_and_says_until_when(document: dict[str, Any]) -> None:
    for path, _, one in operations(document):
        assert {"429", "503"} <= set(one["responses"]), path
        assert "Retry-After" in one["responses"]["429"]["headers"], path


def test_errors_have_the_shape_of_their_family(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert (error(paths[UPLOAD]["post"], "400"), error(paths[UPLOAD]["post"], "429")) == (PLAIN, DETAILED)
    assert error(paths["/api/v1/accounts/login"]["post"], "400") == DETAILED
    assert {error(paths["/v1/audio/transcriptions"]["post"], status) for status in ("400", "401", "429", "503")} == {OPENAI}


def test_answers_without_a_body_have_no_kind(document: dict[str, Any]) -> None:
    empty = [
        one["responses"][status]
        for *_, one in operations(document)
        for status in ("204", "205", "304")
        if status in one["responses"]
    ]
    assert empty
    assert not any(answer.get("content") for answer in empty)


def test_answers_tell_the_request_and_the_quota(document: dict[str, Any]) -> None:
    headers = set(document["paths"][UPLOAD]["post"]["responses"]["200"]["headers"])
    assert headers >= {"X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Idempotent-Replayed"}
    assert "X-RateLimit-Limit" not in document["paths"]["/health"]["get"]["responses"]["200"]["headers"]


def test_uploads_take_a_file_beside_their_fields(document: dict[str, Any]) -> None:
    operation = document["paths"][UPLOAD]["post"]
    assert operation["requestBody"]["required"]
    schema = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["properties"]["file"]["format"] == "binary"
    assert schema["required"] == ["file"]
    assert "language_code" in schema["properties"]
    assert "timestamp_granularities[]" in str(document["paths"]["/v1/audio/transcriptions"]["post"]["requestBody"])


def test_calls_that_create_work_take_a_key_for_doing_it_once(document: dict[str, Any]) -> None:
    named = {path for path, _, one in operations(document) if "Idempotency-Key" in str(one["parameters"])}
    assert UPLOAD in named
    assert STATUS not in named


def test_ids_in_paths_say_what_they_are(document: dict[str, Any]) -> None:
    (found,) = document["paths"]["/api/transcribe/{transcription_id}"]["get"]["parameters"]
    assert found["schema"]["format"] == "uuid"
    (part,) = document["paths"]["/health/{part}/"]["get"]["parameters"]
    assert part["schema"]["enum"] == ["cache", "db", "storage", "workers"]


def test_files_are_what_they_are(document: dict[str, Any]) -> None:
    sound = document["paths"]["/api/transcribe/{transcription_id}/audio"]["get"]["responses"]
    assert "audio/*" in sound["200"]["content"]
    assert "text/event-stream" in document["paths"]["/v1/audio/transcriptions"]["post"]["responses"]["200"]["content"]


def test_bodies_and_answers_have_examples(document: dict[str, Any]) -> None:
    registration = document["paths"]["/api/v1/accounts/registration"]["post"]
    said = registration["requestBody"]["content"]["application/json"]["example"]
    assert set(said) == {"email", "username", "password"}
    answer = document["paths"][STATUS]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    assert answer["job_id"] == examples.UUID


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    contents = [
        content
        for *_, one in operations(document)
        for answer in (one.get("requestBody", {}), *one["responses"].values())
        for kind, content in answer.get("content", {}).items()
        if "example" in content and kind == "application/json"
    ]
    assert len(contents) > 30
    for content in contents:
        whole = content["schema"] | {"components": document["components"]}
        assert [fault.message for fault in OAS31Validator(whole).iter_errors(content["example"])] == []


def test_an_example_is_made_of_what_a_schema_says() -> None:
    components = {
        "Row": {"type": "object", "properties": {"id": {"type": "string"}, "parent": {"$ref": "#/components/schemas/Row"}}}
    }
    deep = examples.of({"$ref": "#/components/schemas/Row"}, components)
    assert deep["id"] == examples.UUID
    assert examples.of({"type": "array", "items": {"enum": ["one", "two"]}}, {}) == ["one"]
    assert examples.of({"anyOf": [{"type": "integer", "minimum": 3}, {"type": "null"}]}, {}) == 3
    assert examples.of({"type": "string", "default": None}, {}) is None
    assert examples.of({"const": "queued"}, {}) == "queued"


def test_links_lead_to_calls_by_the_names_that_ids_have_there(document: dict[str, Any]) -> None:
    calls = {one["operationId"]: {told["name"] for told in one["parameters"]} for *_, one in operations(document)}
    links = [
        link
        for *_, one in operations(document)
        for answer in one["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert links
    for link in links:
        assert set(link["parameters"]) <= calls[link["operationId"]]
