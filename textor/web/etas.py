"""What pages say about when something ends or starts. Rounded, so that a polled page changes rarely: once a minute at most for
what takes minutes, and not at all in between. Where a provider is away, that and why."""

from typing import Any

from flask_babel import gettext as _

from textor import bootstrap
from textor.domain.job_states import OPEN
from textor.features.transcription import forecast, outages
from textor.features.transcription.forecast import Estimate
from textor.web import locale


def told(user_id: int) -> dict[str, str]:
    """By transcription, for those of a user's open ones of which something can be told."""
    tools = bootstrap.tools()
    lane, halted = forecast.of_lane(tools, user_id), outages.reasons(tools, user_id)
    ends = {key: _until_end(estimate) for key, estimate in lane.ends.items()}
    starts = {} if halted else {key: _until_start(estimate) for key, estimate in lane.starts.items()}
    return ends | starts | {key: _halted(reason) for key, reason in halted.items()}


def of(row: Any) -> str:
    """The same for one transcription, as the library hands it out."""
    return told(row.user_id).get(row.id, "") if row.status in OPEN else ""


def _halted(reason: str) -> str:
    return _("%(reason)s It is asked again by itself.", reason=locale.sentence(reason))


def _until_start(estimate: Estimate) -> str:
    if not locale.minutes(estimate.median_seconds):
        return _("Starts in less than a minute")
    return _("Starts in about %(time)s", time=locale.span(estimate.median_seconds))


def _until_end(estimate: Estimate) -> str:
    about, most = (locale.minutes(seconds) for seconds in (estimate.median_seconds, estimate.p90_seconds))
    time, limit = locale.span(estimate.median_seconds), locale.span(estimate.p90_seconds)
    if most <= max(1, about):
        return _("About %(time)s left", time=time) if about else _("Less than a minute left")
    if not about:
        return _("Less than a minute left, at most %(most)s", most=limit)
    return _("About %(time)s left, at most %(most)s", time=time, most=limit)
