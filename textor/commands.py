"""What all commands share: errors are sentences, lists are tables."""

from collections.abc import Sequence
from typing import Any

import click
from flask.cli import AppGroup

from textor.errors import TextorError


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


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows in columns as wide as they need."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
