"""Who may see and touch whose things: every route is walked by everybody, with the ids of each other's things.

A route that names something answers somebody else exactly as for something that isn't there, and changes nothing; one that names
nothing shows nobody but its owner anything of theirs. A route that is new here, and names something in a way this table doesn't
know, fails.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import AnyConverter, BaseConverter, Rule
from werkzeug.test import TestResponse

from tests import belongings, factories
from tests.belongings import SECRET
from textor.domain import scopes
from textor.extensions import db
from textor.features.accounts import api_keys, guests
from textor.models import (
    AnalyzerPrompt,
    AnalyzerTask,
    ApiKey,
    CallTranscript,
    ChatMessage,
    Conversation,
    Delivery,
    Edit,
    Recording,
    SegmentRow,
    Speaker,
    Summary,
    Transcription,
    User,
)
from textor.models.users import Role
from textor.routing import ACCESS_MARK
from textor.toolbox import Toolbox

NOBODYS_UUID = "00000000-0000-4000-8000-000000000000"
OWN = {
    "transcription_id",
    "recording_id",
    "job_id",
    "retranslation_id",
    "fetch_id",
    "chat_id",
    "delivery_id",
    "key_id",
    "task_id",
    "prompt_id",
}
"""The parts of addresses that name a thing with an owner."""
OPEN = {
    "name": "txt",
    "n": 0,
    "wanted": 0,
    "engine": "sphinx",
    "model": "none",
    "slice_id": 1,
    "proof": "none",
    "filename": "none",
    "sid": "none",
}
"""The other parts."""
FORMS: Mapping[str, dict[str, Any]] = {
    "PATCH /api/transcribe/<uuid:transcription_id>/segments/<int:n>": {"text": "Bob was here", "version": 0},
    "PATCH /api/transcribe/<uuid:transcription_id>/speakers": {"speakers": {"A": "Bob"}, "version": 0},
    "POST /api/transcribe/<uuid:transcription_id>/restore/<int:wanted>": {"version": 1},
    "PATCH /api/v1/analyzer-task/view-task/<int:task_id>": {"name": "Bob was here", "prompts": []},
    "PUT /api/v1/analyzer-task/view-task/<int:task_id>": {"name": "Bob was here", "task_text": "Bob was here"},
}
"""What a call needs beside its address, so that it isn't refused for that."""
PAGE_FORM = {"title": "Bob was here", "text": "Bob was here", "version": "0", "label": "A", "name": "Bob", "engine": "sphinx"}
PAGE_FORM |= {"new": "Bob was here", "text-1": "Bob was here", "ids": "1", "old": SECRET, "with": "Bob", "ending": "Bob"}
LEFT_OUT = re.compile(
    r"^(POST /(logout|language|account/sign-out-everywhere|api/auth/logout)|GET /(static/|api/transcribe/live/))"
)
"""They end the caller's own login, name nothing of anybody's, or are no calls but sockets: tests/api/test_live.py has those."""
WATCHED = (
    Transcription,
    Recording,
    SegmentRow,
    Speaker,
    Edit,
    Summary,
    Delivery,
    ApiKey,
    AnalyzerTask,
    AnalyzerPrompt,
    Conversation,
    ChatMessage,
    CallTranscript,
)


@dataclass
class Person:
    """Somebody with things of their own. `headers` are what their programs send."""

    row: User | None
    headers: dict[str, str]
    ids: dict[str, Any] = field(default_factory=dict)
    is_logged_in: bool = False


@dataclass
class World:
    """The cast, and what is whose."""

    app: APIFlask
    people: dict[str, Person]

    def browser(self, person: Person) -> FlaskClient:
        client = self.app.test_client()
        if person.is_logged_in and person.row:
            with client.session_transaction() as session:
                session.update(_user_id=person.row.session_token, _fresh=True)
        return client


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"QUOTA_USER": "100000/day", "QUOTA_GUEST": "100000/day", "QUOTA_READS": "100000/minute"}


@pytest.fixture
def world(app: APIFlask, tools: Toolbox) -> World:
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    people = {name: _user(tools, name) for name in ("alice", "bob")}
    people["ada"] = _user(tools, "ada", Role.ADMIN)
    people |= {name: _guest(tools) for name in ("gina", "greta")}
    people["nobody"] = Person(None, {})
    for name in ("alice", "gina"):
        people[name].ids = belongings.of(tools, people[name].row)
    return World(app, people)


def _user(tools: Toolbox, name: str, role: Role = Role.USER) -> Person:
    row = factories.user(name.title(), role)
    key = api_keys.create(tools, row.id, f"{name}'s {SECRET}" if name == "alice" else name, scopes.EVERYBODYS)
    return Person(row, {"Authorization": f"Bearer {key.text}"}, is_logged_in=True)


def _guest(tools: Toolbox) -> Person:
    new = guests.admit(tools)
    return Person(db.session.get_one(User, new.caller.user_id), {"X-Guest-Token": new.token})


def rules(app: APIFlask) -> Iterator[tuple[str, Rule]]:
    """Every method of every route, with its name in the tables above."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            name = f"{method} {rule.rule}"
            if not LEFT_OUT.match(name):
                yield name, rule


def address(world: World, rule: Rule, ids: Mapping[str, Any]) -> str:
    values = {name: _value(name, converter, ids) for name, converter in rule._converters.items()}
    method = next(iter(rule.methods or ()), "GET")
    return world.app.url_map.bind("textor.example").build(rule.endpoint, values, method=method)


def _value(name: str, converter: BaseConverter, ids: Mapping[str, Any]) -> Any:
    if name in OWN:
        return ids.get(name, 10**9 if name in {"key_id", "task_id", "prompt_id"} else NOBODYS_UUID)
    return min(converter.items) if isinstance(converter, AnyConverter) else OPEN[name]


def call(world: World, person: Person, name: str, path: str) -> TestResponse:
    """As that person would: a program on the JSON door, a browser on the pages."""
    method = name.partition(" ")[0]
    is_program = path.startswith(("/api", "/v1", "/health", "/hooks", "/openapi.json", "/metrics"))
    client = world.app.test_client() if is_program else world.browser(person)
    headers = person.headers if is_program else {"Accept": "text/html"}
    if method == "GET":
        return client.get(path, headers=headers)
    body: dict[str, Any] = {"json": FORMS.get(name, {})} if is_program else {"data": PAGE_FORM}
    return client.open(path, method=method, headers=headers, **body)


def state() -> str:
    """All that belongs to anybody, but for when a key was last used."""
    db.session.expire_all()
    rows = []
    for model in WATCHED:
        names = [column.key for column in model.__table__.columns if column.key != "last_used_at"]
        rows += [
            [model.__name__, *(repr(getattr(row, name)) for name in names)] for row in db.session.scalars(select(model)).all()
        ]
    return json.dumps(sorted(rows))


def told(answer: TestResponse, path: str) -> str:
    """What was said, but for the address itself, ids and times."""
    text = answer.get_data(as_text=True)
    answer.close()
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9.]{9,}|[A-Za-z0-9_.-]{60,}", "", text.replace(path, ""))


STRANGERS = {"alice": ("bob", "gina", "ada", "nobody"), "gina": ("greta", "alice", "ada", "nobody")}


@pytest.mark.parametrize(("owner", "other"), [(owner, other) for owner, others in STRANGERS.items() for other in others])
def test_nobody_reads_or_touches_what_is_somebody_elses(world: World, owner: str, other: str) -> None:
    person, ids, before, faults = world.people[other], world.people[owner].ids, state(), []
    for name, rule in rules(world.app):
        if not OWN & set(rule.arguments):
            continue
        theirs, unknown = address(world, rule, ids), address(world, rule, {})
        answer, nothing = call(world, person, name, theirs), call(world, person, name, unknown)
        said, usual = told(answer, theirs), told(nothing, unknown)
        if SECRET in said or (answer.status_code, said) != (nothing.status_code, usual):
            faults.append(f"{name}: {answer.status_code} and {nothing.status_code}")
        if answer.status_code < 300 and "status/<job_id>" not in name:
            faults.append(f"{name}: {answer.status_code}")
        if state() != before:
            faults.append(f"{name} has changed something")
            before = state()
    assert faults == []


@pytest.mark.parametrize("other", ["bob", "greta", "nobody", "ada"])
def test_what_names_nothing_shows_nobody_anything_of_others(world: World, other: str) -> None:
    person, faults = world.people[other], []
    for name, rule in rules(world.app):
        if name.startswith("GET ") and not OWN & set(rule.arguments):
            path = address(world, rule, {})
            asked = ("", f"?q={SECRET}", f"?view=flat&cursor=&q={SECRET}")
            faults += [name + query for query in asked if SECRET in told(call(world, person, name, path + query), SECRET)]
    assert faults == []


@pytest.mark.parametrize("owner", ["alice", "gina"])
def test_owners_read_what_is_theirs(world: World, owner: str) -> None:
    """Else the walks above would prove nothing."""
    person, seen = world.people[owner], {}
    for name, rule in rules(world.app):
        access = str(getattr(world.app.view_functions[rule.endpoint], ACCESS_MARK, ""))
        is_for_them = person.is_logged_in or access.startswith("guest")
        if name.startswith("GET ") and OWN & set(rule.arguments) and is_for_them:
            answer = call(world, person, name, address(world, rule, person.ids))
            seen[name] = answer.status_code
            answer.close()
    assert len(seen) >= 6
    assert {name: status for name, status in seen.items() if status >= 400} == {}


def test_every_part_of_an_address_is_known_to_this_table(world: World) -> None:
    known = OWN | set(OPEN) | {"part", "action", "verb"}
    unknown = {
        f"{rule}: {name}"
        for _name, rule in rules(world.app)
        for name, converter in rule._converters.items()
        if name not in known and not isinstance(converter, AnyConverter)
    }
    assert unknown == set()
