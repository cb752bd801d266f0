"""What OpenAI and its kin say when they write nothing, told as sentences of ours."""

import re
from typing import TYPE_CHECKING, Any

from textor.adapters import openai_sdk
from textor.errors import TextModelError

if TYPE_CHECKING:
    import httpx2

BUSY_SECONDS = 15.0
TOO_MUCH_CODES = {"context_length_exceeded", "string_above_max_length"}
TOO_MUCH = re.compile(r"context (?:length|window|size)|maximum context|too many tokens|prompt is too long", re.IGNORECASE)
TOO_MUCH_AT_ONCE = re.compile(r"request too large", re.IGNORECASE)
FILTERED = re.compile(r"content[_ ](?:filter|policy|management)|safety system|moderation", re.IGNORECASE)


class Refused(TextModelError):
    """The host says no to the way in which it was asked: `parameter` is what it does not take. It has read nothing."""

    def __init__(self, message: str, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def sentence(text: str) -> str:
    """`who` may be "the ... server" and begin it."""
    return text[:1].upper() + text[1:]


def final(text: str) -> TextModelError:
    """It would end in the same way once more."""
    return TextModelError(sentence(text))


def passing(text: str, retry_after: float | None = None) -> TextModelError:
    """It may be over when it is tried again."""
    return TextModelError(sentence(text), retryable=True, retry_after=retry_after)


def misunderstood(who: str) -> TextModelError:
    """A page in the place of an answer: a proxy's, most likely."""
    return passing(f"{who} gave an answer that Textor does not understand.")


def declined(who: str, reason: str) -> TextModelError:
    """The model wants to say nothing on this."""
    told = openai_sdk.said(reason)
    return final(f"{who}'s model refused to answer{f': {told}' if told else ''}.")


def filtered(who: str) -> TextModelError:
    return final(f"{who} stopped the answer: its content filter does not let it pass.")


def unreachable(who: str, error: Exception) -> TextModelError:
    match openai_sdk.trouble(error):
        case "certificate":
            return passing(f"{who}'s certificate could not be verified.")
        case "address":
            return final("TEXT_BASE_URL (or OPENAI_BASE_URL) is no address. Ask the operator to correct it.")
        case "late":
            return passing(f"{who} did not answer in time.")
        case _:
            return passing(f"{who} could not be reached.")


def within(who: str, body: object) -> TextModelError:
    """An error in the midst of an answer."""
    said, code = openai_sdk.said(body), openai_sdk.code(body)
    if openai_sdk.is_unpaid(400, said, code):
        return _unpaid(who)
    if FILTERED.search(f"{code} {said}"):
        return filtered(who)
    return passing(f"{who} broke off its answer{f': {said}' if said else ''}.")


def refused(who: str, response: "httpx2.Response", body: object, sent: dict[str, Any]) -> TextModelError:
    """What a status of 3xx to 5xx means. `body` is the SDK's: the error itself where it comes in the usual wrapping; `sent`:
    the parameters that it may be about."""
    status, said, code = response.status_code, openai_sdk.said(body), openai_sdk.code(body)
    of_the_account = _of_the_account(who, status, said, code)
    if of_the_account:
        return of_the_account
    if status in {404, 405} or 300 <= status < 400:
        return final(f"{who} has nothing at this address. Ask the operator to check TEXT_BASE_URL (or OPENAI_BASE_URL).")
    if status in {408, 409, 429} or status >= 500:
        return _for_now(who, response, said)
    return _of_the_request(who, status, said, code, _parameter(body, sent))


def _of_the_account(who: str, status: int, said: str, code: str) -> TextModelError | None:
    if openai_sdk.is_unpaid(status, said, code):
        return _unpaid(who)
    if code == "unsupported_country_region_territory":
        return final(f"{who} takes no requests from the country that this Textor runs in.")
    if code == "model_not_found" or (status == 404 and "model" in said.lower()):
        advice = "Choose another one, or ask the operator to check TEXT_MODEL."
        return final(f"{who} does not have this model, or not for this key. {advice}")
    if status in {401, 403}:
        return final(f"The key for {who} was refused. Ask the operator to check TEXT_API_KEY (or OPENAI_API_KEY).")
    return None


def _unpaid(who: str) -> TextModelError:
    return final(f"The account at {who} has no credit left. Ask the operator to top it up.")


def _for_now(who: str, response: "httpx2.Response", said: str) -> TextModelError:
    status, pause = response.status_code, openai_sdk.retry_after(response.headers)
    if status == 429 and TOO_MUCH_AT_ONCE.search(said):
        return _too_much(who)
    if status == 429:
        return passing(f"{who} takes no more requests for the moment.", BUSY_SECONDS if pause is None else pause)
    return passing(f"{who} is out of order for the moment (its answer was {status}).", pause)


def _of_the_request(who: str, status: int, said: str, code: str, parameter: str) -> TextModelError:
    if status == 413 or code in TOO_MUCH_CODES or TOO_MUCH.search(said):
        return _too_much(who)
    if FILTERED.search(f"{code} {said}"):
        return filtered(who)
    message = f"{who} refused this request: {said or f'its answer was {status}'}."
    return Refused(sentence(message), parameter) if parameter else final(message)


def _too_much(who: str) -> TextModelError:
    return final(f"This is more than {who} reads in one call. Ask the operator to set TEXT_WINDOW_TOKENS to what it takes.")


def _parameter(body: object, sent: dict[str, Any]) -> str:
    """Which of the parameters the host is not content with: the one it names, else the first that its words have in them."""
    named = str(body.get("param") or "") if isinstance(body, dict) else ""
    if named.split(".")[0] in sent:
        return named.split(".")[0]
    words = openai_sdk.said(body)
    places = {name: place for name in sent if (place := _place(name, words)) >= 0}
    return min(places, key=lambda name: places[name], default="")


def _place(name: str, words: str) -> int:
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", words, re.IGNORECASE)
    kin = re.search(r"json_schema|json_object|structured output", words, re.IGNORECASE) if name == "response_format" else None
    return min((one.start() for one in (found, kin) if one), default=-1)
