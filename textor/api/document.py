"""The OpenAPI document: what APIFlask makes of the calls' declarations, completed from the marks that say how they behave.

A call declares its shapes, its own errors and a summary. What follows from its decorators is written here, so that it can't be
forgotten or go stale: credentials (auth.needs), the errors that any such call may answer, headers, Idempotency-Key
(repeating.once), multipart forms (receiving.form).
"""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIFlask
from flask import current_app
from werkzeug.routing import Rule

from textor.api import auth, document_parts, examples
from textor.api.document_parts import EMPTY, GENERATED, Part
from textor.api.receiving import FORM_MARK
from textor.api.repeating import ONCE_MARK
from textor.routing import ACCESS_MARK

VARIABLE = re.compile(r"<(?:(\w+)(?:\(([^)]*)\))?:)?(\w+)>")
"""In a route: its kind, what it is told, its name."""
PASSES: dict[str, Part] = {
    "uuid": {"format": "uuid", "examples": [examples.UUID]},
    "int": {"minimum": 0, "maximum": 2**31 - 1},
}
ABOUT = """Upload recordings, read transcripts. Every address works with and without its trailing slash.

**Who is calling**: an API key as `Authorization: Bearer tx_...`; made on the account page, by `POST /api/auth/login` or by
`flask --app wsgi apikey create`. Guests may upload, too, where this is allowed: the answer has a `guest_token`.

**Errors** are `{"error": "a sentence", "details": ...}`; below `/api/v1` with `detail` beside them, below `/v1` as OpenAI's.

**Quotas** count what creates work, by the day. `X-RateLimit-*` say how they stand.

**Live**: a WebSocket at `/api/transcribe/live/{job_id}` tells how a transcription stands and each segment as it is heard."""
SHAPES = "#/components/schemas/"
LICENSE = {"name": "MIT", "identifier": "MIT"}
TAGS = {
    "Transcribe": "Recordings in, transcripts out.",
    "Retranslate": "One segment heard anew, by another model.",
    "Summary": "What was said, in fewer words.",
    "Chat": "Questions about transcripts, answered with the places where it was said.",
    "Twilio": "Recorded calls: listed, fetched, transcribed once.",
    "OpenAI-compatible": "OpenAI's audio API: official clients with `base_url` set to `/v1` here.",
    "Accounts": "Logging in and out, registering, who am I.",
    "Image prompts": "Recordings and texts become prompts for image generators, scene by scene.",
    "Webhooks out": "What Textor tells others, and whether it arrived.",
    "Webhooks in": "What others tell Textor.",
    "Service": "How the service is.",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A route of the document, and how it is marked."""

    path: str
    method: str
    rule: Rule
    view: Any

    @property
    def access(self) -> str:
        return str(getattr(self.view, ACCESS_MARK, "public"))

    @property
    def is_once(self) -> bool:
        return bool(getattr(self.view, ONCE_MARK, False))

    @property
    def form(self) -> Any:
        return getattr(self.view, FORM_MARK, None)


def prepare(app: APIFlask) -> None:
    """Complete the document whenever it is made."""
    app.description = ABOUT
    app.spec_processor(complete)


def complete(spec: Part | str) -> Part | str:
    """APIFlask's document with all that the marks say. The same code gives the same document."""
    if isinstance(spec, str):
        raise TypeError("Textor's document is JSON.")
    calls = {(call.path, call.method): call for call in _calls()}
    shapes = spec.setdefault("components", {}).setdefault("schemas", {})
    for name in list(shapes):
        shapes[name] = _pointing(shapes[name], name.partition(".")[0])
    shapes |= document_parts.error_shapes()
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            _complete(operation, calls[path, method], shapes)
    for name in GENERATED:
        shapes.pop(name, None)
    spec["components"] |= {
        "securitySchemes": document_parts.schemes(current_app.config["SESSION_COOKIE_NAME"]),
        "headers": document_parts.headers(),
    }
    spec["info"]["license"] = LICENSE
    names = dict.fromkeys(tag["name"] for tag in spec.get("tags", ()))
    spec["tags"] = [{"name": name} | ({"description": TAGS[name]} if name in TAGS else {}) for name in names]
    spec["paths"] = dict(sorted(spec["paths"].items(), key=lambda one: (_room(one[1], list(names)), one[0])))
    return spec


def _pointing(schema: Any, owner: str) -> Any:
    """Of two classes of one name APIFlask calls the second `Name1`, while its parts go on to point at the parts of the first."""
    if isinstance(schema, dict):
        return {name: _pointing(value, owner) for name, value in schema.items()}
    if isinstance(schema, list):
        return [_pointing(value, owner) for value in schema]
    first = f"{SHAPES}{owner.rstrip(string.digits)}."
    if isinstance(schema, str) and schema.startswith(first):
        return f"{SHAPES}{owner}.{schema.removeprefix(first)}"
    return schema


def _calls() -> Iterator[Call]:
    for rule in current_app.url_map.iter_rules():
        path = re.sub(r"<([^<:]+:)?", "{", rule.rule).replace(">", "}")  # as APIFlask writes it
        for method in rule.methods or ():
            yield Call(path, method.lower(), rule, current_app.view_functions[rule.endpoint])


def _room(operations: Mapping[str, Part], names: list[str]) -> int:
    tags = next(iter(operations.values())).get("tags") or [""]
    return names.index(tags[0]) if tags[0] in names else len(names)


def _complete(operation: Part, call: Call, shapes: Part) -> None:
    operation["operationId"] = f"{call.rule.endpoint.replace('.', '_')}_{call.method}"
    operation["security"] = document_parts.credentials(call.access, is_safe=call.method.upper() in auth.SAFE_METHODS)
    for parameter in operation["parameters"]:
        is_in_path = parameter["in"] == "path"
        narrowed = parameter["schema"] | _narrowed(call.rule.rule, parameter["name"]) if is_in_path else None
        parameter["schema"] = narrowed or document_parts.without_null(parameter["schema"])
    if call.is_once:
        operation["parameters"].append(document_parts.idempotency_key())
    if call.form:
        operation["requestBody"] = {"required": True, "content": document_parts.form(call.form)}
    elif body := operation.get("requestBody"):
        _complete_body(body, shapes)
    _complete_answers(operation, call, shapes)


def _narrowed(rule: str, name: str) -> Part:
    """What the route lets pass."""
    kind, choices = next((kind, choices) for kind, choices, found in VARIABLE.findall(rule) if found == name)
    if kind == "any":
        return {"enum": sorted(choice.strip() for choice in choices.split(","))}
    return PASSES.get(kind, {"minLength": 1})


def _complete_body(body: Part, shapes: Part) -> None:
    """Where nothing has to be said, nothing at all will do, and so will null."""
    needed = any(_is_needed(examples.resolved(content["schema"], shapes)) for content in body["content"].values())
    body["required"] = needed
    for kind, content in body["content"].items():
        content.setdefault("example", examples.request(content["schema"], shapes))
        if kind == "application/json" and not needed:
            content["schema"] = {"anyOf": [content["schema"], {"type": "null"}]}


def _is_needed(schema: examples.Schema) -> bool:
    return "required" in schema or schema.get("type") == "array"


def _complete_answers(operation: Part, call: Call, shapes: Part) -> None:
    answers: Part = operation["responses"]
    for status in _refusals(operation, call):
        answers.setdefault(status, document_parts.refusal(call.path, status))
    for status, answer in answers.items():
        _complete_answer(answer, status, call, shapes)
    operation["responses"] = dict(sorted(answers.items()))


def _complete_answer(answer: Part, status: str, call: Call, shapes: Part) -> None:
    if status in EMPTY:
        answer.pop("content", None)
    elif status >= "400" and _is_plain(answer):
        answer.update(document_parts.refusal(call.path, status, answer["description"]))
    elif status < "400" and (content := answer.get("content", {}).get("application/json")):
        content.setdefault("example", examples.of(content["schema"], shapes))
    answer["headers"] = document_parts.told(call.path, status, is_once=call.is_once) | answer.get("headers", {})


def _refusals(operation: Part, call: Call) -> Iterator[str]:
    """What any such call may answer."""
    has_body = "requestBody" in operation
    if has_body or any(parameter["in"] != "path" for parameter in operation["parameters"]):
        yield "400"
    if operation["security"]:
        yield from ("401", "403")
    if call.rule.arguments:
        yield "404"
    if has_body:
        yield "413"
    yield from ("429", "503")


def _is_plain(answer: Part) -> bool:
    """Whether it is an error in the shape of its family, which is written here for all."""
    schema: Part = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith(GENERATED) or schema.get("title") == "FaultsOut"
