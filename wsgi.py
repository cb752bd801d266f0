"""What gunicorn and the flask command load."""

from textor.app import create_app

app = create_app()
