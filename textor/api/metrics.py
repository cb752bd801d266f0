"""Figures for Prometheus: for whoever has METRICS_TOKEN, or asks from this machine."""

import hmac
import ipaddress
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from textor import bootstrap
from textor.errors import NotAuthenticated
from textor.features import measures
from textor.routing import READ_LIMIT, address, limited, proven

MISSING = "Figures are for this machine, and for whoever has METRICS_TOKEN: Authorization: Bearer."
TEXT: dict[str, Any] = {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
ANSWERS: dict[int, Any] = {200: TEXT, 401: "Neither the token nor this machine."}
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")

calls = APIBlueprint("metrics", __name__, tag="Service")


@calls.get("/metrics")
@proven
@limited(READ_LIMIT, by=address)
@calls.doc(
    summary="Figures for Prometheus",
    description="Wants METRICS_TOKEN as a bearer token, but from this machine.",
    responses=ANSWERS,
)
def figures() -> Response:
    if not (_has_token() or _is_here()):
        raise NotAuthenticated(MISSING)
    return Response(measures.exposition(bootstrap.tools()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_token() -> bool:
    token = bootstrap.tools().settings.metrics_token
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return bool(token) and hmac.compare_digest(token.encode(), shown.encode("utf-8", "replace"))


def _is_here() -> bool:
    """What came through a proxy on this machine comes from elsewhere."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(address()).is_loopback
    except ValueError:
        return False
