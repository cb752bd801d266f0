"""A new image-prompt task: of a recording that is sent along, of a text, or of a transcript."""

from collections.abc import Mapping
from typing import Any

from flask import render_template
from flask_babel import gettext as _

from textor.domain import titles
from textor.doorstep import uploads
from textor.errors import NotFound
from textor.features.insights import analyzer
from textor.features.insights.analyzer import NewTask
from textor.features.recordings import intake, library
from textor.features.recordings.filtering import Filters
from textor.toolbox import Toolbox
from textor.web import choices, forms, prompts_reading
from textor.web.prompts_reading import Typed
from textor.web.visitors import me

TRANSCRIPTS_OFFERED = 100
BEGINNING = 60
"""Letters of a text's first line that name its task."""
LONGEST_TEXT = 400_000
"""Letters that a page takes; programs may send more."""
ENGINE_CHOICES = ("offers", "chosen_engine", "chosen_language", "all_languages", "limit_mb")


def page(typed: Typed, fault: str = "") -> str:
    """The form; `fault` is why it was refused as it stands."""
    offered = library.page(me().id, Filters(status="done"), per_page=TRANSCRIPTS_OFFERED).rows
    chosen = [] if typed.transcript in {"", *(row.id for row in offered)} else _transcript(typed.transcript)
    engine = choices.upload()
    return render_template(
        "prompts_new.html",
        typed=typed,
        fault=fault,
        transcripts=[*chosen, *offered],
        longest_text=LONGEST_TEXT,
        **{name: engine[name] for name in ENGINE_CHOICES},
        **prompts_reading.offered(),
    )


def make(tools: Toolbox, form: Mapping[str, str]) -> int:
    """A task as the form, which is spooled, asks for it; its id. Raises what refuses it: TextorError."""
    typed = Typed.of_form(form)
    made = {"text": _from_text, "transcript": _from_transcript, "audio": _from_sound}[typed.source](tools, typed, form)
    return int(made.id)


def _from_text(tools: Toolbox, typed: Typed, _form: Mapping[str, str]) -> Any:
    return analyzer.create(tools, me().id, _new(typed, _beginning(typed.text) or _("A text"), text=typed.text))


def _from_transcript(tools: Toolbox, typed: Typed, _form: Mapping[str, str]) -> Any:
    row = library.find(me().id, typed.transcript)
    return analyzer.create_from_transcript(tools, me().id, row.id, _new(typed, row.recording.title))


def _from_sound(tools: Toolbox, typed: Typed, form: Mapping[str, str]) -> Any:
    (file,) = uploads.chosen()
    language = forms.clean(form.get("language", ""))
    new = _new(typed, titles.from_filename(file.filename or "") or _("Recording"), language=language)
    analyzer.check(tools, new)
    picked = forms.Picked.read(form.get("engine", ""))
    taken = uploads.accept(tools, me().id, file, intake.Choice(engine=picked.engine, model=picked.model, language=language))
    return analyzer.create_from_sound(tools, me().id, new, taken)


def _new(typed: Typed, name: str, *, text: str = "", language: str = "") -> NewTask:
    return NewTask(name=typed.name.strip() or name, text=text, language=language, **typed.wish())


def _beginning(text: str) -> str:
    """The first words, whole ones where there are spaces."""
    line = titles.clean(text.strip().partition("\n")[0])
    return line if len(line) <= BEGINNING else (line[: BEGINNING + 1].rpartition(" ")[0] or line[:BEGINNING])


def _transcript(transcription_id: str) -> list[Any]:
    """One's own that is named, though it isn't among the newest, or not finished."""
    try:
        return [library.find(me().id, transcription_id)]
    except NotFound:
        return []
