"""What was ordered at EBOO and lost on its way is gone on with: nothing is converted, and paid, twice."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.adapters.stt.test_eboo import NO_OPTIONS, SHA256, engine, provider, segments, started
from tests.adapters.stt.test_eboo_failures import failure_of_start
from tests.emulators.eboo import Eboo, status
from textor.adapters.stt.eboo import EbooEngine
from textor.adapters.stt.port import Options
from textor.errors import EngineError

__all__ = ["engine", "provider"]


@dataclass
class Remembered:
    """Orders that are kept as long as a test."""

    noted: list[str] = field(default_factory=list)

    def unanswered(self) -> list[str]:
        return list(self.noted)

    def add(self, reference: str) -> None:
        self.noted.append(reference)


LOST_ANSWERS: list[dict[str, Any]] = [
    {"reset": True, "is_done_first": True},
    {"status": 502, "body": "<html>", "is_done_first": True},
    {"body": "not what was agreed", "is_done_first": True},
    {"body": status("Data Not Found Yet"), "is_done_first": True},
]


@pytest.mark.parametrize("lost", LOST_ANSWERS[:3])
def test_a_conversion_that_has_begun_unheard_is_not_begun_again(provider: Eboo, engine: EbooEngine, lost: dict[str, Any]) -> None:
    provider.fail(on="convert", calls=1, **lost)
    job = started(engine)
    assert (provider.converted, provider.count("addfile"), provider.count("convert")) == ([SHA256], 1, 1)
    assert segments(engine.check(job, NO_OPTIONS))


@pytest.mark.parametrize("lost", [{**one, "is_done_first": False} for one in LOST_ANSWERS[:3]])
def test_one_that_has_not_begun_is_deleted_and_may_be_begun_anew(
    provider: Eboo, engine: EbooEngine, lost: dict[str, Any]
) -> None:
    provider.fail(on="convert", calls=1, **lost)
    error = failure_of_start(engine)
    assert (error.retryable, error.is_lost, provider.files, provider.converted) == (True, False, {}, [])
    started(engine)
    assert provider.converted == [SHA256]


def test_where_nothing_can_be_asked_the_first_error_stands(provider: Eboo, engine: EbooEngine) -> None:
    provider.fail(on=["convert", "checkconvert", "deletefile"], status=503)
    error = failure_of_start(engine)
    assert (error.retryable, "its answer was 503" in error.message) == (True, True)
    assert (provider.count("checkconvert"), provider.count("deletefile")) == (1, 1)


def test_one_that_is_under_way_already_counts_as_begun(provider: Eboo, engine: EbooEngine) -> None:
    provider.fail(on="convert", body=status("AlreadyProcessing"), is_done_first=True)
    assert segments(engine.check(started(engine), NO_OPTIONS))


def test_an_order_is_noted_before_it_is_made(provider: Eboo, engine: EbooEngine) -> None:
    orders = Remembered()
    provider.fail(on="convert", body=status("IPError"))
    with pytest.raises(EngineError):
        started(engine, Options(orders=orders))
    assert orders.noted == provider.deleted
    provider.mend()
    job = started(engine, Options(orders=Remembered()))
    assert (job.reference, provider.files[job.id].sha256) == (job.id, SHA256)


def test_what_an_earlier_start_has_begun_is_gone_on_with(provider: Eboo, engine: EbooEngine) -> None:
    provider.seconds = 3600
    first = started(engine)
    again = started(engine, Options(orders=Remembered(["never-heard-of", first.id])))
    assert (again, provider.count("addfile"), provider.converted) == (first, 1, [SHA256])


def test_what_an_earlier_start_has_only_uploaded_goes(provider: Eboo, engine: EbooEngine) -> None:
    orders = Remembered()
    provider.fail(on="convert", status=503)
    provider.fail(on="deletefile", calls=1, status=503)
    with pytest.raises(EngineError):
        started(engine, Options(orders=orders))
    assert list(provider.files) == orders.noted
    provider.mend()
    job = started(engine, Options(orders=orders))
    assert (list(provider.files), provider.converted) == ([job.id], [SHA256])


def test_while_it_can_not_be_asked_nothing_is_begun_anew(provider: Eboo, engine: EbooEngine) -> None:
    first = started(engine)
    provider.fail(on="checkconvert", status=503)
    with pytest.raises(EngineError) as failed:
        started(engine, Options(orders=Remembered([first.id])))
    assert (failed.value.retryable, provider.count("addfile"), list(provider.files)) == (True, 1, [first.id])
