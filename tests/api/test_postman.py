"""The commands that print the OpenAPI document, and a Postman collection made of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator

TEXT = {"type": "string"}
FIELD = {
    "type": "object",
    "required": ["key"],
    "properties": {"key": TEXT, "value": TEXT, "type": {"enum": ["text", "file", "string"]}, "disabled": {"type": "boolean"}},
}
FIELDS = {"type": "array", "items": FIELD}
URL = {
    "type": "object",
    "required": ["raw", "host", "path"],
    "properties": {
        "raw": TEXT,
        "host": {"type": "array", "items": TEXT},
        "path": {"type": "array"},
        "query": FIELDS,
        "variable": FIELDS,
    },
}
BODY = {
    "type": "object",
    "required": ["mode"],
    "properties": {"mode": {"enum": ["raw", "urlencoded", "formdata"]}, "raw": TEXT, "urlencoded": FIELDS, "formdata": FIELDS},
}
REQUEST = {
    "type": "object",
    "required": ["method", "url"],
    "properties": {"method": TEXT, "url": URL, "header": FIELDS, "body": BODY, "auth": {"required": ["type"]}},
}
SHAPE = {
    "type": "object",
    "required": ["info", "item"],
    "properties": {
        "info": {"required": ["name", "schema"]},
        "variable": FIELDS,
        "item": {
            "type": "array",
            "items": {
                "required": ["name", "item"],
                "properties": {
                    "item": {"type": "array", "items": {"required": ["name", "request"], "properties": {"request": REQUEST}}}
                },
            },
        },
    },
}
"""What Postman's own schema of format 2.1.0 asks of such a collection."""


def printed(app: APIFlask, command: str) -> dict[str, Any]:
    result = app.test_cli_runner().invoke(args=[command])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.output))


@pytest.fixture
def made(app: APIFlask) -> dict[str, Any]:
    return printed(app, "postman")


def requests(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (one["request"] for folder in made["item"] for one in folder["item"])


def called(made: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    return next(one for one in requests(made) if (one["method"], one["url"]["raw"]) == (method, "{{baseUrl}}" + path))


def test_the_command_prints_the_document_that_is_served(app: APIFlask, client: FlaskClient) -> None:
    assert printed(app, "openapi") == client.get("/openapi.json").json


def test_the_collection_has_the_shape_that_postman_reads(made: dict[str, Any]) -> None:
    assert [fault.message for fault in OAS31Validator(SHAPE).iter_errors(made)] == []
    assert made["info"]["schema"].endswith("/v2.1.0/collection.json")


def test_every_call_of_the_document_is_in_it_once(app: APIFlask, made: dict[str, Any]) -> None:
    document = printed(app, "openapi")
    wanted = sorted((method.upper(), path) for path, calls in document["paths"].items() for method in calls)
    found = [(one["method"], "/" + "/".join(one["url"]["path"])) for one in requests(made)]
    as_written = [
        (method, "/".join(f"{{{part[1:]}}}" if part.startswith(":") else part for part in path.split("/")))
        for method, path in found
    ]
    assert sorted(as_written) == wanted


def test_it_is_called_with_a_key_but_where_none_is_needed(made: dict[str, Any]) -> None:
    assert made["auth"]["bearer"][0]["value"] == "{{apiKey}}"
    assert {one["key"] for one in made["variable"]} == {"baseUrl", "apiKey"}
    assert called(made, "GET", "/health")["auth"] == {"type": "noauth"}
    assert "auth" not in called(made, "GET", "/v1/models")


def test_an_upload_has_a_place_for_its_file_and_leaves_out_what_it_need_not_say(made: dict[str, Any]) -> None:
    fields = {one["key"]: one for one in called(made, "POST", "/api/transcribe/upload")["body"]["formdata"]}
    assert fields["file"]["type"] == "file"
    assert "disabled" not in fields["file"]
    assert fields["language_code"]["disabled"]


def test_bodies_are_examples_that_may_be_sent(made: dict[str, Any], client: FlaskClient) -> None:
    registration = called(made, "POST", "/api/v1/accounts/registration")
    assert client.post("/api/v1/accounts/registration", json=json.loads(registration["body"]["raw"])).status_code == 201
    assert {"key": "Content-Type", "value": "application/json"} in registration["header"]


def test_ids_in_paths_are_variables(made: dict[str, Any]) -> None:
    url = called(made, "GET", "/api/transcribe/status/:job_id")["url"]
    assert [one["key"] for one in url["variable"]] == ["job_id"]
