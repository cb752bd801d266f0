"""What goes wrong, as JSON: `{"error": "<a sentence>", "details": <object|string|null>}`; under `/v1` as OpenAI says it."""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from apiflask import HTTPError
from flask import Response, jsonify, request
from flask_limiter.errors import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from textor.errors import NotAuthenticated, Stale, TextorError, TooManyRequests, Unavailable
from textor.extensions import limiter

log = logging.getLogger(__name__)

OPENAI = "/v1"
PATHS = ("/api", OPENAI, "/health", "/hooks", "/openapi.json", "/swagger/schema", "/metrics")
WITH_DETAIL_PATHS = ("/api/v1",)

SENTENCES = {
    400: "The request could not be understood.",
    401: "Credentials are missing or wrong.",
    403: "You may not do this.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is too large.",
    415: "This kind of content is not accepted here.",
    429: "Request limit exceeded. Wait a little and try again.",
    500: "Something broke on our side. The error is in the server's log.",
    503: "A part of Textor is away. Try again shortly.",
}
WITH_DETAIL = {429, 500}
"""Clients read `detail` instead of `error` in these, and in a whole family; both are there."""
KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
"""What OpenAI's clients expect as `type`; the others are invalid requests, or errors of ours."""
WHOLE, OBJECT, NO_OBJECT = "The body", "Input should be an object", "Input should be a valid dictionary or "
CODES = {401: "invalid_api_key", 404: "not_found", 429: "rate_limit_exceeded"}
MODEL, MODEL_CODE = "model", "model_not_found"
"""The parameter that is at fault where a model isn't there, and OpenAI's word for it."""


def is_ours(path: str) -> bool:
    """Whether errors at this address are JSON."""
    return _starts(path, PATHS)


def is_openai(path: str) -> bool:
    """Whether errors at this address are OpenAI's."""
    return _starts(path, (OPENAI,))


def has_detail(path: str, status: int) -> bool:
    """Whether an error of ours at this address says `detail`, too."""
    return status in WITH_DETAIL or _starts(path, WITH_DETAIL_PATHS)


def answer(error: Exception) -> Response:
    """The response to any error."""
    if isinstance(error, TextorError) and (error.status < 500 or isinstance(error, Unavailable)):
        return _known(error)
    if isinstance(error, RateLimitExceeded):
        return respond(429, SENTENCES[429], headers={"Retry-After": str(_seconds_left(error))})
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, HTTPError):
        return _invalid(error)
    log.error("%s %s broke", request.method, request.endpoint, exc_info=error)
    return respond(500, SENTENCES[500])


def _known(error: TextorError) -> Response:
    """One of our own: its sentence is fit for anybody."""
    headers = {}
    if isinstance(error, TooManyRequests | Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return respond(error.status, error.message, details=_details(error), headers=headers, param=getattr(error, "field", None))


def respond(
    status: int,
    sentence: str,
    *,
    details: Mapping[str, str | int] | str | None = None,
    headers: Mapping[str, str] | None = None,
    param: str | None = None,
) -> Response:
    """The envelope of the family that was called."""
    body = _openai(status, sentence, param) if is_openai(request.path) else _ours(status, sentence, details)
    response = jsonify(body)
    response.status_code = status
    response.headers.update(headers or {})
    return response


def _ours(status: int, sentence: str, details: Mapping[str, str | int] | str | None) -> dict[str, object]:
    body: dict[str, object] = {"error": sentence, "details": details}
    if has_detail(request.path, status):
        body["detail"] = sentence
    return body


def _openai(status: int, sentence: str, param: str | None) -> dict[str, object]:
    kind = KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
    code = MODEL_CODE if (status, param) == (404, MODEL) else CODES.get(status)
    return {"error": {"message": sentence, "type": kind, "param": param, "code": code}}


def _details(error: TextorError) -> Mapping[str, str | int] | str | None:
    """What the error tells, else which field is at fault."""
    if isinstance(error, Stale):
        return {"version": error.version}
    field = getattr(error, "field", None)
    return error.details or ({field: error.message} if field else None)


def _starts(path: str, starts: Iterable[str]) -> bool:
    return any(path == start or path.startswith(f"{start}/") for start in starts)


def _http(error: HTTPException) -> Response:
    """Werkzeug's own: never its description, which may repeat what the caller sent."""
    found = error.get_response()
    if found.status_code < 400:
        return Response(found.get_data(), found.status_code, found.headers)
    kept = {name: found.headers[name] for name in ("Allow", "Retry-After", "WWW-Authenticate") if name in found.headers}
    fallback = SENTENCES[500 if found.status_code >= 500 else 400]
    return respond(found.status_code, SENTENCES.get(found.status_code, fallback), headers=kept)


def _invalid(error: HTTPError) -> Response:
    """What a schema found: which fields, and what each should be. Their values stay out of it."""
    told: Any = error.detail if isinstance(error.detail, Mapping) else {}
    faults = {field: "; ".join(map(plain, messages)) for fields in told.values() for field, messages in fields.items()}
    if not faults:
        return respond(error.status_code, SENTENCES.get(error.status_code, SENTENCES[400]))
    field, fault = next(iter(faults.items()))
    return respond(error.status_code, f"{WHOLE if field == '_schema' else field}: {fault}.", details=faults, param=field)


def plain(fault: str) -> str:
    """Without pydantic's own words: its kinds of errors, and what our classes are called."""
    return OBJECT if fault.startswith(NO_OBJECT) else fault.removeprefix("Value error, ")


def _seconds_left(error: RateLimitExceeded) -> int:
    found = limiter.current_limit
    return max(1, int(found.reset_at - time.time()) + 1) if found else int(error.limit.limit.get_expiry())
