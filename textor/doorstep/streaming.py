"""A stored recording to whoever plays it: whole, a range, or nothing where it has it already; and a transcript's file."""

from urllib.parse import quote

from flask import Response, request, send_file

from textor.features.recordings.exports import Ready
from textor.features.recordings.library import StoredAudio
from textor.toolbox import Toolbox

PLAYABLE = ("audio/", "video/")


def audio(tools: Toolbox, stored: StoredAudio) -> Response:
    """Answers Range, If-Range and If-None-Match. The store is read from where the range begins."""
    if request.if_none_match.contains(stored.sha256):
        return _labelled(Response(status=304), stored)
    size = tools.storage.size(stored.storage_key)
    wanted = _range(stored, size)
    if wanted is None:
        response = Response(tools.storage.read(stored.storage_key), mimetype=_media_type(stored))
        response.content_length = size
        return _labelled(response, stored)
    start, stop = wanted
    if start >= stop:
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = Response(tools.storage.read(stored.storage_key, start, stop), 206, mimetype=_media_type(stored))
    response.content_length = stop - start
    response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return _labelled(response, stored)


def file(ready: Ready) -> Response:
    """A transcript's file, to be kept under its name."""
    response = send_file(ready.open(), ready.media_type)
    response.content_length = ready.size_bytes
    response.headers["Content-Disposition"] = disposition("attachment", ready.filename)
    return response


def disposition(kind: str, filename: str) -> str:
    """Content-Disposition with a name in any script, and one in ASCII for old clients."""
    plain = "".join(letter if letter.isascii() and letter.isprintable() and letter not in '"\\' else "_" for letter in filename)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _range(stored: StoredAudio, size: int) -> tuple[int, int] | None:
    """The one range that is asked for. (n, n) can't be satisfied; None: the whole file."""
    wanted = request.range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return None
    if request.if_range.etag not in (None, stored.sha256) or request.if_range.date is not None:
        return None
    return wanted.range_for_length(size) or (size, size)


def _labelled(response: Response, stored: StoredAudio) -> Response:
    response.set_etag(stored.sha256)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = disposition("inline", stored.filename)
    return response


def _media_type(stored: StoredAudio) -> str:
    return stored.media_type if stored.media_type.startswith(PLAYABLE) else "application/octet-stream"
