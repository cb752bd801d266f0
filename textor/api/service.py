"""The service about itself: is it alive, what fails, which calls there are."""

from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, jsonify

from textor import bootstrap
from textor.api import document, errors
from textor.api.schemas.service import ErrorOut, HealthOut, LivenessOut
from textor.domain import timecode
from textor.features import health
from textor.features.health import Part
from textor.routing import READ_LIMIT, address, limited, public

SPEC = "textor.openapi"
FAILS = {503: "A part fails: `details` name each with a sentence."}
RETRY_SECONDS = "10"

calls = APIBlueprint("service", __name__, tag="Service")


def prepare(app: APIFlask) -> None:
    """What the OpenAPI document says beyond the calls. Call before the blueprints are registered."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_SERVERS=False,  # the caller's Host header has no place in a document that is kept
        HTTP_ERROR_SCHEMA=ErrorOut.model_json_schema(),
        VALIDATION_ERROR_SCHEMA=ErrorOut.model_json_schema(),
        VALIDATION_ERROR_STATUS_CODE=400,
        AUTO_404_RESPONSE=False,
    )
    document.prepare(app)


@calls.get("/health")
@public
@limited(READ_LIMIT, by=address)
@calls.output(LivenessOut)
@calls.doc(summary="Is it alive?", description="Answers as long as a web process does, whatever it depends on.")
def alive() -> dict[str, str]:
    return {"status": "ok", "timestamp": _now()}


@calls.get("/health/")
@public
@limited(READ_LIMIT, by=address)
@calls.output(HealthOut)
@calls.doc(summary="Does everything work?", responses=FAILS)
def whole() -> dict[str, object] | Response:
    return _report(health.check_all(bootstrap.tools()))


@calls.get("/health/<any(db, cache, storage, workers):part>/")
@public
@limited(READ_LIMIT, by=address)
@calls.output(HealthOut)
@calls.doc(summary="Does the database, Redis, the storage, every queue's worker answer?", responses=FAILS)
def one(part: str) -> dict[str, object] | Response:
    return _report([health.check(bootstrap.tools(), part)])


@calls.get("/openapi.json")
@public
@limited(READ_LIMIT, by=address)
@calls.doc(hide=True)
def openapi() -> Response:
    """The document, made from the code once per process."""
    extensions = current_app.extensions
    if SPEC not in extensions and isinstance(current_app, APIFlask):
        extensions[SPEC] = current_app.spec
    return jsonify(extensions[SPEC])


@calls.get("/swagger/schema")
@public
@limited(READ_LIMIT, by=address)
@calls.doc(hide=True)
def swagger() -> Response:
    """The same, where old clients look for it."""
    return openapi()


def _report(parts: list[Part]) -> dict[str, object] | Response:
    failing = {part.name: part.fault for part in parts if part.fault}
    if failing:
        sentence = f"Failing: {', '.join(failing)}. {next(iter(failing.values()))}"
        return errors.respond(503, sentence, details=failing, headers={"Retry-After": RETRY_SECONDS})
    return {"status": "ok", "timestamp": _now(), "parts": dict.fromkeys((part.name for part in parts), "ok")}


def _now() -> str:
    return timecode.utc(bootstrap.tools().clock.now(), "milliseconds")
