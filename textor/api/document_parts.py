"""What calls of the OpenAPI document share: credentials, headers, errors, a multipart form."""

from typing import Any

from pydantic import BaseModel

from textor.api import auth, errors, examples, repeating
from textor.api.schemas.openai_compatible import FaultsOut
from textor.api.schemas.service import DetailedErrorOut, ErrorOut
from textor.features.accounts.repeats import LONGEST_KEY

Part = dict[str, Any]

BEARER, HEADER, ARGUMENT = "bearer", "keyHeader", "keyArgument"
SESSION, CSRF, GUEST_TOKEN, GUEST_COOKIE = "session", "csrf", "guestToken", "guestCookie"
REFUSALS = {
    400: "Something in the request can't be used. `details` says what, by field, where that is known.",
    401: "Credentials are missing, or not good: unknown, expired or revoked.",
    403: "The caller is known and may not do this: the key or the account lacks the scope.",
    404: "There is no such thing, or it is somebody else's.",
    413: "The request is too large.",
    429: "The day's quota is used up, or there were too many requests in a short time.",
    503: "Something that Textor depends on is away.",
}
EMPTY = {"204", "205", "304"}
GENERATED = ("HTTPError", "ValidationError")
"""APIFlask's names for the shape of any error."""
FILE = {
    "type": "string",
    "format": "binary",
    "contentMediaType": "application/octet-stream",
    "description": "Audio or video, judged by its content: mp3, wav, m4a, aac, ogg, opus, flac, webm, aiff, mp4, mov, mkv...",
}
RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def schemes(session_cookie: str) -> Part:
    """Every way to say who is calling."""
    return {
        BEARER: _scheme("An API key (`tx_...`), or the access token of a login. `Token` is understood like `Bearer`."),
        HEADER: _place("header", auth.KEY_HEADER, "An API key."),
        ARGUMENT: _place("query", auth.KEY_ARGUMENT, "An API key, for clients that can't send headers. Logs don't show it."),
        SESSION: _place("cookie", session_cookie, "Somebody who is logged in on the pages."),
        CSRF: _place("header", "X-CSRFToken", "Beside the session, where a call changes something: the page's token."),
        GUEST_TOKEN: _place("header", auth.GUEST_HEADER, "A guest: the `guest_token` of the first upload."),
        GUEST_COOKIE: _place("cookie", auth.GUEST_COOKIE, "A guest's own browser."),
    }


def credentials(access: str, *, is_safe: bool) -> list[Part]:
    """The ways to call a view that is marked so (textor/routing.py); `{}`: or with nothing."""
    kind, _, scope = access.partition(":")
    if kind not in {"user", "guest"}:
        return []
    roles = [] if scope == auth.ANY else [scope]
    session: Part = {SESSION: roles} if is_safe else {SESSION: roles, CSRF: []}
    users = [{BEARER: roles}, {HEADER: roles}, {ARGUMENT: roles}, session]
    return [*users, {GUEST_TOKEN: []}, {GUEST_COOKIE: []}, {}] if kind == "guest" else users


def headers() -> Part:
    """What answers carry."""
    return {
        "X-Request-ID": _header("string", "The client's own, if it sent a sane one, or a new one."),
        "X-Process-Time-Ms": _header("number", "How long the answer took, in milliseconds."),
        "X-RateLimit-Limit": _header("integer", "The quota: how much work may be created."),
        "X-RateLimit-Remaining": _header("integer", "The quota: how much of it is left."),
        "X-RateLimit-Reset": _header("integer", "The quota: when it begins anew, in epoch seconds."),
        "Retry-After": _header("integer", "When to try again, in seconds.") | {"required": True},
        "WWW-Authenticate": _header("string", "Which credentials are understood."),
        repeating.REPLAYED: _header("string", "`true`: the answer to the first request with this Idempotency-Key."),
    }


def told(path: str, status: str, *, is_once: bool) -> Part:
    """The headers of an answer."""
    names = ["X-Request-ID", "X-Process-Time-Ms"]
    if path.startswith(("/api", "/v1")) and status < "500":
        names += RATE_HEADERS
    names += {"401": ["WWW-Authenticate"], "429": ["Retry-After"], "503": ["Retry-After"]}.get(status, [])
    names += [repeating.REPLAYED] if is_once and status.startswith("2") else []
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def refusal(path: str, status: str, sentence: str = "") -> Part:
    """An error as its family says it."""
    model = _family(path, int(status))
    content = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}, "example": _fault(model, int(status))}
    return {"description": sentence or REFUSALS[int(status)], "content": {"application/json": content}}


def error_shapes() -> Part:
    """The families' shapes, and what they are made of."""
    shapes: Part = {}
    for model in (ErrorOut, DetailedErrorOut, FaultsOut):
        shapes |= shape(model)
    return shapes


def shape(model: type[BaseModel]) -> Part:
    """A model as a component, with those it is made of."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), model.__name__: schema}


def form(model: type[BaseModel]) -> Part:
    """What a call takes that reads multipart/form-data of this model with a file (textor/api/receiving.py: form)."""
    schema = shape(model)[model.__name__]
    fields = {name: _unfilled(without_null(field)) for name, field in schema.get("properties", {}).items()}
    name = getattr(model, "FILE_FIELD", "file")
    needed = [*(() if hasattr(model, "FILE_FIELD") else (name,)), *schema.get("required", [])]
    taken = schema | {"properties": {name: FILE, **fields}, "required": needed}
    content: Part = {"multipart/form-data": {"schema": taken}}
    if getattr(model, "TAKES_JSON", False):
        content["application/json"] = {"schema": schema, "example": examples.request(schema, {})}
    return content


def without_null(schema: Part) -> Part:
    """What is left out has no value; nobody can send null in a query or a form."""
    choices: list[Part] = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return schema
    return {name: value for name, value in schema.items() if name not in {"anyOf", "default"}} | choices[0]


def idempotency_key() -> Part:
    """The parameter of calls that create work once."""
    return {
        "in": "header",
        "name": repeating.HEADER,
        "required": False,
        "description": "The same request with the same key, within 24 hours, gets the first one's answer: it creates work once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    }


def _fault(model: type[BaseModel], status: int) -> Part:
    said = errors.SENTENCES.get(status, "What happened, and what to do about it.")
    if model is FaultsOut:
        return {
            "error": {"message": said, "type": errors.KINDS.get(status, "invalid_request_error"), "param": None, "code": None}
        }
    return {"error": said, "details": None} | ({"detail": said} if model is DetailedErrorOut else {})


def _unfilled(field: Part) -> Part:
    """Pages that show the document fill examples in, and few recordings are in Persian."""
    return {name: value for name, value in field.items() if name != "examples"}


def _family(path: str, status: int) -> type[BaseModel]:
    if errors.is_openai(path):
        return FaultsOut
    return DetailedErrorOut if errors.has_detail(path, status) else ErrorOut


def _scheme(description: str) -> Part:
    return {"type": "http", "scheme": "bearer", "bearerFormat": "tx_... or JWT", "description": description}


def _place(place: str, name: str, description: str) -> Part:
    return {"type": "apiKey", "in": place, "name": name, "description": description}


def _header(kind: str, description: str) -> Part:
    return {"description": description, "schema": {"type": kind}}
