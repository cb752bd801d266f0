"""Addresses in answers: absolute, as the caller reaches us, unless PUBLIC_URL says how we are found."""

from typing import Any

from flask import request, url_for

from textor import bootstrap

AFTERWARDS = {
    "status": ("job_status_status_get", "job_id"),
    "result": ("job_status_result_get", "job_id"),
    "transcript": ("transcriptions_show_get", "transcription_id"),
    "audio": ("sounds_audio_get", "transcription_id"),
    "cancel": ("transcriptions_cancel_post", "transcription_id"),
    "delete": ("transcriptions_delete_delete", "transcription_id"),
}
"""What can be called with the id of a transcription: the operation, and the name that the id has there."""


def onward(field: str) -> dict[str, Any]:
    """For the document: where an answer with the id in `field` leads."""
    place = f"$response.body#/{field}"
    return {name: {"operationId": operation, "parameters": {told: place}} for name, (operation, told) in AFTERWARDS.items()}


def to(endpoint: str, **values: Any) -> str:
    """The address of a call of ours."""
    return base() + url_for(endpoint, **values)


def here(**changes: Any) -> str:
    """The address of the request at work, with other arguments. None takes one away; a key is never repeated."""
    given = {name: value for name, value in request.args.items() if name != "api_key"}
    wanted = {name: value for name, value in (given | changes).items() if value is not None}
    return to(request.endpoint or "", **(request.view_args or {}), **wanted)


def base() -> str:
    """Scheme and host, as others reach us."""
    public = bootstrap.tools().settings.public_url
    return public.rstrip("/") if public else request.host_url.rstrip("/")
