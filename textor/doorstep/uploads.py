"""Files from a form, straight from the socket into spools: nothing is held whole, hashed and counted while it comes.

with uploads.spooled(tools, Allowance(limit_bytes=5_000_000, most_files=1)) as form:
    for file in uploads.chosen():
        uploads.accept(tools, user_id, file, Choice(...))

The view that does so is exempt from the automatic CSRF check, which would parse the body without the spools; nothing may touch
`request.form` before.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import RawIOBase
from typing import IO, Any, cast

from flask import Request, g, request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser

from textor.errors import InvalidInput, TextorError, TooLarge
from textor.extensions import csrf, db
from textor.features.recordings import intake
from textor.features.recordings.intake import Choice, Spool
from textor.toolbox import Toolbox

FIELDS = ("file", "files")
MOST_FILES = 20
FORM_BYTES = 2_000_000  # everything beside the files
FILELESS = "application/x-www-form-urlencoded"
"""A form that has no room for files, and that werkzeug reads whole."""

# A browser that is still sending sees a reset connection instead of the answer: after a refusal this much is read and dropped.
DRAINED_BYTES = 64_000_000
DRAINED_SECONDS = 5.0
DRAINED_AT_ONCE = 64 * 1024
DRAINED = "is_upload_drained"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that became a recording; `transcription` is its row (with `.recording`)."""

    filename: str
    transcription: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that didn't; `error.message` says why, `error.status` is the HTTP status it would have alone."""

    filename: str
    error: TextorError


Result = Accepted | Refused


class _Part(RawIOBase):
    """What the form parser writes one file into. A file over the limit is dropped while the parser goes on to the next."""

    def __init__(self, spool: Spool, may_go_on: Callable[[], bool]) -> None:
        self.spool = spool
        self.refusal: TooLarge | None = None
        self._may_go_on = may_go_on

    def write(self, data: Any) -> int:
        if self.refusal is None:
            try:
                return self.spool.write(data)
            except TooLarge as refusal:
                if not self._may_go_on():
                    raise
                self.refusal = refusal
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """The parser rewinds a finished part; nobody reads this one."""
        return 0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one request may bring."""

    limit_bytes: int
    most_files: int = MOST_FILES

    @property
    def request_bytes(self) -> int:
        return self.most_files * self.limit_bytes + FORM_BYTES


def receive(tools: Toolbox, user_id: int, choice: Callable[[MultiDict[str, str]], Choice]) -> list[Result]:
    """Take in every file of a page's form, each on its own: one that is refused doesn't hold up the others.

    Checks the CSRF token (field or header) before a file is accepted. Raises what `spooled` raises, and InvalidInput where there
    is no file.
    """
    with spooled(tools, Allowance(tools.settings.max_upload_bytes)) as form:
        csrf.protect()
        choices = choice(form)
        return [_result(tools, user_id, file, choices) for file in chosen()]


@contextmanager
def spooled(tools: Toolbox, allowance: Allowance) -> Iterator[MultiDict[str, str]]:
    """The current request's form, parsed; its files are in spools until the end of the block.

    Checks the declared length before the body is read. Raises TooLarge where the request is too large to be read to its end,
    InvalidInput for too many files, Unavailable.
    """
    current: Request = request._get_current_object()  # type: ignore[attr-defined]  # a proxy's own method
    with _drained_after_refusal(current), ExitStack() as spools:
        _refuse_hopeless(current, allowance)
        current.max_content_length = FORM_BYTES if current.mimetype == FILELESS else allowance.request_bytes
        db.session.rollback()  # whoever sends slowly must not hold a connection meanwhile: there are fewer than threads
        current.form_data_parser_class = _parser(_Parts(tools, current, spools, allowance))
        yield current.form


def chosen(fields: Iterable[str] = FIELDS) -> list[FileStorage]:
    """The files of a spooled request: a form with an empty file field sends a part without a name and content.

    Raises InvalidInput where there is none.
    """
    parts = [file for field in fields for file in request.files.getlist(field)]
    files = [file for file in parts if file.filename or _part(file).spool.size]
    if not files:
        raise InvalidInput("No file provided", field="file")
    return files


def accept(tools: Toolbox, user_id: int, file: FileStorage, choice: Choice) -> Any:
    """Make a recording of one of them. Returns the transcription; raises what `intake.accept` raises, and TooLarge."""
    return intake.accept(tools, user_id, spool(file), file.filename or "", choice)


def spool(file: FileStorage) -> Spool:
    """What has come of one of them. Raises TooLarge."""
    part = _part(file)
    if part.refusal:
        raise part.refusal
    return part.spool


def sha256(file: FileStorage) -> str:
    """Of one of them: the same sound may be known already. Raises TooLarge."""
    return spool(file).sha256


def _refuse_hopeless(current: Request, allowance: Allowance) -> None:
    """What can't fit even if every file is at its limit is refused unread."""
    if (current.content_length or 0) > allowance.request_bytes:
        raise TooLarge(f"File size exceeds {allowance.limit_bytes // 1_000_000}MB limit")


class _Parts:
    """The files of one request. Their spools end with `spools`, whatever happens."""

    def __init__(self, tools: Toolbox, current: Request, spools: ExitStack, allowance: Allowance) -> None:
        self._tools, self._request, self._spools, self._allowance = tools, current, spools, allowance
        self._count = 0

    def open(
        self, total_content_length: int | None, content_type: str | None, filename: str | None, content_length: int | None = None
    ) -> IO[bytes]:
        """As werkzeug asks for it. What the sender says of the file is not believed."""
        self._count += 1
        most, limit = self._allowance.most_files, self._allowance.limit_bytes
        if self._count > most:
            told = (
                "One file at a time, please." if most == 1 else f"More than {most} files at once. Upload the others afterwards."
            )
            raise InvalidInput(told, field="file")
        return cast("IO[bytes]", _Part(self._spools.enter_context(intake.spool(self._tools, limit)), self._may_go_on))

    def _may_go_on(self) -> bool:
        """Whether so little is still to come that it can be read to its end after a refusal."""
        total = self._request.content_length
        return total is not None and total - self._request.stream.tell() <= DRAINED_BYTES


def _parser(parts: _Parts) -> type[FormDataParser]:
    """werkzeug's parser, which asks for a stream for each file."""

    class Spooling(FormDataParser):
        def __init__(self, stream_factory: object, **options: Any) -> None:
            super().__init__(parts.open, **options)

    return Spooling


def _result(tools: Toolbox, user_id: int, file: FileStorage, choice: Choice) -> Result:
    filename = file.filename or ""
    try:
        return Accepted(filename, accept(tools, user_id, file, choice))
    except TextorError as error:
        return Refused(filename, error)


def _part(file: FileStorage) -> _Part:
    return cast("_Part", file.stream)


@contextmanager
def _drained_after_refusal(current: Request) -> Iterator[None]:
    try:
        yield
    except (TextorError, HTTPException):
        drain(current)
        raise


def drain(current: Request) -> None:
    """Read what the sender is still sending, once and within bounds, so that they see the answer."""
    if not g.get(DRAINED):
        setattr(g, DRAINED, True)
        with suppress(OSError, HTTPException):
            _drain(current)


def _drain(current: Request) -> None:
    """A server that ends the input itself is read past the limits that werkzeug's own stream holds."""
    stream = current.environ["wsgi.input"] if current.environ.get("wsgi.input_terminated") else current.stream
    deadline, left = time.monotonic() + DRAINED_SECONDS, DRAINED_BYTES
    while left > 0 and time.monotonic() < deadline:
        dropped = len(stream.read(min(DRAINED_AT_ONCE, left)))
        if not dropped:
            return
        left -= dropped
