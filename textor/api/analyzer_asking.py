"""What requests about image-prompt tasks ask for, in the feature's words."""

from collections.abc import Sequence
from typing import Any

from flask import request
from pydantic import TypeAdapter, ValidationError
from werkzeug.datastructures import FileStorage

from textor import bootstrap
from textor.api import auth, receiving
from textor.api.schemas.analyzer import AUDIO, BulkTaskIn, Id, NewTaskIn, TaskPatchIn
from textor.doorstep import uploads
from textor.doorstep.uploads import Allowance
from textor.errors import InvalidInput
from textor.features.insights import analyzer
from textor.features.insights.analyzer import NewTask
from textor.features.insights.bulk import Change, WantedPrompt
from textor.features.recordings.intake import Choice

WRONG_IDS = "provide correct ids list"
"""As clients know it."""
_IDS: TypeAdapter[list[int]] = TypeAdapter(list[Id])


def made() -> int:
    """Make the task that the request describes, as JSON or as a form; its id. Raises what is wrong with it."""
    if request.is_json:
        return _of_words(receiving.validated(NewTaskIn, request.get_json(), strict=True))
    tools = bootstrap.tools()
    with uploads.spooled(tools, Allowance(tools.settings.max_upload_bytes, most_files=1)) as parts:
        form, file = receiving.read(NewTaskIn, parts), _file()
        return _of_words(form) if file is None else _of_sound(form, file)


def ids(told: Any) -> Sequence[int]:
    """Those that are to be deleted. Raises InvalidInput, always in the same words."""
    try:
        found = _IDS.validate_python(told)
    except ValidationError as error:
        raise InvalidInput(WRONG_IDS) from error
    if not found:
        raise InvalidInput(WRONG_IDS)
    return found


def change(task_id: int, told: TaskPatchIn) -> Change:
    """What is to become of a task; null is an empty text, and no wish."""
    fields = {name: getattr(told, name) for name in ("name", "task_text", "helper_instruction") if name in told.model_fields_set}
    wanted = None if told.prompts is None else [WantedPrompt(one.prompt_content, one.id) for one in told.prompts]
    return Change(task_id, {name: value or "" for name, value in fields.items()}, wanted)


def changes(told: Sequence[BulkTaskIn]) -> list[Change]:
    """The same for many."""
    return [change(one.id, one) for one in told]


def _of_words(form: NewTaskIn) -> int:
    tools, me = bootstrap.tools(), auth.me().user_id
    if not form.transcript_id:
        if not form.task_text.strip():
            raise InvalidInput(f"Send a recording as {AUDIO}, or a task_text.", field="task_text")
        return analyzer.create(tools, me, _new(form)).id
    if form.task_text.strip():
        raise InvalidInput("A transcript has its own text: leave task_text out.", field="task_text")
    return analyzer.create_from_transcript(tools, me, form.transcript_id, _new(form)).id


def _of_sound(form: NewTaskIn, file: FileStorage) -> int:
    """A task_text beside the file gives way to what is heard."""
    if form.transcript_id:
        raise InvalidInput("A recording or a transcript, not both.", field="transcript_id")
    if not form.audio_file_language:
        raise InvalidInput("Say which language is spoken: audio_file_language.", field="audio_file_language")
    tools, new = bootstrap.tools(), _new(form)
    analyzer.check(tools, new)
    choice = Choice(language=form.audio_file_language, title=form.name, is_remembered=False)
    taken = receiving.keep(file, choice)
    return analyzer.create_from_sound(tools, auth.me().user_id, new, taken.transcription).id


def _new(form: NewTaskIn) -> NewTask:
    return NewTask(
        name=form.name,
        text=form.task_text,
        language=form.audio_file_language,
        instruction=form.helper_instruction,
        generator=form.generator,
        look=form.look,
        max_scenes=form.max_scenes,
        model_name=form.model_name,
    )


def _file() -> FileStorage | None:
    """The recording, where the form has one."""
    try:
        return uploads.chosen((AUDIO,))[0]
    except InvalidInput:
        return None
