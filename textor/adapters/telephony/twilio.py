"""Twilio's recordings through the official SDK: listed, fetched, deleted; what it signs is checked.

Facts that the SDK leaves to its callers: its time-out is endless unless it is set; a filter by date is written without looking at
the zone; a failed page is an exception without a status; the sound is not part of it (see media). It honours proxies.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from textor.adapters.telephony.media import Media
from textor.domain import calls
from textor.domain.calls import CallRecording, Leg
from textor.errors import CallsError, NotFound
from textor.settings import Settings

if TYPE_CHECKING:
    from twilio.rest import Client

PAGE_SIZE = 100
MOST_PAGE_SIZE = 1000
SECONDS = 10.0
OWN_HOST = "api.twilio.com"
NOT_FOUND, TOO_MANY = 404, 429
SIGNATURE = "X-Twilio-Signature"
SIGNATURE_SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
LONGEST_SIGNATURE = 200

Answer = TypeVar("Answer")


@dataclass
class Twilio:
    """One Twilio account."""

    account_sid: str
    token: str = field(repr=False)
    base_url: str = f"https://{OWN_HOST}"
    seconds: float = SECONDS
    _client: Any = field(default=None, repr=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Twilio | None":
        """None where no account is set up."""
        if not settings.twilio_account_sid or not settings.twilio_auth_token:
            return None
        return cls(settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_base_url.rstrip("/"))

    @property
    def media(self) -> Media:
        """The sound of its recordings."""
        return Media(f"{self.base_url}/2010-04-01/Accounts/{self.account_sid}", (self.account_sid, self.token))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts whose addresses name recordings of this account."""
        own = urlsplit(self.base_url).hostname or ""
        return tuple(dict.fromkeys((OWN_HOST, own)))

    def recordings(
        self, after: datetime | None = None, before: datetime | None = None, page_size: int = PAGE_SIZE
    ) -> Iterator[CallRecording]:
        """Those created between the two moments (both included), newest first, a page of them with each request.

        There is no end to them but the account's: take what is needed. Raises CallsError.
        """
        bounds = {"date_created_after": _utc(after), "date_created_before": _utc(before)}
        given: dict[str, Any] = {name: moment for name, moment in bounds.items() if moment is not None}
        size = min(page_size, MOST_PAGE_SIZE)
        found = self._asked(lambda client: iter(client.recordings.stream(**given, page_size=size)))
        while (one := self._asked(lambda _client: next(found, None))) is not None:
            yield self._read(one)

    def recording(self, sid: str) -> CallRecording:
        """Raises NotFound, CallsError."""
        return self._read(self._asked(lambda client: client.recordings(sid).fetch()))

    def leg(self, call_sid: str) -> Leg:
        """Who called whom. Raises NotFound, CallsError."""
        call: Any = self._asked(lambda client: client.calls(call_sid).fetch())
        caller = call._from  # noqa: SLF001 - the SDK calls it so: `from` is no name in Python
        return Leg(str(caller or ""), str(call.to or ""), str(call.direction or ""))

    def delete(self, sid: str) -> None:
        """Gone there; what is gone already is no error. Raises CallsError."""
        try:
            self._asked(lambda client: client.recordings(sid).delete())
        except NotFound:
            return

    def sid_of(self, url: str) -> str | None:
        """The recording that an address of Twilio's names; None for any other address."""
        return calls.sid_of(url, self.hosts)

    def is_signed(self, url: str, form: Any, headers: Mapping[str, str]) -> bool:
        """Whether Twilio has sent this form to that address: `form` has `getlist`, since a field may come twice."""
        from twilio.request_validator import RequestValidator, get_signature_algorithm  # noqa: PLC0415 - on use

        signature = headers.get(SIGNATURE, "")
        if not signature or len(signature) > LONGEST_SIGNATURE:
            return False
        algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS))
        try:
            return bool(RequestValidator(self.token).validate(url, form, signature, algorithm))
        except (ValueError, UnicodeError):  # an address with a port that is none, letters that can't be signed
            return False

    def _asked(self, ask: Callable[["Client"], Answer]) -> Answer:
        from requests import RequestException  # noqa: PLC0415 - on use
        from twilio.base.exceptions import TwilioException  # noqa: PLC0415 - on use

        try:
            return ask(self._connected())
        except TwilioException as error:
            raise _told(error) from error
        except RequestException as error:
            raise CallsError("Twilio could not be reached, or did not answer in time.", retryable=True) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # an answer that is none, on which the SDK breaks
            raise CallsError("Twilio answered in a way that can't be read.", retryable=True) from error

    def _connected(self) -> "Client":
        from twilio.http.http_client import TwilioHttpClient  # noqa: PLC0415 - on use
        from twilio.rest import Client  # noqa: PLC0415 - on use

        if self._client is None:
            client = Client(self.account_sid, self.token, http_client=TwilioHttpClient(timeout=self.seconds))
            client.api.base_url = self.base_url
            self._client = client
        return cast("Client", self._client)

    def _read(self, one: Any) -> CallRecording:
        sid = str(one.sid or "")
        return CallRecording(
            sid=sid,
            account_sid=str(one.account_sid or ""),
            call_sid=str(one.call_sid or ""),
            duration=_whole(one.duration),
            status=str(one.status or ""),
            channels=_whole(one.channels) or 1,
            source=_word(one.source),
            error_code=_whole(one.error_code) or None,
            uri=str(one.uri or ""),
            media_location=str(one.media_url or ""),
            media_url=self.media.address(sid),
            date_created=_utc(one.date_created),
            date_updated=_utc(one.date_updated),
            start_time=_utc(one.start_time),
            price=_number(one.price),
            price_unit=_word(one.price_unit),
            track=_word(getattr(one, "track", None)),
        )


def _told(error: Any) -> CallsError | NotFound:
    """What an exception of the SDK's says. Of a page that failed only the answer is there."""
    response = error.args[1] if len(error.args) > 1 else None
    found = (getattr(error, "status", 0), getattr(error, "http_status_code", 0), getattr(response, "status_code", 0))
    status = next((int(one) for one in found if one), 0)
    if status == NOT_FOUND:
        return NotFound("Recording not found")
    if status in {401, 403}:
        return CallsError("Twilio refuses this account. Ask the operator to check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
    if status == TOO_MANY or status >= 500 or not status:
        return CallsError("Twilio is busy or away for now. Try again later.", retryable=True)
    return CallsError(f"Twilio has refused the request (status {status}).")


def _utc(moment: object) -> datetime | None:
    """The SDK writes a time as it is and calls it UTC; one without a zone is taken to be in it."""
    if not isinstance(moment, datetime):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _whole(value: object) -> int:
    try:
        return max(0, int(str(value)))
    except ValueError:
        return 0


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _word(value: object) -> str | None:
    return None if value is None else str(value)
