"""Every call of this door, in the order of the OpenAPI document."""

from textor.api import (
    accounts,
    analyzer,
    chat,
    editing,
    hooks,
    job_status,
    live,
    logins,
    metrics,
    openai_compatible,
    retranslate,
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
    retranslate,
    chat,
    openai_compatible,
    logins,
    accounts,
    analyzer,
    webhooks,
    hooks,
    service,
    metrics,
)
ALL = tuple(room.calls for room in ROOMS)
