"""The web application: bootstrap, the doors, the error pages."""

from apiflask import APIFlask

from textor import bootstrap
from textor import settings as settings_module
from textor.settings import Settings
from textor.toolbox import Toolbox


def create_app(settings: Settings | None = None, tools: Toolbox | None = None) -> APIFlask:
    """Assemble Textor. `settings` default to the environment's, `tools` to the real ones; tests pass their own."""
    app = APIFlask("textor", title="Textor", version="0.1.0", docs_path=None, spec_path=None)
    bootstrap.configure(app, settings or settings_module.load(), tools)
    return app
