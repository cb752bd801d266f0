"""Everything that the OpenAPI document says, tried by schemathesis with all its checks: as a user, as a guest, as nobody.

FUZZ_EXAMPLES says how many inputs each call gets beside those that cover its schema; `make fuzz` takes its time.
"""

import os
from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests import factories
from tests.api import fuzzing
from tests.api.conftest import Api, KeyOf
from tests.api.fuzzing import Found, Way
from tests.conftest import FIXTURES
from textor import extensions
from textor.extensions import db
from textor.models import AnalyzerPrompt, AnalyzerTask, Transcription, User
from textor.toolbox import Toolbox

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
SOUND = FIXTURES / "sample.flac"
MET = {
    "GET /api/transcribe/",
    "GET /api/transcribe/{transcription_id}",
    "GET /api/transcribe/{transcription_id}/audio",
    "GET /api/transcribe/result/{job_id}",
    "PATCH /api/transcribe/{transcription_id}/segments/{n}",
    "POST /api/transcribe/upload",
}
"""Calls that must have met something, or the run says little."""
USERS_MET = MET | {
    "GET /api/v1/analyzer-task/view-task/{task_id}",
    "PATCH /api/v1/analyzer-task/view-task/{task_id}",
    "POST /api/v1/analyzer-task/new-task",
}
"""Those that are for users alone, too."""

pytestmark = pytest.mark.timeout(60 + 60 * EXAMPLES)


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    limits = {"QUOTA_USER": "1000000/day", "QUOTA_GUEST": "1000000/day", "QUOTA_READS": "1000000/minute"}
    return environ | limits | {"SYNC_WAIT_SECONDS": "0", "DEFAULT_ENGINE": "sphinx"}


@pytest.fixture(autouse=True)
def unlimited(app: APIFlask) -> Iterator[None]:
    """What is called a thousand times a minute would soon meet nothing but limits."""
    extensions.limiter.enabled = False
    yield
    extensions.limiter.enabled = True


def finished(tools: Toolbox, owner: User) -> Transcription:
    recording = factories.stored_recording(tools, owner, SOUND, media_type="audio/flac")
    row = factories.transcription(owner, recording, status="completed", text="Good morning. All of you.")
    return factories.spoken(row, "Good morning.", "All of you.")


def pictured(owner: User) -> str:
    """The id of an image-prompt task that is done, with a prompt."""
    about = {"user_id": owner.id, "name": "The sea", "status": "completed", "task_text": "A ship.", "generator": "flux"}
    task = AnalyzerTask(**about, max_scenes=3, created_at=factories.NOW, updated_at=factories.NOW)
    db.session.add(task)
    db.session.flush()
    db.session.add(AnalyzerPrompt(task_id=task.id, place=0, content="A ship."))
    db.session.commit()
    return str(task.id)


def way(tools: Toolbox, owner: User, headers: dict[str, str], leaving: dict[str, str] | None = None) -> Way:
    rows = [finished(tools, owner) for _ in range(2)]
    ids, spare = ({"transcription_id": row.id, "job_id": row.id, "task_id": pictured(owner)} for row in rows)
    return Way(headers, ids, spare, SOUND.read_bytes(), leaving or {})


def answered(found: Found) -> set[str]:
    return {label for label, status in found.statuses if 200 <= status < 300}


def check(found: Found) -> None:
    assert found.errors == []
    assert found.failures == [], "\n".join(found.failures)


def test_the_document_holds_for_a_user(app: APIFlask, tools: Toolbox, alice: User, key_of: KeyOf) -> None:
    keys = [{"Authorization": f"Bearer {key_of(alice)}"} for _ in range(2)]
    found = fuzzing.run(app, way(tools, alice, *keys), EXAMPLES)
    check(found)
    assert answered(found) >= USERS_MET


def test_the_document_holds_for_a_guest(app: APIFlask, tools: Toolbox, gina: Api) -> None:
    guest = db.session.scalars(select(User).order_by(User.id.desc())).first()
    assert guest is not None
    found = fuzzing.run(app, way(tools, guest, gina.headers), EXAMPLES)
    check(found)
    assert answered(found) >= MET


def test_the_document_holds_for_nobody_in_particular(app: APIFlask) -> None:
    found = fuzzing.run(app, Way({}), EXAMPLES)
    check(found)
    assert not any(label.endswith("/api/v1/accounts/user") for label in answered(found))


def test_what_was_uploaded_is_there_for_its_owner_until_it_is_deleted(
    app: APIFlask, tools: Toolbox, alice: User, key_of: KeyOf
) -> None:
    headers = {"Authorization": f"Bearer {key_of(alice)}"}
    found = fuzzing.run(app, Way(headers, sound=SOUND.read_bytes(), is_chain=True), 10 * EXAMPLES)
    check(found)
    assert found.statuses["DELETE /api/transcribe/{transcription_id}", 204]
