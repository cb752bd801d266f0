"""Commands for whoever runs Textor: `flask --app wsgi COMMAND`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from flask_migrate import upgrade

from textor import bootstrap
from textor.errors import TextorError
from textor.features.accounts import members, users
from textor.features.accounts.users import NewUser
from textor.features.transcription import backlog, direct, engines, local_models
from textor.features.transcription.direct import Request


class Commands(AppGroup):
    """A group whose errors are Textor's own sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TextorError as error:
            raise click.ClickException(error.message) from error


class Command(click.Command):
    """The same, for a command that stands alone."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TextorError as error:
            raise click.ClickException(error.message) from error


user = Commands("user", help="Accounts.")
models = Commands("models", help="Speech models on this machine.")
engine = Commands("engines", help="Speech engines.")
queue = Commands("queue", help="What waits and what works.")


def register(app: Flask) -> None:
    """Make the commands known to `flask`."""
    for command in (user, models, engine, queue, transcribe, prepare):
        app.cli.add_command(command)


@user.command("create")
@click.argument("username")
@click.argument("email")
@click.option("--admin", is_flag=True, help="May see and do everything.")
@click.password_option(help="Asked for where it is not given.")
def create_user(username: str, email: str, password: str, *, admin: bool) -> None:
    """Create an account. The first one is an admin's."""
    created = users.register(bootstrap.tools(), NewUser(username, email, password))
    if admin:
        created = members.promote(created.username)
    click.echo(f"Created {created.username}, {created.role}.")


@user.command("promote")
@click.argument("username")
def promote_user(username: str) -> None:
    """Make somebody an admin."""
    click.echo(f"{members.promote(username).username} is an admin now.")


@user.command("list")
def list_users() -> None:
    """All accounts."""
    rows = [(found.username, found.email or "", found.role, f"{found.created_at:%Y-%m-%d}") for found in members.everyone()]
    _table(("NAME", "EMAIL", "ROLE", "SINCE"), rows)


@models.command("list")
def list_models() -> None:
    """All models, and which are here."""
    rows = [
        (model.name, name, f"{model.size_mb:.0f} MB" if model.size_mb else "", "here" if model.is_downloaded else "")
        for name, model in local_models.listed(bootstrap.tools())
    ]
    _table(("MODEL", "ENGINE", "SIZE", "DOWNLOADED"), rows)


@models.command("download")
@click.argument("name")
def download_model(name: str) -> None:
    """Fetch a model. It works offline from then on."""
    with click.progressbar(length=100, label=f"Downloading {name}") as bar:
        local_models.download(bootstrap.tools(), name, lambda fraction: bar.update(int(100 * fraction) - bar.pos))
    click.echo(f"{name} is on this machine now.")


@models.command("delete")
@click.argument("name")
def delete_model(name: str) -> None:
    """Delete a downloaded model."""
    local_models.delete(bootstrap.tools(), name)
    click.echo(f"{name} is deleted.")


@engine.command("check")
def check_engines() -> None:
    """Which engines are ready, and what the others lack."""
    tools = bootstrap.tools()
    standard = engines.default(tools)
    rows = []
    for offer in engines.offered(tools):
        state = "ready" if offer.ready else "not ready"
        rows.append((offer.name, f"{state}, default" if offer.name == standard else state, offer.reason or ""))
    _table(("ENGINE", "STATE", "WHAT TO DO"), rows)


@queue.command("status")
def queue_status() -> None:
    """Transcriptions by state; tickets and workers by queue."""
    found = backlog.look(bootstrap.tools())
    _table(("TRANSCRIPTIONS", "COUNT"), [(status, str(count)) for status, count in sorted(found.transcriptions.items())])
    click.echo()
    rows = [(name, str(count), str(found.workers.get(name, 0))) for name, count in found.tickets.items()]
    _table(("QUEUE", "TICKETS", "WORKERS"), rows)


@click.command("transcribe", cls=Command)
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--engine", "engine_name", default="", help="Default: as in the dashboard.")
@click.option("--model", default="", help="One of the engine's models.")
@click.option("--language", default="", help="Such as en or fa; default: detect.")
@click.option("--format", "format_name", default="txt", show_default=True, help="An export format: txt, srt, vtt, json...")
@with_appcontext
def transcribe(path: Path, engine_name: str, model: str, language: str, format_name: str) -> None:
    """Transcribe a file here and now, and print the transcript."""
    request = Request(path, engine_name, model, language, format_name)
    direct.transcribe(bootstrap.tools(), request, sys.stdout.buffer, _say_progress)


@click.command("prepare", cls=Command)
@with_appcontext
def prepare() -> None:
    """Bring the database up to date, and say how to get in. `make run` begins with it."""
    upgrade()
    settings = bootstrap.tools().settings
    click.echo(
        f"Open {settings.local_url} and "
        + ("log in." if members.has_any() else "create the first account: it becomes the admin.")
    )


def _say_progress(fraction: float) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{fraction:4.0%}", err=True, nl=fraction >= 1)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
