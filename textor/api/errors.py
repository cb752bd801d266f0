"""What goes wrong, as JSON: `{"error": "<what, in a sentence>", "details": <object|string|null>}`."""

import logging
import time
from collections.abc import Mapping

from flask import Response, jsonify, request
from flask_limiter.errors import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from textor.errors import TextorError, TooManyRequests, Unavailable
from textor.extensions import limiter

log = logging.getLogger(__name__)

PATHS = ("/api", "/health", "/hooks", "/openapi.json")

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
"""Clients read `detail` instead of `error` in these; both are there."""


def is_ours(path: str) -> bool:
    """Whether errors at this address are JSON."""
    return any(path == start or path.startswith(f"{start}/") for start in PATHS)


def answer(error: Exception) -> Response:
    """The response to any error."""
    if isinstance(error, RateLimitExceeded):
        return respond(429, SENTENCES[429], headers={"Retry-After": str(_seconds_left(error))})
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, TooManyRequests | Unavailable):
        return respond(error.status, error.message, headers={"Retry-After": str(error.retry_after)})
    if isinstance(error, TextorError) and error.status < 500:
        return respond(error.status, error.message, details=error.details)
    log.error("%s %s broke", request.method, request.endpoint, exc_info=error)
    return respond(500, SENTENCES[500])


def respond(
    status: int, sentence: str, *, details: Mapping[str, str] | str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The envelope."""
    body: dict[str, object] = {"error": sentence, "details": details}
    if status in WITH_DETAIL:
        body["detail"] = sentence
    response = jsonify(body)
    response.status_code = status
    response.headers.update(headers or {})
    return response


def _http(error: HTTPException) -> Response:
    """Werkzeug's own: never its description, which may repeat what the caller sent."""
    found = error.get_response()
    if found.status_code < 400:
        return Response(found.get_data(), found.status_code, found.headers)
    kept = {name: found.headers[name] for name in ("Allow", "Retry-After", "WWW-Authenticate") if name in found.headers}
    fallback = SENTENCES[500 if found.status_code >= 500 else 400]
    return respond(found.status_code, SENTENCES.get(found.status_code, fallback), headers=kept)


def _seconds_left(error: RateLimitExceeded) -> int:
    found = limiter.current_limit
    return max(1, int(found.reset_at - time.time()) + 1) if found else int(error.limit.limit.get_expiry())
