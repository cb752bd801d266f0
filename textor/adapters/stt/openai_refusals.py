"""What OpenAI and its kin say when they say no, told as sentences of ours."""

import math
import re
from typing import TYPE_CHECKING

from textor.adapters import openai_sdk
from textor.errors import EngineError, TooLong

if TYPE_CHECKING:
    import httpx2

BUSY_SECONDS = 15.0
NOT_THE_FORMAT = re.compile(r"response[_ ]format|verbose_json|diarized_json", re.IGNORECASE)
NOT_THE_TIMES = re.compile(r"timestamp", re.IGNORECASE)
TOO_SHORT = re.compile(r"too short|shorter than", re.IGNORECASE)
TOO_LONG = re.compile(r"longer than|too long", re.IGNORECASE)
LONGEST = re.compile(r"longer than (\d{1,6}(?:\.\d+)?) ?s", re.IGNORECASE)
TOO_LARGE = re.compile(r"content size limit|too large|maximum file ?size", re.IGNORECASE)
UNREADABLE = re.compile(
    r"(?:invalid|unsupported|unrecogni[sz]ed) (?:audio )?(?:file|format|media)|could not (?:be decoded|decode)|corrupted|"
    r"format is not supported",
    re.IGNORECASE,
)


class Refused(EngineError):
    """The host says no. `to_times` and `to_format`: to the way in which it was asked, not to the recording; it has heard nothing.
    `to_address`: it knows no such page."""

    to_times = False
    to_format = False
    to_address = False

    def __init__(self, message: str, *, retryable: bool = False, retry_after: float | None = None) -> None:
        super().__init__(sentence(message), retryable=retryable, retry_after=retry_after)


def sentence(text: str) -> str:
    """`who` may be "the ... server" and begin it."""
    return text[:1].upper() + text[1:]


def misunderstood(who: str, *, retryable: bool = False) -> EngineError:
    """For an answer of another shape than agreed. It has been paid for, and the next would be alike."""
    return EngineError(sentence(f"{who} gave an answer that Textor does not understand."), retryable=retryable)


def refused(who: str, response: "httpx2.Response", body: object) -> EngineError:
    """What a status of 3xx to 5xx means. `body` is the SDK's: the error itself where it comes in the usual wrapping."""
    status, said, code = response.status_code, openai_sdk.said(body), openai_sdk.code(body)
    of_the_account = _of_the_account(who, status, said, code)
    if of_the_account:
        return of_the_account
    if status in {404, 405} or 300 <= status < 400:
        return _of_the_address(who)
    if status in {408, 409, 429} or status >= 500:
        return _for_now(who, response)
    return _of_the_recording(who, status, said)


def _of_the_account(who: str, status: int, said: str, code: str) -> Refused | None:
    if openai_sdk.is_unpaid(status, said, code):
        return Refused(f"The account at {who} has no credit left. Ask the operator to top it up.")
    if code == "unsupported_country_region_territory":
        return Refused(f"{who} takes no requests from the country that this Textor runs in.")
    if code == "model_not_found" or (status == 404 and "model" in said.lower()):
        advice = "Choose another one, or ask the operator to check OPENAI_TRANSCRIBE_MODEL."
        return Refused(f"{who} does not have this model, or not for this key. {advice}")
    if status in {401, 403}:
        return Refused(f"The key for {who} was refused. Ask the operator to check OPENAI_API_KEY.")
    return None


def _of_the_address(who: str) -> Refused:
    error = Refused(f"{who} has nothing at this address. Ask the operator to check OPENAI_BASE_URL.")
    error.to_address = True
    return error


def _for_now(who: str, response: "httpx2.Response") -> Refused:
    status, pause = response.status_code, openai_sdk.retry_after(response.headers)
    if status == 429:
        pause = BUSY_SECONDS if pause is None else pause
        return Refused(f"{who} takes no more requests for the moment.", retryable=True, retry_after=pause)
    return Refused(f"{who} is out of order for the moment (its answer was {status}).", retryable=True, retry_after=pause)


def _of_the_recording(who: str, status: int, said: str) -> EngineError:
    error = Refused(f"{who} refused this recording: {said or f'its answer was {status}'}.")
    error.to_times = status in {400, 422} and bool(NOT_THE_TIMES.search(said))
    error.to_format = status in {400, 422} and not error.to_times and bool(NOT_THE_FORMAT.search(said))
    if error.to_times or error.to_format:
        return error
    if status == 413 or TOO_LARGE.search(said):
        return TooLong(f"The recording is too large for {who}.", seconds=math.inf)
    if TOO_SHORT.search(said):
        return Refused(f"The recording is too short for {who}.")
    if TOO_LONG.search(said):
        longest = LONGEST.search(said)
        return TooLong(f"The recording is too long for {who}.", seconds=float(longest[1]) if longest else math.inf)
    if UNREADABLE.search(said):
        return Refused(f"{who} can't read this recording: its format is unknown there, or it is damaged.")
    return error
