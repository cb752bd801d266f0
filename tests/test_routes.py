"""The laws of routes: who may call each, how often, with a CSRF token, with and without a slash, as the OpenAPI document says."""

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from apiflask import APIFlask
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.exceptions import HTTPException
from werkzeug.routing import AnyConverter, BaseConverter, RequestRedirect, Rule

from tests import factories
from textor import routing
from textor.api import auth
from textor.domain import scopes
from textor.models import User
from textor.models.users import Role

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
ACCESS = {"public", "proven", "login_needed", "admin_needed"}
CALLERS = {f"user:{scope}" for scope in (*scopes.SCOPES, auth.ANY)} | {f"guest:{scope}" for scope in scopes.GUESTS}
"""Calls of programs: for users with a scope, or for guests, too."""
EVERY_METHOD = {"GET", *UNSAFE}
VALUES: dict[str, Any] = {"IntegerConverter": 1, "FloatConverter": 1.5, "UUIDConverter": uuid.UUID(int=1)}
OPENAPI = "/openapi.json"


def rules(app: Flask) -> list[Rule]:
    """Every route of ours; Flask's own are static files."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[-1] != "static"]


def mark(app: Flask, rule: Rule, name: str) -> Any:
    return getattr(app.view_functions[rule.endpoint], name, None)


def fitting(converter: BaseConverter) -> Any:
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return VALUES.get(type(converter).__name__, "sample")


def sample(app: Flask, rule: Rule) -> str:
    """A path that this rule matches."""
    values = {name: fitting(converter) for name, converter in rule._converters.items()}
    method = next(iter(rule.methods or ()), "GET")
    return urlsplit(app.url_map.bind("textor.example").build(rule.endpoint, values, method=method)).path  # a socket's is ws://


def undeclared(app: Flask) -> Iterator[str]:
    """Routes that don't say who may call them or how often."""
    for rule in rules(app):
        if mark(app, rule, routing.ACCESS_MARK) not in ACCESS | CALLERS:
            yield f"{rule} says nothing about who may call it"
        if not mark(app, rule, routing.LIMIT_MARK):
            yield f"{rule} has no limit"


def redirecting(app: Flask) -> Iterator[str]:
    """Paths that are unknown, or answered by a redirect, with or without their trailing slash."""
    adapter = app.url_map.bind("textor.example")
    for rule in (rule for rule in rules(app) if rule.rule != "/" and "<path:" not in rule.rule):
        path = sample(app, rule).rstrip("/")
        for variant in (path, path + "/"):
            try:
                adapter.match(variant, method=min(rule.methods or {"GET"}), websocket=rule.websocket)
            except (RequestRedirect, HTTPException) as answer:
                yield f"{variant} answers {answer.code}"


def answering(app: Flask, client: FlaskClient, access: str, methods: set[str], **shown: Any) -> Iterator[tuple[str, int]]:
    """Each route of this kind ("user": those for any scope), and what it answers to this client without a CSRF token."""
    for rule in (rule for rule in rules(app) if not rule.websocket):
        for method in sorted((rule.methods or set()) & methods):
            if str(mark(app, rule, routing.ACCESS_MARK)).partition(":")[0] == access:
                yield f"{method} {rule}", client.open(sample(app, rule), method=method, **shown).status_code


def api_calls(app: Flask) -> set[tuple[str, str]]:
    """(method, path) of every call on the API door, as OpenAPI writes them. It knows no sockets."""
    ours = [
        rule
        for rule in rules(app)
        if not rule.websocket and app.view_functions[rule.endpoint].__module__.startswith("textor.api")
    ]
    return {(method, written(rule.rule)) for rule in ours for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def written(path: str) -> str:
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", path).rstrip("/") or "/"


def documented(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (method.upper(), written(path)) for path, calls in document["paths"].items() for method in calls if method != "parameters"
    }


def logged_in(app: Flask, user: User) -> FlaskClient:
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(_user_id=user.session_token, _fresh=True)
    return client


@pytest.fixture
def alice(app: APIFlask) -> FlaskClient:
    return logged_in(app, factories.user("Alice"))


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get(OPENAPI)
    assert answer.status_code == 200
    return dict(answer.get_json())


def test_every_route_says_who_may_call_it_and_how_often(app: APIFlask) -> None:
    assert rules(app)
    assert list(undeclared(app)) == []


def test_every_path_works_with_and_without_its_slash(app: APIFlask) -> None:
    assert list(redirecting(app)) == []


@pytest.mark.parametrize("access", ["login_needed", "admin_needed"])
def test_a_stranger_gets_nowhere_without_a_login(app: APIFlask, client: FlaskClient, access: str) -> None:
    assert {call: status for call, status in answering(app, client, access, {"GET"}) if status not in {302, 303, 401}} == {}


def test_alice_is_no_admin(app: APIFlask, alice: FlaskClient) -> None:
    assert {call: status for call, status in answering(app, alice, "admin_needed", {"GET"}) if status != 403} == {}


@pytest.mark.parametrize("access", sorted(ACCESS - {"proven"}))
def test_nothing_is_changed_without_a_csrf_token(app: APIFlask, access: str) -> None:
    ada = logged_in(app, factories.user("Ada", Role.ADMIN))
    assert {call: status for call, status in answering(app, ada, access, UNSAFE) if status != 400} == {}


def test_a_stranger_calls_nothing_that_is_for_users(app: APIFlask, client: FlaskClient) -> None:
    answers = dict(answering(app, client, "user", EVERY_METHOD))
    assert answers
    assert {call: status for call, status in answers.items() if status != 401} == {}


@pytest.mark.parametrize("access", ["user", "guest"])
@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer tx_unknown"}, {"Authorization": "Basic YTpi"}, {auth.GUEST_HEADER: "guest_unknown"}]
)
def test_a_bad_credential_opens_nothing_even_where_guests_are_welcome(
    app: APIFlask, client: FlaskClient, access: str, headers: dict[str, str]
) -> None:
    answers = dict(answering(app, client, access, EVERY_METHOD, headers=headers))
    assert {call: status for call, status in answers.items() if status != 401} == {}


@pytest.mark.parametrize("access", ["user", "guest"])
def test_a_session_changes_nothing_by_a_call_without_its_csrf_token(app: APIFlask, access: str) -> None:
    ada = logged_in(app, factories.user("Ada", Role.ADMIN))
    assert {call: status for call, status in answering(app, ada, access, UNSAFE) if status != 401} == {}


def test_a_login_proves_nothing_where_a_secret_is_asked_for(app: APIFlask) -> None:
    ada = logged_in(app, factories.user("Ada", Role.ADMIN))
    assert {call: status for call, status in answering(app, ada, "proven", UNSAFE) if status not in {403, 404}} == {}


def test_some_routes_change_things(app: APIFlask) -> None:
    assert any((rule.methods or set()) & UNSAFE for rule in rules(app))


def test_the_document_and_the_routes_are_the_same(app: APIFlask, document: dict[str, Any]) -> None:
    assert documented(document) == api_calls(app) - {("GET", OPENAPI), ("GET", "/swagger/schema")}


def test_the_document_is_openapi_31(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_the_laws_see_routes_that_break_them() -> None:
    app = Flask("sample")
    app.add_url_rule("/bare", view_func=lambda: "", endpoint="bare")
    app.add_url_rule("/folder/<int:n>/", view_func=routing.public(lambda n: ""), endpoint="folder")
    assert list(undeclared(app)) == [
        "/bare says nothing about who may call it",
        "/bare has no limit",
        "/folder/<int:n>/ has no limit",
    ]
    assert list(redirecting(app)) == ["/bare/ answers 404", "/folder/1 answers 308"]
    assert list(answering(app, app.test_client(), "public", {"GET"})) == [("GET /folder/<int:n>/", 200)]


def test_calls_are_written_as_openapi_writes_them() -> None:
    assert written("/api/<uuid:row_id>/<name>/") == "/api/{row_id}/{name}"
    assert documented({"paths": {"/health/": {"get": {}, "parameters": []}}}) == {("GET", "/health")}
