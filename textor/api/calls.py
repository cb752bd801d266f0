"""Every call of this door, in the order of the OpenAPI document."""

from textor.api import (
    accounts,
    editing,
    hooks,
    job_status,
    logins,
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
    openai_compatible,
    logins,
    accounts,
    webhooks,
    hooks,
    service,
)
ALL = tuple(room.calls for room in ROOMS)
