"""The proof that an engine is one file: a toy in the engines' folder is offered and transcribes, nothing else touched."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests import factories, shifts
from tests.conftest import FIXTURES
from tests.web.conftest import Browser, logged_in
from textor.adapters import discovery, stt
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import pipeline
from textor.models import Slice, Transcription
from textor.toolbox import Toolbox

TOYS = Path(__file__).parent / "toys"
LONG = FIXTURES / "dialogue_mono.flac"  # 30 s
SAID = re.compile(r"(\d+\.\d) seconds were spoken")


@pytest.fixture(autouse=True)
def toy() -> Iterator[None]:
    """As if the file lay in textor/adapters/stt."""
    stt.__path__.append(str(TOYS))
    yield
    stt.__path__.remove(str(TOYS))
    sys.modules.pop("textor.adapters.stt.toy_engine", None)


@pytest.fixture
def alices(app: APIFlask) -> Browser:
    app.test_client_class = Browser
    client = app.test_client()
    assert isinstance(client, Browser)
    return logged_in(client, factories.user("Alice"))


def test_it_is_known(tools: Toolbox) -> None:
    assert "toy" in {kind.name for kind in discovery.engines()}
    assert tools.engines["toy"].title == "Toy"


def test_the_form_offers_it_and_says_what_it_can_not_do(alices: Browser) -> None:
    page = alices.get("/transcripts").text
    assert re.search(r'<option value="toy:small"[^>]*>Toy small</option>', page)
    said = page.split('data-choices="toy:small"')[1].split("</dd>")[0]
    for fact in ("English only", "No times: timed by parts of up to 30 seconds", "Takes no vocabulary hints", "$0.50 an hour"):
        assert fact in said


def test_the_account_page_and_the_check_know_it(app: APIFlask, alices: Browser) -> None:
    assert "Says how many seconds it has heard." in alices.get("/account").text
    assert re.search(r"^toy +ready", app.test_cli_runner().invoke(args=["engines", "check"]).output, re.MULTILINE)


def test_the_api_offers_it_and_says_what_it_can_not_do(app: APIFlask) -> None:
    answer = app.test_client().get("/api/transcribe/models").json
    assert answer is not None
    told = next(model for model in answer["models"] if model["name"] == "toy/small")
    assert (told["languages"], told["segment_times"], told["vocabulary"], told["usd_per_hour"]) == (["en"], False, False, 0.5)


def test_the_command_transcribes_with_it(app: APIFlask) -> None:
    run = app.test_cli_runner()
    done = run.invoke(args=["transcribe", str(LONG), "--engine", "toy", "--model", "small"])
    assert done.exit_code == 0, done.output
    heard = [float(seconds) for seconds in SAID.findall(done.output)]
    assert len(heard) > 1  # 30 s of WAV are more than it takes
    assert sum(heard) == pytest.approx(29.6, abs=0.3)
    refused = run.invoke(args=["transcribe", str(LONG), "--engine", "toy", "--vocabulary", "Textor"])
    assert (refused.exit_code, refused.output) == (1, "Error: Toy takes no vocabulary hints.\n")


def test_an_upload_is_converted_cut_and_transcribed_by_it(tools: Toolbox, alices: Browser) -> None:
    with LONG.open("rb") as file:
        answer = alices.send("/transcripts", {"engine": "toy:small", "file": (file, "talk.flac")})
    assert answer.status_code == 303
    row = db.session.scalars(select(Transcription)).one()
    pipeline.advance(tools, row.id, row.run_token)
    pieces = db.session.scalars(select(Slice).order_by(Slice.n)).all()
    times = [(one.start, one.end) for one in pieces]
    assert all((one.storage_key or "").endswith(".wav") for one in pieces)
    shifts.work(tools)
    row = db.session.scalars(select(Transcription)).one()
    assert (row.status, row.language) == (Status.COMPLETED, "en")
    heard = library.segments(row)
    assert [(one.start, one.end) for one in heard] == times
    assert [SAID.fullmatch(one.text) is not None for one in heard] == [True] * len(times)
