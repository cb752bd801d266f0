"""What Prometheus scrapes: how the instance stands, told by the database and Redis, so that every web process tells the same."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from textor import VERSION
from textor.extensions import db
from textor.features.transcription import backlog
from textor.features.transcription.backlog import Backlog
from textor.models import Delivery, Recording, User
from textor.models.deliveries import DeliveryState
from textor.models.users import Role
from textor.toolbox import Toolbox


def exposition(tools: Toolbox) -> bytes:
    """In Prometheus' text format. Raises Unavailable without Redis or the database."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot([*_queue(backlog.look(tools)), *_stock()]))
    return generate_latest(registry)


class _Snapshot(Collector):
    """Figures that were gathered already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def _queue(found: Backlog) -> Iterator[Metric]:
    yield _gauge("textor_info", "The version at work.", ["version"], {(VERSION,): 1})
    states = {(rows.status,): rows.count for rows in found.rows}
    yield _gauge("textor_transcriptions", "Transcriptions by state.", ["status"], states)
    depths = {(one.queue,): one.tickets for one in found.queues}
    yield _gauge("textor_queue_tickets", "Tickets that wait for a worker.", ["queue"], depths)
    workers = Counter((one.queue,) for one in found.workers)
    yield _gauge("textor_workers", "Workers alive.", ["queue"], workers)
    flights = {(one.engine,): one.in_flight for one in found.providers}
    yield _gauge("textor_provider_jobs", "Jobs that providers have.", ["engine"], flights)
    breakers = {(one.engine,): int(one.is_open) for one in found.providers}
    yield _gauge("textor_provider_paused", "1 while a provider is left alone because it fails.", ["engine"], breakers)
    ended = {(status,): count for status, count in found.last_hour.ended.items()}
    yield _gauge("textor_ended_last_hour", "Transcriptions that ended in the last hour.", ["status"], ended)
    sound = {(): found.last_hour.sound_seconds}
    yield _gauge("textor_sound_seconds_last_hour", "Sound transcribed in the last hour.", [], sound)


def _stock() -> Iterator[Metric]:
    """What there is. Three statements."""
    count, size = db.session.execute(select(func.count(), func.sum(Recording.size_bytes)).select_from(Recording)).one()
    yield _gauge("textor_recordings", "Recordings kept.", [], {(): count})
    yield _gauge("textor_recordings_bytes", "Their size.", [], {(): int(size or 0)})
    people = select(User.role, func.count()).group_by(User.role)
    yield _gauge("textor_accounts", "Accounts by role.", ["role"], {(Role(role),): n for role, n in db.session.execute(people)})
    waiting = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.WAITING)
    yield _gauge("textor_webhooks_waiting", "Webhooks to be sent.", [], {(): db.session.scalar(waiting) or 0})


def _gauge(name: str, told: str, labels: list[str], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for label, value in values.items():
        family.add_metric([str(word) for word in label], value)
    return family
