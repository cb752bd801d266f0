"""Every call of this door, in the order of the OpenAPI document."""

from textor.api import (
    accounts,
    editing,
    hooks,
    job_status,
    live,
    logins,
    metrics,
    openai_compatible,
    searching,
    service,
    sounds,
    transcribe,
    transcriptions,
    uploading,
    webhooks,
)

ROOMS = (
    transcribe,
    uploading,
    transcriptions,
    editing,
    searching,
    sounds,
    job_status,
    live,
    openai_compatible,
    logins,
    accounts,
    webhooks,
    hooks,
    service,
    metrics,
)
ALL = tuple(room.calls for room in ROOMS)
