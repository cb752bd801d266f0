"""What gunicorn and the flask command load."""

from textor.app import create_app
from textor.errors import ConfigurationError

try:
    app = create_app()
except ConfigurationError as error:
    raise SystemExit(error.message) from None
