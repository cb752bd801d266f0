"""What adapters of hosts that speak OpenAI's language share: the official SDK set up for one of them, and how its errors read.

The SDK is loaded on use: it takes a second.
"""

import json
import os
import re
import ssl
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from textor.adapters.http_client import Answer

if TYPE_CHECKING:
    from openai import OpenAI

Trouble = Literal["certificate", "address", "late", "away"]
"""Why no answer came: the host is not who it says, what was set is no address, too slow, not there."""

OWN_HOST = "api.openai.com"  # regions have names before it
CONNECT_SECONDS = 10.0
SEND_SECONDS = 60.0
"""For each piece that is sent."""
NO_KEY = "none-is-needed"
"""A host of one's own may ask for none; the SDK insists on something."""
LONGEST_REASON = 200
NO_CREDIT_CODES = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_limit_user_error",
    "billing_not_active",
    "insufficient_credits",
}
NO_CREDIT = re.compile(r"current quota|billing|insufficient (?:credit|balance|quota|fund)", re.IGNORECASE)


def is_own(base_url: str) -> bool:
    """Whether an address is OpenAI's, and no compatible host's."""
    host = urlsplit(base_url).hostname or ""
    return host == OWN_HOST or host.endswith(f".{OWN_HOST}")


@dataclass
class Host:
    """One host and the key to it. One client for each process, shared by its threads: a fork must not share connections.
    `hear_seconds`: how long it may keep silent."""

    key: str = field(repr=False)
    base_url: str
    hear_seconds: float
    _clients: dict[int, "OpenAI"] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        weakref.finalize(self, _close, self._clients)

    def client(self) -> "OpenAI":
        """Raises httpx2.InvalidURL where the address is none."""
        known = self._clients.get(os.getpid())
        return known or self._clients.setdefault(os.getpid(), self._connected())

    def without_key(self, body: object) -> object:
        """Some servers repeat the key that they refuse."""
        return json.loads(json.dumps(body).replace(self.key, "")) if self.key else body

    def _connected(self) -> "OpenAI":
        """No redirects: what is sent goes to the host that the operator named. No repeats: the queue decides about those."""
        import httpx2  # noqa: PLC0415 - comes with the SDK
        import openai  # noqa: PLC0415 - on use

        patience = httpx2.Timeout(self.hear_seconds, connect=CONNECT_SECONDS, write=SEND_SECONDS, pool=CONNECT_SECONDS)
        return openai.OpenAI(
            api_key=self.key or NO_KEY,
            base_url=self.base_url,
            timeout=patience,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(timeout=patience, follow_redirects=False),
        )


def trouble(error: Exception) -> Trouble:
    """What kept an answer from coming."""
    import httpx2  # noqa: PLC0415 - comes with the SDK

    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "certificate"
    if any(isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL) for cause in causes):
        return "address"
    return "late" if any(isinstance(cause, httpx2.TimeoutException) for cause in causes) else "away"


def code(body: object) -> str:
    """`code` of an error, or `type` where there is none: "insufficient_quota" may stand in either."""
    if not isinstance(body, Mapping):
        return ""
    return str(body.get("code") or body.get("type") or body.get("errorCode") or "").lower()


def said(body: object) -> str:
    """The host's own words, fit for a sentence of ours: one line without addresses or keys. A proxy's page has none."""
    text = _message(body)
    if "<" in text and ">" in text:
        return ""
    text = re.sub(r"https?://\S+|\b(?:sk|gsk)-\S+", "", text)
    return " ".join(text.split())[:LONGEST_REASON].rstrip(" .,:")


def is_unpaid(status: int, words: str, of_code: str) -> bool:
    """Whether there is no money left. OpenAI says 429 for that and for "too many", and may speak of billing in both."""
    is_said = status in {400, 403, 429} and of_code != "rate_limit_exceeded" and bool(NO_CREDIT.search(words))
    return status == 402 or of_code in NO_CREDIT_CODES or is_said


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the host wants to be asked again; OpenAI also tells them in thousandths."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            return max(0.0, float(headers.get(name, "")) / unit)
        except ValueError:
            continue
    return Answer(0, headers, b"").retry_after


def _message(body: object) -> str:
    """OpenAI says `message`, FastAPI `detail`, which may be a list of what is wrong with each field."""
    if isinstance(body, Mapping):
        found = body.get("message") or body.get("detail") or body.get("error") or ""
        return _message(found)
    if isinstance(body, list):
        return "; ".join(f"{one.get('msg')} ({_field(one)})" for one in body if isinstance(one, Mapping) and one.get("msg"))
    return body if isinstance(body, str) else ""


def _field(fault: Mapping[str, Any]) -> str:
    place = fault.get("loc")
    return str(place[-1]) if isinstance(place, list) and place else "request"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _close(clients: dict[int, "OpenAI"]) -> None:
    """At the end of the adapter or its process. What a forked child has inherited is its parent's."""
    client = clients.pop(os.getpid(), None)
    if client is not None:
        client.close()
