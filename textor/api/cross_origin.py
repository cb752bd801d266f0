"""Pages of other origins that call the API from a browser (CORS). Without CORS_ALLOWED_ORIGINS there are none."""

from flask import Flask

from textor.extensions import cors
from textor.settings import Settings

PATHS = (r"/api(/.*)?", r"/v1(/.*)?", r"/health(/.*)?", r"/openapi\.json", r"/swagger/schema/?")
HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "Range", "X-API-Key", "X-Guest-Token", "X-Request-ID")
READABLE = (
    "Content-Disposition",
    "Retry-After",
    "X-Guest-Token",
    "X-Process-Time-Ms",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
)
REMEMBERED_SECONDS = 600


def prepare(app: Flask, settings: Settings) -> None:
    """Answer to those origins, errors included. Cookies are never part of it: who calls so shows a key."""
    origins = list(settings.cors_allowed_origins)
    if origins:
        cors.init_app(
            app,
            resources={path: {"origins": "*" if "*" in origins else origins} for path in PATHS},
            allow_headers=HEADERS,
            expose_headers=READABLE,
            max_age=REMEMBERED_SECONDS,
            supports_credentials=False,
        )
