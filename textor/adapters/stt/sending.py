"""How engines without an SDK ask their providers: one request, and what came of it."""

from typing import Any

from textor.adapters.http_client import Answer, HttpClient
from textor.adapters.stt.port import Engine
from textor.errors import EngineError, Unreachable


def sent(engine: Engine, http: HttpClient, method: str, path: str, **request: Any) -> Answer:
    """The answer, whatever its status; `request` as in HttpClient.send. Raises EngineError where the engine isn't set up or
    nobody answers."""
    state = engine.availability()
    if state.reason:
        raise EngineError(state.reason)
    try:
        return http.send(method, path, **request)
    except Unreachable as error:
        raise EngineError(error.message, retryable=True) from error
