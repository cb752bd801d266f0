"""What a route's marks enforce: who gets in, how often, and on whose account."""

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests import factories
from tests.test_routes import logged_in
from textor import routing
from textor.models.users import Role


@pytest.fixture
def app(app: APIFlask) -> APIFlask:
    """The application with four more routes."""
    app.add_url_rule("/sample/open", view_func=routing.public(routing.limited("2/minute")(_open)))
    app.add_url_rule("/sample/mine", view_func=routing.login_needed(routing.limited("2/minute")(_mine)))
    app.add_url_rule("/sample/theirs", view_func=routing.limited("2/minute")(routing.admin_needed(_theirs)))
    app.add_url_rule("/sample/twice", view_func=routing.limited("1/minute", by=_by_path)(routing.limited("9/minute")(_twice)))
    return app


def _open() -> str:
    return "open"


def _mine() -> str:
    """Only when logged in."""
    return "mine"


def _theirs() -> str:
    return "theirs"


def _twice() -> str:
    return "twice"


def _by_path() -> str:
    return "everybody"


def person(app: APIFlask, name: str, role: Role = Role.USER) -> FlaskClient:
    return logged_in(app, factories.user(name, role))


def test_anybody_may_call_what_is_public(client: FlaskClient) -> None:
    assert client.get("/sample/open").text == "open"


def test_only_somebody_logged_in_gets_what_needs_a_login(app: APIFlask, client: FlaskClient) -> None:
    assert client.get("/sample/mine").status_code in {302, 303, 401}
    assert person(app, "Alice").get("/sample/mine").text == "mine"


def test_only_an_admin_gets_what_needs_one(app: APIFlask, client: FlaskClient) -> None:
    assert client.get("/sample/theirs").status_code in {302, 303, 401}
    assert person(app, "Bob").get("/sample/theirs").status_code == 403
    assert person(app, "Ada", Role.ADMIN).get("/sample/theirs").text == "theirs"


def test_too_many_calls_are_refused(client: FlaskClient) -> None:
    assert [client.get("/sample/open").status_code for _ in range(3)] == [200, 200, 429]


def test_bob_does_not_use_up_alices_limit_behind_one_address(app: APIFlask) -> None:
    alice, bob = person(app, "Alice"), person(app, "Bob")
    assert [bob.get("/sample/mine").status_code for _ in range(3)] == [200, 200, 429]
    assert alice.get("/sample/mine").status_code == 200


def test_two_strangers_at_two_addresses_have_a_limit_each(client: FlaskClient) -> None:
    for host in ("192.0.2.1", "192.0.2.2"):
        assert [client.get("/sample/open", environ_base={"REMOTE_ADDR": host}).status_code for _ in range(3)] == [200, 200, 429]


def test_a_key_of_its_own_limits_everybody_together(app: APIFlask, client: FlaskClient) -> None:
    assert client.get("/sample/twice").status_code == 200
    assert person(app, "Alice").get("/sample/twice").status_code == 429


def test_the_marks_survive_on_the_view(app: APIFlask) -> None:
    views = {name: app.view_functions[name] for name in ("_open", "_mine", "_theirs", "_twice")}
    marks = [(getattr(view, routing.ACCESS_MARK, None), getattr(view, routing.LIMIT_MARK)) for view in views.values()]
    assert marks == [
        ("public", ("2/minute",)),
        ("login_needed", ("2/minute",)),
        ("admin_needed", ("2/minute",)),
        (None, ("9/minute", "1/minute")),
    ]
    assert views["_mine"].__doc__ == "Only when logged in."


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::1", "::2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "192.0.2.1", False),
    ],
)
def test_whoever_has_a_network_of_addresses_is_one_caller(app: APIFlask, one: str, other: str, is_same: bool) -> None:
    def told(remote: str) -> str:
        with app.test_request_context(environ_base={"REMOTE_ADDR": remote}):
            return routing.address()

    assert (told(one) == told(other)) is is_same
