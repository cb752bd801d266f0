"""Calls that take a file: the form beside it has a schema like any other input, and the file goes straight into a spool."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from flask import Flask, Response, current_app, jsonify, request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import FileStorage, MultiDict

from textor import bootstrap
from textor.api import auth, errors
from textor.doorstep import uploads
from textor.doorstep.uploads import Allowance
from textor.errors import InvalidInput
from textor.extensions import db
from textor.features.accounts import guests
from textor.features.recordings.intake import Choice
from textor.routing import marked

FORM_MARK = "textor_form"
FILE = "file"
GUEST_SECONDS = 365 * 24 * 3600

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Received(Generic[Form]):
    """A file with what was said about it. `parts` has every field as it came."""

    form: Form
    file: FileStorage
    parts: MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """A recording that was taken in. `guest_token` is for a guest who has just come."""

    transcription: Any
    guest_token: str | None = None


def prepare(app: Flask) -> None:
    """Whoever is answered before their file was read is still sending it: let them come to the answer."""

    @app.after_request
    def drained(response: Response) -> Response:
        view = current_app.view_functions.get(request.endpoint or "")
        if getattr(view, FORM_MARK, None):
            uploads.drain(request)
        return response


def form(schema: type[BaseModel]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The view takes multipart/form-data of this schema with a file; for the OpenAPI document.

    The file's field is `file`. A schema with a `FILE_FIELD` names another, which may be left out; one that `TAKES_JSON` is taken
    as JSON, too, without a file."""
    return lambda view: marked(view, FORM_MARK, schema)


@contextmanager
def received(schema: type[Form]) -> Iterator[Received[Form]]:
    """The one file of the request, spooled until the end of the block. Raises InvalidInput, TooLarge."""
    with uploads.spooled(bootstrap.tools(), Allowance(_limit_bytes(), most_files=1)) as parts:
        yield Received(read(schema, parts), uploads.chosen((FILE,))[0], parts)


def read(schema: type[Form], parts: MultiDict[str, str]) -> Form:
    """What the fields say. Empty ones say nothing: that is how forms leave something out. Raises InvalidInput."""
    return validated(schema, {name: value for name, value in parts.items() if value.strip()})


def validated(schema: type[Form], told: object, *, strict: bool = False) -> Form:
    """What was told, in that shape; `strict` where JSON has told it, which knows numbers from words. Raises InvalidInput."""
    try:
        return schema.model_validate(told, strict=strict)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(place) for place in first["loc"]) or errors.WHOLE
        raise InvalidInput(f"{field}: {errors.plain(first['msg'])}.", field=field) from error


def keep(file: FileStorage, choice: Choice) -> Taken:
    """Make a recording of it and queue its transcription, for the caller."""
    return Taken(*owned(lambda user_id: uploads.accept(bootstrap.tools(), user_id, file, choice)))


def owned(make: Callable[[int], T]) -> tuple[T, str | None]:
    """What is made for the caller, by their id; a stranger becomes a guest by it, and gets that token."""
    tools, caller = bootstrap.tools(), auth.me()
    if caller.user_id:
        return make(caller.user_id), None
    guest = guests.admit(tools)
    try:
        made = make(guest.caller.user_id)
    except Exception:
        db.session.rollback()
        guests.dismiss(guest.caller.user_id)
        raise
    auth.become(guest.caller)
    return made, guest.token


def welcomed(answer: dict[str, Any], guest_token: str | None) -> Response:
    """The answer as JSON; somebody who has become a guest by the request is told by which token they are known."""
    if guest_token is None:
        return jsonify(answer)
    response = jsonify(answer | {"guest_token": guest_token})
    is_secure = bootstrap.tools().settings.secure_ssl_redirect
    response.set_cookie(
        auth.GUEST_COOKIE, guest_token, GUEST_SECONDS, httponly=True, samesite="Strict", secure=is_secure, path="/"
    )
    return response


def _limit_bytes() -> int:
    settings = bootstrap.tools().settings
    return settings.max_upload_bytes_guest if auth.me().is_guest else settings.max_upload_bytes
