"""Notes calls that make or change something for the operator, once they are answered: nobody waits for it.

What is noted is who, how, the call by its rule, the status and the id of what came of it: no content, and no key. Strangers who
are refused are not noted: they could fill the log.
"""

import re
import time
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, g, request

from textor import bootstrap
from textor.api.counting import CHANGING_MARK, WORK_MARK
from textor.features.accounts import usage
from textor.features.accounts.callers import Caller, Via
from textor.features.accounts.usage import Call

SUBJECTS = ("transcript_id", "transcription_id", "job_id", "recording_sid", "id")
"""Where answers name what came of a call."""
LONGEST_CALL = 160
MOST_BYTES = 200_000
"""Longer answers are read for no id: those of calls that make something are short."""

_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_SUBJECT = re.compile(r"[\w-]{1,64}")


def prepare(app: Flask) -> None:
    """Note every such call of this app's."""
    app.before_request(_begun)
    app.after_request(partial(_answered, app))


def _begun() -> None:
    g.textor_begun_at = time.monotonic()


def _answered(app: Flask, response: Response) -> Response:
    """The note is taken now, and written when the answer is with the caller and its connections are given back."""
    caller: Caller | None = g.get("textor_caller")
    if not _is_noted() or caller is None or (not caller.user_id and response.status_code >= usage.REFUSED_FROM):
        return response
    call, tools = _call(caller, response), bootstrap.tools()

    @response.call_on_close
    def write() -> None:
        with app.app_context():
            usage.note(tools, call)

    return response


def _is_noted() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return hasattr(view, WORK_MARK) or hasattr(view, CHANGING_MARK)


def _call(caller: Caller, response: Response) -> Call:
    rule = _ARGUMENT.sub(r"{\1}", str(request.url_rule))
    return Call(
        user_id=caller.user_id or None,
        api_key_id=int(caller.credential) if caller.via is Via.KEY and caller.credential.isdecimal() else None,
        via=caller.via,
        call=f"{request.method} {rule}"[:LONGEST_CALL],
        status=response.status_code,
        milliseconds=round((time.monotonic() - g.textor_begun_at) * 1000),
        subject=_subject(response),
    )


def _subject(response: Response) -> str | None:
    if not (response.is_json and response.is_sequence) or (response.content_length or 0) > MOST_BYTES:
        return None
    body: Any = response.get_json(silent=True)
    found = [body[name] for name in SUBJECTS if body.get(name)] if isinstance(body, dict) else []
    subject = str(found[0]) if found else ""
    return subject if _SUBJECT.fullmatch(subject) else None
