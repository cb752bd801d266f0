"""Examples for the OpenAPI document and for what is made of it: values that fit a schema, the same each time."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

DEEPEST = 8
UUID = "0b6a3c0e-4b54-4d0a-9a35-3d1c0b6f4e52"
TEXTS = {"uuid": UUID, "date-time": "2026-01-31T12:00:00Z", "uri": "https://textor.example/", "password": "Correct-Horse-1"}
"""By format."""
NAMED = {
    "text": "Good morning, everybody.",
    "title": "Monday's meeting",
    "speaker": "Speaker 1",
    "engine": "whisper",
    "model": "base",
    "url": "https://textor.example/",
    "id": UUID,
    "at": "2026-01-31T12:00:00Z",
    "message": "Transcription completed",
    "error": "There is nothing at this address.",
    "password": TEXTS["password"],
}
"""By the last word of a field's name."""


def of(schema: Schema, components: Schema, name: str = "", depth: int = 0) -> Any:
    """A value that fits `schema`; `components` are what it refers to."""
    schema = resolved(schema, components)
    for known in ("example", "const"):
        if known in schema:
            return schema[known]
    for several in ("examples", "enum"):
        if schema.get(several):
            return schema[several][0]
    if "default" in schema:
        return schema["default"]
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return of(schema[choice][0], components, name, depth + 1)
    return _by_type(schema, components, name, depth)


def request(schema: Schema, components: Schema) -> Any:
    """What a caller would send: what is required, and what has an example."""
    schema = resolved(schema, components)
    if schema.get("type") == "array":
        return of(schema, components)
    required = schema.get("required", ())
    fields = schema.get("properties", {}).items()
    return {name: of(field, components, name) for name, field in fields if name in required or _is_telling(field)}


def resolved(schema: Schema, components: Schema) -> Schema:
    """What a reference means; anything else as it is."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _is_telling(field: Schema) -> bool:
    return any(field.get("examples", ())) or field.get("format") == "password"


def _by_type(schema: Schema, components: Schema, name: str, depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object" and depth < DEEPEST:
        return {field: of(inner, components, field, depth + 1) for field, inner in schema.get("properties", {}).items()}
    if kind == "array" and depth < DEEPEST:
        return [of(schema.get("items", {}), components, name.removesuffix("s"), depth + 1)]
    if kind in {"integer", "number"}:
        return schema.get("minimum", 0)
    plain: dict[Any, Any] = {"object": {}, "array": [], "boolean": False, "string": _text(schema, name)}
    return plain.get(kind)


def _text(schema: Schema, name: str) -> str:
    return TEXTS.get(schema.get("format", "")) or NAMED.get(name.rsplit("_", 1)[-1], "string")
