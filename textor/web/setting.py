"""What the pages need of the app before the first one is asked for."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, request, url_for

from textor import extensions
from textor.settings import HTMX_CDN, Settings
from textor.web import errors, headers, locale, visitors

HTMX_INTEGRITY = "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"
MAX_FORM_BYTES = 1_000_000


def prepare(app: Flask, settings: Settings) -> None:
    """Hosts, headers, CSRF, logins, languages and what templates use. Call before the blueprints are registered."""
    headers.prepare(app, settings)
    app.before_request(_bound_forms)
    extensions.csrf.init_app(app)
    app.config.setdefault("REMEMBER_COOKIE_NAME", "textor_remember")
    extensions.login.user_loader(visitors.load)
    errors.prepare()
    locale.prepare(app)
    app.jinja_env.globals.update(
        static=lambda path: url_for("static", filename=path, v=_version(str(Path(app.static_folder or "") / path))),
        htmx_url=settings.htmx_url,
        htmx_integrity=HTMX_INTEGRITY if settings.htmx_url == HTMX_CDN else "",
    )
    app.extensions["babel"].locale_selector = locale.selected


def _bound_forms() -> None:
    """Forms are small. Only the upload may be large: it is exempt from the form parser and reads its body itself."""
    blueprint = current_app.blueprints.get(request.blueprint or "")
    if blueprint and blueprint.import_name.startswith("textor.web.") and request.endpoint != "uploading.upload":
        request.max_content_length = MAX_FORM_BYTES


@lru_cache(maxsize=64)
def _version(path: str) -> str:
    """Of a static file: browsers keep it for a year, under an address that changes with it."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]
