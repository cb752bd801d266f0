"""Who is calling: every place of a credential, and that a bad one never makes a guest."""

import json
import logging
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta

import jwt as pyjwt
import pytest
from apiflask import APIBlueprint, APIFlask
from flask.testing import FlaskClient
from flask_jwt_extended import create_access_token

from tests import factories
from tests.api.conftest import Api, CallerOf, KeyOf
from textor import routing
from textor.api import auth, counting, jwt
from textor.domain import scopes
from textor.extensions import csrf, db
from textor.features.accounts import api_keys, guests, tokens
from textor.models import User
from textor.toolbox import Toolbox

WELCOME, MINE = "/api/probe/welcome", "/api/probe/mine"
NOBODY = {"user": 0, "name": "", "via": "nothing"}


@pytest.fixture
def app(app: APIFlask) -> APIFlask:
    """Textor with calls that tell who is calling: one where guests are welcome, one for users with a scope."""
    calls = APIBlueprint("probe", __name__, url_prefix="/api/probe", enable_openapi=False)

    def told() -> dict[str, object]:
        caller = auth.me()
        return {"user": caller.user_id, "name": auth.name() if caller.user_id else "", "via": str(caller.via)}

    calls.route("/welcome", methods=["GET", "POST"])(auth.needs(scopes.TEXT, guests=True)(counting.reading(told)))
    calls.route("/mine", methods=["GET", "POST"], endpoint="mine")(auth.needs(scopes.CALLS)(told))
    csrf.exempt(calls)
    app.register_blueprint(calls)
    return app


def who(api: Api, **options: object) -> object:
    answer = api.get(WELCOME, **options)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def logged_in(client: FlaskClient, user: User) -> FlaskClient:
    with client.session_transaction() as session:
        session.update(_user_id=user.session_token, _fresh=True)
    return client


def page_token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/", headers={"Accept": "text/html"}).text)
    assert found
    return found[1]


def test_a_stranger_is_a_guest_who_owns_nothing(stranger: Api) -> None:
    assert who(stranger) == NOBODY
    refused = stranger.get(MINE)
    assert (refused.status_code, refused.get_json()["error"]) == (401, auth.MISSING)
    assert refused.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "shown",
    [
        lambda key: {"headers": {"Authorization": f"Bearer {key}"}},
        lambda key: {"headers": {"Authorization": f"bearer   {key} "}},
        lambda key: {"headers": {"Authorization": f"Token {key}"}},
        lambda key: {"headers": {"X-API-Key": key}},
        lambda key: {"query_string": {"api_key": key}},
    ],
)
def test_a_key_is_good_in_each_of_its_places(
    stranger: Api, alice: User, key_of: KeyOf, shown: Callable[[str], dict[str, object]]
) -> None:
    assert who(stranger, **shown(key_of(alice))) == {"user": alice.id, "name": f"user:{alice.id}", "via": "key"}
    assert stranger.get(WELCOME, **shown(key_of(alice) + "x")).status_code == 401


def test_an_access_token_is_its_users(stranger: Api, app: APIFlask, tools: Toolbox, alice: User) -> None:
    shown = {"Authorization": f"Bearer {jwt.pair(tokens.begin(tools, alice.id)).access}"}
    assert who(stranger, headers=shown) == {"user": alice.id, "name": f"user:{alice.id}", "via": "token"}
    assert stranger.get(WELCOME, headers={"Authorization": shown["Authorization"].replace("Bearer", "Token")}).status_code == 401


@pytest.mark.parametrize("where", ["header", "cookie"])
def test_a_guest_is_known_by_the_token_of_their_first_upload(app: APIFlask, tools: Toolbox, where: str) -> None:
    guest, client = guests.admit(tools), app.test_client()
    if where == "cookie":
        client.set_cookie(auth.GUEST_COOKIE, guest.token)
    api = Api(client, {auth.GUEST_HEADER: guest.token} if where == "header" else {})
    told = api.get(WELCOME).get_json()
    assert (told["user"], told["via"]) == (guest.caller.user_id, "guest")
    assert told["name"] == "address:127.0.0.1"
    assert api.get(MINE).status_code == 401


BAD = {
    "unknown key": {"Authorization": "Bearer tx_" + "a" * 43},
    "unknown key by header": {"X-API-Key": "tx_" + "a" * 43},
    "no key at all": {"X-API-Key": ""},
    "an empty header": {"Authorization": ""},
    "the scheme alone": {"Authorization": "Bearer"},
    "the scheme and a blank": {"Authorization": "Bearer "},
    "two words": {"Authorization": "Bearer tx_a tx_b"},
    "Basic": {"Authorization": "Basic YWxpY2U6cGFzc3dvcmQ="},
    "Digest": {"Authorization": "Digest username=alice"},
    "no scheme": {"Authorization": "tx_" + "a" * 43},
    "letters of all kinds": {"Authorization": "Bearer \xff\xfe\x80"},
    "100 KB": {"Authorization": "Bearer " + "a" * 100_000},
    "100 KB of a token": {"Authorization": "Bearer " + ".".join(["a" * 33_000] * 3)},
    "a guest nobody admitted": {"X-Guest-Token": "guest_" + "a" * 43},
    "an empty guest": {"X-Guest-Token": ""},
    "a key as a guest": {"X-Guest-Token": "tx_" + "a" * 43},
}


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD)
def test_a_bad_credential_never_becomes_a_guest(stranger: Api, headers: dict[str, str]) -> None:
    for path in (WELCOME, MINE):
        answer = stranger.get(path, headers=headers)
        assert (answer.status_code, answer.get_json()["error"]) == (401, auth.WRONG)


@pytest.mark.parametrize("query", ["api_key=", "api_key=%00", "api_key=tx_%00", "api_key=tx_%ff%fe", "api_key=wrong&api_key=x"])
def test_a_bad_key_in_the_address_is_refused_too(stranger: Api, query: str) -> None:
    assert stranger.get(f"{WELCOME}?{query}").status_code == 401


def test_a_good_key_does_not_excuse_a_bad_header(stranger: Api, alice: User, key_of: KeyOf) -> None:
    answer = stranger.get(WELCOME, headers={"Authorization": "Bearer wrong"}, query_string={"api_key": key_of(alice)})
    assert answer.status_code == 401


def part(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def forged(app: APIFlask, kind: str, good: str) -> str:
    """A token of this kind, made of a good one."""
    head, claims, signature = good.split(".")
    plain = pyjwt.decode(good, options={"verify_signature": False})
    key = app.config["JWT_SECRET_KEY"]
    return {
        "alg none": f"{part(json.dumps({'alg': 'none', 'typ': 'JWT'}))}.{claims}.",
        "alg none, signed": f"{part(json.dumps({'alg': 'none', 'typ': 'JWT'}))}.{claims}.{signature}",
        "another's signature": pyjwt.encode(plain, "another instance's secret, of 32 bytes", "HS256"),
        "the session's own secret": pyjwt.encode(plain, app.config["SECRET_KEY"], "HS256"),
        "HS512": pyjwt.encode(plain, key, "HS512"),
        "no signature": f"{head}.{claims}.",
        "half of it": good[: len(good) // 2],
        "no login": pyjwt.encode({**plain, "family": "00000000-0000-4000-8000-000000000000"}, key, "HS256"),
        "another user's login": pyjwt.encode({**plain, "sub": "999999"}, key, "HS256"),
        "thousands of brackets": f"{part('[' * 50_000)}.{claims}.{signature}",
    }[kind]


KINDS = (
    *("alg none", "alg none, signed", "another's signature", "the session's own secret", "HS512", "no signature", "half of it"),
    *("no login", "another user's login", "thousands of brackets"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_token_is_refused(stranger: Api, app: APIFlask, tools: Toolbox, alice: User, kind: str) -> None:
    good = jwt.pair(tokens.begin(tools, alice.id)).access
    assert stranger.get(WELCOME, headers={"Authorization": f"Bearer {good}"}).status_code == 200
    assert stranger.get(WELCOME, headers={"Authorization": f"Bearer {forged(app, kind, good)}"}).status_code == 401


def test_tokens_that_are_over_are_refused(stranger: Api, app: APIFlask, tools: Toolbox, alice: User) -> None:
    login = tokens.begin(tools, alice.id)
    past, claims = timedelta(seconds=-1), {"family": login.family}
    expired = create_access_token(str(alice.id), expires_delta=past, additional_claims=claims)
    pair = jwt.pair(login)
    for shown in (expired, pair.refresh):
        assert stranger.get(WELCOME, headers={"Authorization": f"Bearer {shown}"}).status_code == 401
    tokens.end(tools, login.family)
    assert stranger.get(WELCOME, headers={"Authorization": f"Bearer {pair.access}"}).status_code == 401


def test_a_key_opens_what_its_scopes_say(alice: User, ada: User, caller: CallerOf) -> None:
    assert caller(alice, scopes.CALLS).get(MINE).status_code == 200
    refused = caller(alice, scopes.TRANSCRIBE).get(MINE)
    assert refused.status_code == 403
    assert scopes.CALLS in refused.get_json()["error"]
    assert caller(ada, scopes.ADMIN).get(MINE).status_code == 403


def test_a_page_reads_with_its_session_and_changes_only_with_its_csrf_token(app: APIFlask, alice: User) -> None:
    client = logged_in(app.test_client(), alice)
    assert client.get(MINE).get_json()["via"] == "session"
    for headers in ({}, {"X-CSRFToken": ""}, {"X-CSRFToken": "wrong"}):
        assert client.post(MINE, headers=headers).status_code == 401
    foreign = page_token(app.test_client())
    assert client.post(MINE, headers={"X-CSRFToken": foreign}).status_code == 401
    assert client.post(MINE, headers={"X-CSRFToken": page_token(client)}).status_code == 200


def test_whoever_shows_a_key_needs_no_csrf_token(app: APIFlask, alice: User, bob: User, key_of: KeyOf) -> None:
    client = logged_in(app.test_client(), alice)
    answer = client.post(MINE, headers={"Authorization": f"Bearer {key_of(bob)}"})
    assert answer.get_json()["user"] == bob.id


def test_a_login_that_has_ended_does_not_become_a_guest(app: APIFlask, alice: User) -> None:
    client = logged_in(app.test_client(), alice)
    alice.session_token = "another"
    db.session.commit()
    answer = client.get(WELCOME)
    assert (answer.status_code, answer.get_json()["error"]) == (401, auth.ENDED)


def test_a_guests_cookie_that_outlived_its_guest_is_a_strangers(app: APIFlask) -> None:
    client = app.test_client()
    client.set_cookie(auth.GUEST_COOKIE, "guest_" + "a" * 43)
    assert client.get(WELCOME).get_json() == NOBODY


class TestNoGuests:
    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return {**environ, "ALLOW_GUESTS": "false"}

    def test_nobody_is_a_guest(self, stranger: Api, app: APIFlask, alice: User, caller: CallerOf) -> None:
        assert stranger.get(WELCOME).status_code == 401
        assert caller(alice).get(WELCOME).status_code == 200


class TestBootstrapKey:
    KEY = "a-key-of-the-operators-own"

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return {**environ, "API_KEY": self.KEY}

    def test_it_is_good_in_each_place_of_a_key(self, stranger: Api) -> None:
        told = who(stranger, headers={"Authorization": f"Token {self.KEY}"})
        assert told == who(stranger, query_string={"api_key": self.KEY}) == who(stranger, headers={"X-API-Key": self.KEY})
        assert stranger.get(MINE, headers={"X-API-Key": self.KEY}).status_code == 200
        assert stranger.get(WELCOME, headers={"X-API-Key": self.KEY + "x"}).status_code == 401

    def test_the_log_never_shows_a_key_of_an_address(
        self, app: APIFlask, stranger: Api, alice: User, key_of: KeyOf, caplog: pytest.LogCaptureFixture
    ) -> None:
        @app.get("/api/probe/broken")
        @routing.public
        def broken() -> str:
            raise ZeroDivisionError

        app.testing, key = False, key_of(alice)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        with caplog.at_level(logging.DEBUG):
            for path in (WELCOME, "/api/probe/broken", "/api/nowhere"):
                stranger.get(path, query_string={"api_key": self.KEY})
                stranger.get(path, query_string={"api_key": key})
        assert "ZeroDivisionError" in caplog.text
        assert WELCOME in caplog.text
        for secret in (self.KEY, key):
            assert secret not in caplog.text


def test_nothing_of_a_key_is_kept_but_its_start_and_a_keyed_hash(app: APIFlask, tools: Toolbox, alice: User) -> None:
    made = api_keys.create(tools, alice.id, "mine", [scopes.TEXT])
    row = made.row
    kept = " ".join(str(getattr(row, column.key)) for column in row.__table__.columns)
    assert made.text not in kept
    assert made.text[len(row.prefix) :] not in kept


def test_a_key_in_the_address_is_not_repeated_in_links(stranger: Api, alice: User, key_of: KeyOf) -> None:
    for _ in range(2):
        factories.transcription(alice)
    told = stranger.get(f"/api/transcribe/?page_size=1&api_key={key_of(alice)}").get_json()
    assert "page=2" in told["next"]
    assert "tx_" not in told["next"]
