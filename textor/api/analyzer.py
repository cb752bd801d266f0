"""Image-prompt tasks: a recording or a text becomes prompts for image generators, scene by scene."""

from typing import Any, Literal, cast

from apiflask import APIBlueprint
from flask import Response

from textor import bootstrap
from textor.api import analyzer_asking, auth, bodies, counting, links, receiving, repeating, written
from textor.api.schemas.analyzer import (
    BulkIn,
    BulkOut,
    IdsIn,
    NewTaskIn,
    PromptOut,
    TaskOut,
    TaskPatchIn,
    TaskPutIn,
    TasksIn,
    TasksOut,
    TokensOut,
)
from textor.domain import scopes, timecode
from textor.extensions import csrf
from textor.features.insights import analyzer, bulk, viewing
from textor.features.insights.viewing import View
from textor.routing import address, limited

ADDRESS_LIMIT = "600/minute"
MOST_BYTES = 16_000_000  # ten thousand tasks of 1,600 letters each
GONE: dict[int, Any] = {404: "There is no such task, or it is somebody else's."}
CHANGED: dict[int, Any] = {
    400: "The change can't be understood.",
    404: "There is no such task or prompt, or it is somebody else's.",
    409: "Its prompts are being written, so they can't be changed.",
}
STEPS = (
    "Of a file (with `audio_file_language`), of `task_text`, or of a transcript (`transcript_id`). A recording is transcribed "
    "like any upload and stays in the library; `task_text` is what was heard then. The task is `pending`, then `processing`, "
    "then `completed` with its prompts or `failed` with an `error`. The webhook `analyzer_task.completed` tells."
)
KEPT = "A new `task_text` or `helper_instruction` changes no prompt that is there."

calls = APIBlueprint("analyzer_tasks", __name__, url_prefix="/api/v1/analyzer-task", tag="Image prompts")
csrf.exempt(calls)
bodies.bound(calls, MOST_BYTES)


@calls.post("/new-task")
@auth.needs(scopes.ANALYZER)
@repeating.once
@counting.work
@limited(ADDRESS_LIMIT, by=address)
@receiving.form(NewTaskIn)
@calls.doc(
    summary="Make prompts of a recording or a text",
    description=STEPS,
    responses={
        400: "Neither a file nor a text, a file without its language, no recording, or an option that can't be honoured.",
        402: "It would cost more than the month's budget has left.",
        404: "There is no such transcript, or it is somebody else's.",
        409: "The transcript has no text. Or: the first request with this Idempotency-Key is still being worked on.",
        413: "Larger than the caller may send.",
    },
)
@calls.output(TaskOut, 201)
def create() -> Response:
    return written.out(_task(analyzer_asking.made()), 201)


@calls.get("/new-task")
@auth.needs(scopes.ANALYZER)
@counting.reading
@calls.input(TasksIn, location="query", arg_name="asked")
@calls.doc(summary="List tasks", description="Five a page, newest first.", responses={404: "There is no such page."})
@calls.output(TasksOut)
def index(asked: TasksIn) -> Response:
    page, me = analyzer.page(auth.me().user_id, asked.page), auth.me()
    following = links.here(page=page.number + 1) if page.number < page.pages else None
    previous = links.here(page=page.number - 1) if page.number > 1 else None
    results = [_shown(one) for one in viewing.views(me.user_id, [one.id for one in page.items])]
    return written.out(TasksOut(count=page.count, next=following, previous=previous, results=results))


@calls.get("/view-task/<int:task_id>")
@auth.needs(scopes.ANALYZER)
@counting.reading
@calls.doc(summary="Read a task", responses=GONE)
@calls.output(TaskOut)
def show(task_id: int) -> Response:
    return written.out(_task(task_id))


@calls.put("/view-task/<int:task_id>")
@auth.needs(scopes.ANALYZER)
@counting.changing
@calls.input(TaskPutIn, location="json", arg_name="told")
@calls.doc(summary="Change a task, with its name", description=KEPT, responses=CHANGED)
@calls.output(TaskOut)
def put(task_id: int, told: TaskPutIn) -> Response:
    return _changed(task_id, told)


@calls.patch("/view-task/<int:task_id>")
@auth.needs(scopes.ANALYZER)
@counting.changing
@calls.input(TaskPatchIn, location="json", arg_name="told")
@calls.doc(summary="Change a task", description=KEPT, responses=CHANGED)
@calls.output(TaskOut)
def patch(task_id: int, told: TaskPatchIn) -> Response:
    return _changed(task_id, told)


@calls.delete("/view-task/<int:task_id>")
@auth.needs(scopes.ANALYZER)
@counting.changing
@calls.doc(
    summary="Delete a task",
    description="With its prompts, in any state. Its recording stays in the library: that is deleted as a transcript.",
    responses={204: "It is gone."} | GONE,
)
def delete(task_id: int) -> Response:
    analyzer.delete(bootstrap.tools(), auth.me().user_id, [task_id])
    return bodies.empty(204)


@calls.put("/task-bulk-update")
@auth.needs(scopes.ANALYZER)
@counting.changing
@calls.input(BulkIn, location="json", arg_name="told")
@calls.doc(summary="Change many tasks", description=f"All or none, in one transaction. {KEPT}", responses=CHANGED)
@calls.output(BulkOut)
def put_many(told: BulkIn) -> Response:
    return _changed_many(told)


@calls.patch("/task-bulk-update")
@auth.needs(scopes.ANALYZER)
@counting.changing
@calls.input(BulkIn, location="json", arg_name="told")
@calls.doc(summary="Change many tasks", description=f"The same as PUT. {KEPT}", responses=CHANGED)
@calls.output(BulkOut)
def patch_many(told: BulkIn) -> Response:
    return _changed_many(told)


@calls.delete("/task-bulk-delete")
@auth.needs(scopes.ANALYZER)
@counting.changing
@calls.input(IdsIn, location="json", arg_name="told")
@calls.doc(
    summary="Delete many tasks",
    description="All or none. Recordings stay in the library.",
    responses={204: "They are gone.", 400: analyzer_asking.WRONG_IDS, 404: "One of them is unknown, or somebody else's."},
)
def delete_many(told: IdsIn) -> Response:
    analyzer.delete(bootstrap.tools(), auth.me().user_id, analyzer_asking.ids(told.ids))
    return bodies.empty(204)


def _changed(task_id: int, told: TaskPatchIn) -> Response:
    bulk.change(bootstrap.tools(), auth.me().user_id, [analyzer_asking.change(task_id, told)])
    return written.out(_task(task_id))


def _changed_many(told: BulkIn) -> Response:
    me = auth.me().user_id
    bulk.change(bootstrap.tools(), me, analyzer_asking.changes(told.root))
    return written.out(BulkOut([_shown(one) for one in viewing.views(me, [one.id for one in told.root])]))


def _task(task_id: int) -> TaskOut:
    return _shown(viewing.view(auth.me().user_id, task_id))


def _shown(view: View) -> TaskOut:
    """Rows are sound: texts are long, and looking costs."""
    sound, status = view.transcription_id, cast("Literal['pending', 'processing', 'completed', 'failed']", view.status)
    return TaskOut.model_construct(
        id=view.id,
        name=view.name,
        status=status,
        error=view.error,
        audio_file_url=links.to("sounds.audio", transcription_id=sound) if sound else None,
        audio_file_language=view.language,
        task_text=view.text,
        helper_instruction=view.instruction,
        user_id=auth.me().username,
        created_at=timecode.utc(view.created_at),
        updated_at=timecode.utc(view.updated_at),
        prompts=[
            PromptOut.model_construct(id=one.id, prompt_content=one.content, start=one.start, end=one.end, quote=one.quote)
            for one in view.prompts
        ],
        generator=view.generator,
        look=view.look,
        max_scenes=view.max_scenes,
        model_name=view.model,
        note=view.note,
        transcript_id=sound,
        progress=view.progress,
        usage=_usage(view),
        cost_usd=view.cost_usd,
    )


def _usage(view: View) -> TokensOut:
    prompt, completion = view.prompt_tokens, view.completion_tokens
    return TokensOut(prompt=prompt, completion=completion, total=prompt + completion)
