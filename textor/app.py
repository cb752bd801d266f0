"""The web application: bootstrap, the doors, the error pages."""

import logging

from apiflask import APIFlask, HTTPError
from flask import request
from redis.exceptions import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from textor import VERSION, bootstrap, cli
from textor import settings as settings_module
from textor.api import bodies, calls, counting, cross_origin, privacy, receiving, service, usage_log
from textor.api import errors as api_errors
from textor.errors import ConfigurationError, TextorError, Unavailable
from textor.settings import Settings
from textor.toolbox import Toolbox
from textor.tracing import Tracing
from textor.web import (
    account,
    admin,
    analyzer,
    api_keys,
    auth,
    chat,
    comparing,
    dashboard,
    editing,
    exporting,
    insights,
    landing,
    prompts_editing,
    setting,
    swagger,
    transcript,
    uploading,
    visitors,
    webhooks,
)
from textor.web import calls as web_calls
from textor.web import errors as web_errors

log = logging.getLogger(__name__)

PAGES = (
    landing,
    auth,
    dashboard,
    uploading,
    transcript,
    editing,
    exporting,
    comparing,
    insights,
    chat,
    analyzer,
    prompts_editing,
    web_calls,
    account,
    api_keys,
    webhooks,
    admin,
    swagger,
)


def create_app(settings: Settings | None = None, tools: Toolbox | None = None) -> APIFlask:
    """Assemble Textor. `settings` default to the environment's, `tools` to the real ones; tests pass their own."""
    app = APIFlask("textor", title="Textor", version=VERSION, docs_path=None, spec_path=None, json_errors=False)
    settings = settings or settings_module.load()
    bootstrap.configure(app, settings, tools)
    app.url_map.strict_slashes = False  # with and without the trailing slash, and no redirect: one would lose a POST's body
    setting.prepare(app, settings)
    service.prepare(app)
    bodies.prepare(app)
    usage_log.prepare(app)
    counting.prepare(app)
    receiving.prepare(app)
    privacy.prepare(app)
    cross_origin.prepare(app, settings)
    for pages in PAGES:
        app.register_blueprint(pages.pages)
    for blueprint in calls.ALL:
        app.register_blueprint(blueprint)
    for kind in (TextorError, HTTPException, HTTPError, Exception):
        app.register_error_handler(kind, _answer)
    cli.register(app)
    app.wsgi_app = Tracing(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to wrap it
    return app


def serve() -> APIFlask:
    """The application of the environment's settings; a wrong one ends the process with its sentence."""
    try:
        return create_app()
    except ConfigurationError as error:
        raise SystemExit(error.message) from None


def _answer(error: Exception) -> Response:
    """The one place that decides who speaks when something goes wrong: JSON for programs, a page for people."""
    if isinstance(error, OperationalError | InterfaceError):
        log.error("%s needs a database that does not answer", request.endpoint, exc_info=error)
        visitors.without_database()
        error = Unavailable("The database does not answer for now. Try again in a moment.")
    elif isinstance(error, RedisError):  # the limiter's, too: of several that find it away at once, one counts in memory
        log.error("%s needs a Redis that does not answer", request.endpoint, exc_info=error)
        error = Unavailable("Redis does not answer for now. Try again in a moment.")
    return api_errors.answer(error) if api_errors.is_ours(request.path) else web_errors.answer(error)
