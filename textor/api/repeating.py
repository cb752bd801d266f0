"""`Idempotency-Key`: a request that creates work may be sent again when its answer was lost, and creates it once."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, make_response, request

from textor import bootstrap
from textor.api import auth, receiving
from textor.features.accounts import repeats
from textor.features.accounts.repeats import Answer
from textor.routing import marked

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
ONCE_MARK = "textor_once"
NOT_YET = 202
KEPT_HEADERS = ("Content-Type", "Location")

P = ParamSpec("P")
R = TypeVar("R")


def once(view: Callable[P, R]) -> Callable[P, Response]:
    """Of several equal requests with one key the first is carried out; the others get its answer, and count for nothing.

    For those who are known: a guest's first request has no owner yet that a second one could be compared with. What was refused
    or streamed is not kept, nor is "not yet" (202): whoever asks again wants what has come of it.
    """
    form = getattr(view, receiving.FORM_MARK, None)
    takes_json = form is None or getattr(form, "TAKES_JSON", False)

    @wraps(view)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> Response:
        key, user_id = request.headers.get(HEADER), auth.me().user_id
        if key is not None:
            repeats.check(key)
        if key is None or not user_id:
            return make_response(view(*args, **kwargs))
        first = repeats.begin(
            bootstrap.tools(), user_id, key, _fingerprint(_body(takes_json=takes_json, has_file=form is not None))
        )
        if first is not None:
            return Response(first.body, first.status, {**first.headers, REPLAYED: "true"})
        try:
            response = make_response(view(*args, **kwargs))
        except Exception:
            repeats.forget(user_id, key)
            raise
        return _kept(user_id, key, response)

    return marked(repeated, ONCE_MARK, value=True)


def _kept(user_id: int, key: str, response: Response) -> Response:
    if response.status_code >= 400 or response.status_code == NOT_YET or response.is_streamed:
        repeats.forget(user_id, key)
        return response
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    repeats.keep(user_id, key, Answer(response.status_code, headers, response.get_data(as_text=True)))
    return response


def _body(*, takes_json: bool, has_file: bool) -> bytes:
    return request.get_data() if takes_json and (request.is_json or not has_file) else b""


def _fingerprint(body: bytes) -> str:
    """A call that takes a file counts by its address alone: reading it is what should not be done twice, nothing bounds it here,
    and senders write the same form differently each time."""
    query = sorted((name, value) for name, value in request.args.items(multi=True) if name != auth.KEY_ARGUMENT)
    told = (request.method, request.path.rstrip("/"), query, hashlib.sha256(body).hexdigest())
    return hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest()
