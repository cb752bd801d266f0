"""The transcribe family: a recording's sound, and its transcript as a file."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, make_response

from textor import bootstrap
from textor.api import auth, counting, links
from textor.api.schemas import sounds
from textor.api.schemas.sounds import ExportIn
from textor.domain import scopes
from textor.doorstep import streaming
from textor.extensions import csrf
from textor.features.recordings import exports, library
from textor.features.recordings.exports import Making, Ready

LOOK_AGAIN_SECONDS = "2"
UNKNOWN: dict[int, Any] = {404: "There is no such transcript, or it is somebody else's."}
SOUND = {
    200: sounds.bytes_of("The recording.", *sounds.SOUNDS),
    206: sounds.bytes_of("That part.", *sounds.SOUNDS),
    304: "The caller has it.",
    416: {"description": "The range lies outside.", "content": {}},
}

calls = APIBlueprint("sounds", __name__, url_prefix="/api/transcribe/<uuid:transcription_id>", tag="Transcribe")
csrf.exempt(calls)


@calls.get("/audio")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.doc(
    summary="Its sound",
    description="Whole, or a range of it.",
    responses=UNKNOWN | SOUND,
)
def audio(transcription_id: object) -> Response:
    return streaming.audio(bootstrap.tools(), library.audio(auth.me().user_id, str(transcription_id)))


@calls.get("/export/<name>")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.input(ExportIn, location="query", arg_name="asked")
@calls.doc(
    summary="Its text as a file",
    description="txt, md, docx, pdf, srt, vtt, json or csv. Large ones are made by a worker: 202, then ask again.",
    responses=UNKNOWN | sounds.exported() | {409: "There is no text yet."},
)
def export(transcription_id: object, name: str, asked: ExportIn) -> Response:
    options = exports.read_options({"speakers": str(asked.speakers), "timestamps": str(asked.timestamps)})
    found = exports.export(bootstrap.tools(), auth.me().user_id, str(transcription_id), name, options)
    response = streaming.file(found) if isinstance(found, Ready) else _making(found)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _making(making: Making) -> Response:
    body = {"status": "processing", "job_id": making.job_id, "progress": making.progress, "status_url": links.here()}
    return make_response(jsonify(body), 202, {"Retry-After": LOOK_AGAIN_SECONDS})
