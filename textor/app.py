"""The web application: bootstrap, the doors, the error pages."""

from apiflask import APIFlask

from textor import bootstrap
from textor import settings as settings_module
from textor.settings import Settings
from textor.toolbox import Toolbox
from textor.web import account, auth, dashboard, exporting, landing, setting, transcript, uploading

PAGES = (landing, auth, dashboard, uploading, transcript, exporting, account)


def create_app(settings: Settings | None = None, tools: Toolbox | None = None) -> APIFlask:
    """Assemble Textor. `settings` default to the environment's, `tools` to the real ones; tests pass their own."""
    app = APIFlask("textor", title="Textor", version="0.1.0", docs_path=None, spec_path=None)
    settings = settings or settings_module.load()
    bootstrap.configure(app, settings, tools)
    setting.prepare(app, settings)
    for pages in PAGES:
        app.register_blueprint(pages.pages)
    return app
