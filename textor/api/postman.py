"""The OpenAPI document as a collection for Postman (format 2.1) and what reads such: a folder per tag, a request per call."""

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from textor.api import examples

Part = dict[str, Any]

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
JSON = "application/json"
FORMS = {"multipart/form-data": "formdata", "application/x-www-form-urlencoded": "urlencoded"}


def collection(document: Mapping[str, Any]) -> Part:
    """All calls, with the variables `baseUrl` and `apiKey`. The same document gives the same collection."""
    info = document["info"]
    return {
        "info": {
            "_postman_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{info['title']} {info['version']}")),
            "name": info["title"],
            "version": info["version"],
            "description": info.get("description", ""),
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{apiKey}}", "type": "string"}]},
        "variable": [
            {"key": "baseUrl", "value": "http://127.0.0.1:8000", "type": "string"},
            {"key": "apiKey", "value": "", "type": "string"},
        ],
        "item": [_folder(document, tag) for tag in document["tags"]],
    }


def _folder(document: Mapping[str, Any], tag: Mapping[str, str]) -> Part:
    shapes = document["components"]["schemas"]
    calls = [
        _call(path, method, operation, shapes)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if tag["name"] in operation.get("tags", ())
    ]
    return {"name": tag["name"], "description": tag.get("description", ""), "item": calls}


def _call(path: str, method: str, operation: Mapping[str, Any], shapes: Part) -> Part:
    request: Part = {
        "method": method.upper(),
        "header": [_field(one, shapes) for one in _placed(operation, "header")],
        "url": _url(path, operation, shapes),
        "description": operation.get("description", ""),
    }
    if not operation["security"]:
        request["auth"] = {"type": "noauth"}
    contents = operation.get("requestBody", {}).get("content", {})
    if contents:
        kind = JSON if JSON in contents else next(iter(contents))
        request["body"] = _body(kind, contents[kind], shapes)
        request["header"] += [{"key": "Content-Type", "value": JSON}] if kind == JSON else []
    return {"name": operation["summary"], "request": request, "response": []}


def _url(path: str, operation: Mapping[str, Any], shapes: Part) -> Part:
    parts = [f":{part[1:-1]}" if part.startswith("{") else part for part in path.strip("/").split("/")]
    ends = [""] if path.endswith("/") else []
    return {
        "raw": "/".join(["{{baseUrl}}", *parts, *ends]),
        "host": ["{{baseUrl}}"],
        "path": [*parts, *ends],
        "query": [_field(one, shapes) for one in _placed(operation, "query")],
        "variable": [{"key": one["name"], "value": _text(one, shapes)} for one in _placed(operation, "path")],
    }


def _placed(operation: Mapping[str, Any], place: str) -> Iterator[Part]:
    return (one for one in operation.get("parameters", ()) if one["in"] == place)


def _field(parameter: Part, shapes: Part) -> Part:
    """Switched off where it may be left out: Postman would send it."""
    told = parameter.get("description") or parameter["schema"].get("description", "")
    return _switched(
        {"key": parameter["name"], "value": _text(parameter, shapes), "description": told}, parameter.get("required")
    )


def _switched(field: Part, is_needed: object) -> Part:
    return field if is_needed else field | {"disabled": True}


def _text(parameter: Part, shapes: Part) -> str:
    found = examples.of(parameter["schema"], shapes, parameter["name"])
    return found if isinstance(found, str) else json.dumps(found)


def _body(kind: str, content: Part, shapes: Part) -> Part:
    if kind not in FORMS:
        said = json.dumps(content.get("example", {}), indent=2, ensure_ascii=False)
        return {"mode": "raw", "raw": said, "options": {"raw": {"language": "json"}}}
    schema = examples.resolved(content["schema"], shapes)
    needed = schema.get("required", ())
    fields = schema.get("properties", {}).items()
    return {"mode": FORMS[kind], FORMS[kind]: [_form_field(name, one, shapes, name in needed) for name, one in fields]}


def _form_field(name: str, schema: Part, shapes: Part, is_needed: bool) -> Part:
    if schema.get("format") == "binary":
        return {"key": name, "type": "file", "src": [], "description": schema.get("description", "")}
    value = _text({"name": name, "schema": schema}, shapes)
    return _switched({"key": name, "type": "text", "value": value, "description": schema.get("description", "")}, is_needed)
