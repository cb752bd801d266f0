"""Questions about one transcript, or about all of them: asked, watched while they are answered, kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.domain import job_states, languages
from textor.errors import NotFound
from textor.features.insights import choosing, conversations
from textor.features.recordings import library
from textor.routing import READ_LIMIT, WRITE_LIMIT, limited, login_needed
from textor.web import forms, htmx, locale, prose
from textor.web.visitors import me

NEW = "new"
SUGGESTIONS = (_l("What is this about?"), _l("What was decided?"), _l("What happens next?"))

pages = APIBlueprint("chat", __name__, enable_openapi=False)


@dataclass(frozen=True, slots=True)
class Said:
    """A message on the page. `text` of an answer is laid out; `source` is its words as they came."""

    id: int
    is_mine: bool
    source: str
    text: prose.Prose
    state: str
    error: str
    model: str
    read: Mapping[str, Any]
    cost_usd: float | None


@pages.get("/ask")
@pages.get("/transcripts/<uuid:transcription_id>/chat")
@login_needed
@limited(READ_LIMIT)
def show(transcription_id: object = None) -> Response | str:
    """The conversation, or 304 while nothing more is said; without htmx the page it belongs to."""
    row = _row(transcription_id)
    if not htmx.wants_fragment():
        return _back(row, _wanted()) if row else render_template("ask.html", **values(None))
    shown = values(row)
    facts = (shown["conversation_id"], repr(shown["said"]), repr(shown["threads"]), row and row.status, locale.tag())
    return htmx.unless_known(facts, lambda: _fragment(shown))


@pages.post("/ask")
@pages.post("/transcripts/<uuid:transcription_id>/chat")
@login_needed
@limited(WRITE_LIMIT)
def ask(transcription_id: object = None) -> Response:
    """Ask; a conversation begins where none is named."""
    row = _row(transcription_id)
    return _shown(row, _asked(row))


@pages.post("/ask/stop")
@pages.post("/transcripts/<uuid:transcription_id>/chat/stop")
@login_needed
@limited(WRITE_LIMIT)
def stop(transcription_id: object = None) -> Response:
    """No more of this answer."""
    row, wanted = _row(transcription_id), _wanted()
    conversations.stop(bootstrap.tools(), me().id, wanted)
    return _shown(row, wanted)


@pages.post("/ask/forget")
@pages.post("/transcripts/<uuid:transcription_id>/chat/forget")
@login_needed
@limited(WRITE_LIMIT)
def forget(transcription_id: object = None) -> Response:
    """Delete a conversation."""
    row = _row(transcription_id)
    conversations.forget(bootstrap.tools(), me().id, _wanted())
    return _shown(row, "")


def values(row: Any, wanted: str | None = None) -> dict[str, Any]:
    """What a page shows of the conversations about `row`, or about everything; the newest is open where none is wanted."""
    tools, user_id = bootstrap.tools(), me().id
    wanted = _wanted() if wanted is None else wanted
    threads = conversations.threads(user_id, row.id if row else None)
    opened = wanted or (threads[0].id if threads else NEW)
    thread = None if opened == NEW else _thread(row, opened)
    spoken = (row.language or row.requested_language) if row else ""
    return {
        "row": row,
        "is_done": row is None or row.status in job_states.DONE,
        "conversation_id": opened,
        "threads": threads,
        "said": [_said(one, row.id if row else "") for one in thread.messages] if thread else [],
        "is_answering": thread is not None and thread.is_open,
        "suggestions": SUGGESTIONS if row else SUGGESTIONS[1:],
        "models": choosing.ready(tools),
        "titles": {name: model.title for name, model in tools.text_models.items()},
        "spoken": languages.base(spoken) if spoken else "",
    }


def _row(transcription_id: object) -> Any:
    """One's own transcription; None where the question is about all of them."""
    return None if transcription_id is None else library.find(me().id, str(transcription_id))


def _wanted() -> str:
    """The conversation that is named: its id, `new`, or nothing."""
    return forms.clean(request.values.get("conversation", ""))[:64]


def _asked(row: Any) -> str:
    told, wanted = request.form, _wanted()
    lines = (forms.clean(line) for line in (told.get("suggestion") or told.get("question", "")).splitlines())
    return conversations.ask(
        bootstrap.tools(),
        me().id,
        "\n".join(lines).strip(),
        transcription_id=row.id if row else None,
        conversation_id=None if wanted in {"", NEW} else wanted,
        model_name=forms.clean(told.get("model", ""))[:128],
    )


def _thread(row: Any, conversation_id: str) -> conversations.Thread:
    found = conversations.thread(bootstrap.tools(), me().id, conversation_id)
    if found.transcription_id != (row.id if row else None):
        raise NotFound("There is no such conversation here.")
    return found


def _said(message: conversations.Said, here: str) -> Said:
    is_mine = message.role == "user"
    text = prose.Prose() if is_mine else prose.lay_out(message.text, prose.cites(message.citations, here))
    return Said(
        message.id,
        is_mine,
        message.text,
        text,
        message.state,
        message.error or "",
        message.model or "",
        message.read,
        message.cost_usd,
    )


def _shown(row: Any, conversation_id: str) -> Response:
    if htmx.wants_fragment():
        return htmx.fragment(_fragment(values(row, conversation_id)))
    return _back(row, conversation_id)


def _fragment(shown: Mapping[str, Any]) -> str:
    return render_template("_chat.html", is_fragment=True, **shown)


def _back(row: Any, conversation_id: str) -> Response:
    wanted = conversation_id or None
    if row is None:
        return redirect(url_for("chat.show", conversation=wanted), 303)
    return redirect(url_for("transcript.show", transcription_id=row.id, panel="chat", conversation=wanted, _anchor="panel"), 303)
