"""The cast as the JSON door meets it: Alice, Bob and Ada with keys, Gina with a guest's token, and a stranger with nothing."""

from collections.abc import Mapping
from typing import Any, Protocol

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from textor.domain import scopes as scopes_module
from textor.features.accounts import api_keys, guests
from textor.models import User
from textor.models.users import Role
from textor.toolbox import Toolbox


class Api:
    """A program that calls: the credential it shows goes with every request, beside whatever a test adds."""

    def __init__(self, client: FlaskClient, headers: Mapping[str, str] | None = None) -> None:
        self.client = client
        self.headers = dict(headers or {})

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = self.headers | dict(options.pop("headers", {}))
        return self.client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.call("POST", path, **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        return self.call("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        return self.call("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)


class KeyOf(Protocol):
    """Makes a key of a user's, with everybody's scopes unless the test names some, and tells its text."""

    def __call__(self, user: User, *scopes: str) -> str: ...


class CallerOf(Protocol):
    """A program with a key of this user's."""

    def __call__(self, user: User, *scopes: str) -> Api: ...


@pytest.fixture
def alice(app: APIFlask) -> User:
    """The owner."""
    return factories.user("Alice")


@pytest.fixture
def bob(app: APIFlask) -> User:
    """Another user."""
    return factories.user("Bob")


@pytest.fixture
def ada(app: APIFlask) -> User:
    """The admin."""
    return factories.user("Ada", Role.ADMIN)


@pytest.fixture
def key_of(app: APIFlask, tools: Toolbox) -> KeyOf:
    def make(user: User, *scopes: str) -> str:
        return api_keys.create(tools, user.id, "test", scopes or scopes_module.EVERYBODYS).text

    return make


@pytest.fixture
def caller(app: APIFlask, key_of: KeyOf) -> CallerOf:
    """`caller(alice).get("/api/transcribe/")`: with a key of hers; `caller(alice, scopes.TEXT)`: with one for texts only."""

    def make(user: User, *scopes: str) -> Api:
        return Api(app.test_client(), {"Authorization": f"Bearer {key_of(user, *scopes)}"})

    return make


@pytest.fixture
def gina(app: APIFlask, tools: Toolbox) -> Api:
    """A guest with an account of her own already, known by her token."""
    return Api(app.test_client(), {"X-Guest-Token": guests.admit(tools).token})


@pytest.fixture
def stranger(app: APIFlask) -> Api:
    """Somebody who shows nothing."""
    return Api(app.test_client())
