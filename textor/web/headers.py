"""What every response of Textor says to the browser, and which hosts it answers to."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from textor.settings import Settings

STATIC_SECONDS = 31_536_000


def prepare(app: Flask, settings: Settings) -> None:
    """Check each request's host and scheme, and set the security headers where a view has not set its own."""
    app.before_request(_guard(settings))
    fixed = {
        "Content-Security-Policy": policy(settings.htmx_url),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        if settings.secure_hsts_seconds and request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", f"max-age={settings.secure_hsts_seconds}; includeSubDomains")
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "private, no-cache")
        if request.endpoint == "static" and "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}, immutable"
        return response


def policy(htmx_url: str) -> str:
    """The Content-Security-Policy: our own files and the one host htmx may come from. Nothing inline, no eval."""
    parts = urlsplit(htmx_url)
    script_host = f" {parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""
    return (
        f"default-src 'none'; script-src 'self'{script_host}; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether Textor answers to this Host. `.example.org` allows its subdomains too; no list allows every host."""
    if not allowed or "*" in allowed:
        return True
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # a bracket without its partner
        return False
    return any(name == one.lstrip(".") or (one.startswith(".") and name.endswith(one)) for one in map(str.lower, allowed))


def _guard(settings: Settings) -> Callable[[], AnyResponse | None]:
    def guard() -> AnyResponse | None:
        if request.path.startswith("/health"):  # asked from inside, by address and without TLS
            return None
        if not is_allowed(request.host, settings.allowed_hosts):
            return Response("Textor does not answer to this host name. See ALLOWED_HOSTS.\n", 400, mimetype="text/plain")
        if settings.secure_ssl_redirect and not request.is_secure:
            return redirect(request.url.replace("http://", "https://", 1), 308)
        return None

    return guard
