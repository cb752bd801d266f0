"""Every error Textor raises on purpose.

TextorError                 message is a sentence fit for the user
├── InvalidInput            400  the caller sent something that can't be used
│   ├── NotMedia            400  a file that isn't audio or video
│   └── AddressRefused      400  an address that Textor does not ask for strangers
├── TooLarge                413  over the caller's size limit
├── NotAuthenticated        401  no credentials, or bad ones
├── NotAllowed              403  known, but not allowed
├── OverBudget              402  it would cost more than the month has left
├── NotFound                404  unknown, or somebody else's
├── WrongState              409  not possible in the state the thing is in
│   └── Stale               409  it was changed since the caller has seen it
├── TooManyRequests         429  a limit was hit; carries retry_after
│   └── QuotaExceeded       429  the day's work is used up
├── Unavailable             503  something Textor depends on is down
├── Unreachable                  a server outside gave no answer that can be read
├── EngineError                  a speech engine failed; retryable or final
│   ├── ModelMissing             a local model isn't on this machine
│   ├── JobLost                  a provider gave up a job it had taken on
│   ├── TooLong                  the engine wants shorter pieces
│   └── NotAsked                 something of our own was away before the engine could be asked
├── TextModelError               a text model failed; retryable or final
├── CallsError                   whoever records calls failed; retryable or final
├── Fenced                       this worker no longer owns the job it is working on
└── ConfigurationError           a setting is missing or wrong; stops the start
"""

LONGEST_RETRY_AFTER_SECONDS = 24 * 3600.0
LONGEST_MESSAGE = 500


class TextorError(Exception):
    """Base of the tree. `message` is shown to people, so it never carries a key, a path or a stack."""

    status = 500

    def __init__(self, message: str, *, details: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(TextorError):
    """The request can't be used as it is. `field` names the form field at fault, where there is one."""

    status = 400

    def __init__(self, message: str, *, field: str | None = None, details: str | None = None) -> None:
        super().__init__(message, details=details)
        self.field = field


class NotMedia(InvalidInput):
    """The bytes are not audio or video that Textor can read."""


class AddressRefused(InvalidInput):
    """An address that somebody named is none that Textor asks: not on the web, or only to be reached from where Textor runs."""


class TooLarge(TextorError):
    """The upload is over the caller's limit."""

    status = 413


class NotAuthenticated(TextorError):
    """Nobody was shown where somebody is needed, or the credential that was shown is not good."""

    status = 401


class NotAllowed(TextorError):
    """The caller is known and may not do this."""

    status = 403


class OverBudget(TextorError):
    """It would cost more than the caller may spend this month. Nothing was spent."""

    status = 402


class NotFound(TextorError):
    """There is no such thing for this caller; somebody else's thing looks the same."""

    status = 404


class WrongState(TextorError):
    """The thing exists, but not in a state that allows this."""

    status = 409


class Stale(WrongState):
    """Somebody has changed it since the caller has seen it. `version` is what it is at now."""

    def __init__(self, message: str, *, version: int) -> None:
        super().__init__(message)
        self.version = version


class TooManyRequests(TextorError):
    """A limit was hit. `retry_after` is in seconds."""

    status = 429

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaExceeded(TooManyRequests):
    """The caller has created as much work as they may until `retry_after` is over."""


class Unavailable(TextorError):
    """Something that Textor needs is away for now. `retry_after` is in seconds."""

    status = 503

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(TextorError):
    """A server outside could not be reached, broke off, took too long or sent more than anybody should."""


class _ProviderFailed(TextorError):
    """`retryable` says whether trying again can help, `retry_after` when (seconds, a day at most).

    What a provider says may be part of the message: it becomes one line of printable characters, and no long one.
    """

    def __init__(self, message: str, *, retryable: bool = False, retry_after: float | None = None) -> None:
        super().__init__(_one_line(message))
        self.retryable = retryable
        self.retry_after = None if retry_after is None else min(max(retry_after, 0.0), LONGEST_RETRY_AFTER_SECONDS)


class EngineError(_ProviderFailed):
    """A speech engine failed."""

    is_lost = False
    is_ours = False
    """The engine was not asked: something of our own is away."""


class ModelMissing(EngineError):
    """The chosen local model is not on this machine and can't be fetched now."""


class JobLost(EngineError):
    """The provider lost a job or gave it up through no fault of the recording: starting it anew can help."""

    is_lost = True


class TooLong(EngineError):
    """The engine wants shorter pieces: `seconds` it accepts at most. It has heard nothing of this one, and charged nothing."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class NotAsked(EngineError):
    """An engine could not be asked since something of our own is away. Says nothing about the engine."""

    is_ours = True


class TextModelError(_ProviderFailed):
    """A text model failed: its provider, or its answer was none."""

    tokens: tuple[int, int] = (0, 0)
    """What it had read and written by then, where it is charged for all the same."""


class CallsError(_ProviderFailed):
    """Twilio failed, or did not give what was asked for."""


class Fenced(TextorError):
    """Another run owns the job now (it was cancelled, deleted or given to another worker): stop, write nothing."""


class ConfigurationError(TextorError):
    """A setting is missing or wrong. The message names every setting at fault."""


def _one_line(message: str) -> str:
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in message).split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 1]}…"
