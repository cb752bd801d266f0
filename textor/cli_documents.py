"""Commands that print what programs read about the API: `flask openapi` and `flask postman`."""

import json
from typing import Any

import click
from apiflask import APIFlask
from flask import current_app
from flask.cli import with_appcontext

from textor.api import postman
from textor.commands import Command


@click.command("openapi", cls=Command)
@with_appcontext
def openapi() -> None:
    """Print the OpenAPI document, as /openapi.json has it."""
    _print(_document())


@click.command("postman", cls=Command)
@with_appcontext
def collection() -> None:
    """Print a collection to import into Postman: every call, with an example of what it takes."""
    _print(postman.collection(_document()))


COMMANDS = (openapi, collection)


def _document() -> dict[str, Any]:
    app: Any = current_app
    if not isinstance(made := app.spec, dict):
        raise TypeError(f"{APIFlask.__name__} makes the document as JSON")
    return made


def _print(made: dict[str, Any]) -> None:
    click.echo(json.dumps(made, indent=2, ensure_ascii=False))
