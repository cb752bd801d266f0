"""What gunicorn and the flask command load."""

from textor.app import serve

app = serve()
