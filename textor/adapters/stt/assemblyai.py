"""AssemblyAI: about a hundred languages, speakers and channels told apart; through its official SDK."""

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from textor.adapters.stt import assemblyai_answers as answers
from textor.adapters.stt.assemblyai_calls import REQUEST_SECONDS, Calls
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Health, Held, Options, Progress, RemoteJob
from textor.domain import languages
from textor.domain.transcript import Transcript
from textor.errors import EngineError, InvalidInput, JobLost
from textor.settings import Settings

# What Universal-2 understands; the models before it in the list know fewer, and AssemblyAI falls back by language.
# fmt: off
LANGUAGES = frozenset((
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el", "en",
    "en_au", "en_uk", "en_us", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht",
    "hu", "hy", "id", "is", "it", "ja", "jv", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg",
    "mi", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru",
    "sa", "sd", "si", "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr",
    "tt", "uk", "ur", "uz", "vi", "yi", "yo", "zh",
))
# fmt: on
TO_THEIRS = {"jv": "jw"}
NO_KEY = "Set ASSEMBLYAI_API_KEY to use AssemblyAI."
NOT_INSTALLED = "AssemblyAI's library is not installed here. Install it with `pip install assemblyai`."
MOST_HINTS, LONGEST_HINT_WORDS = 200, 6  # Universal-2; the newer models take more


@dataclass
class AssemblyAIEngine(Engine):
    """Uploads, orders, and asks once each time it is asked. `models` are in the order in which AssemblyAI tries them."""

    key: str = field(repr=False)
    base_url: str
    speech_models: tuple[str, ...]
    request_seconds: float = REQUEST_SECONDS
    library: str = "assemblyai"

    name = "assemblyai"
    title = "AssemblyAI"
    description = "About a hundred languages, tells speakers apart. Recordings go to AssemblyAI, which charges for them."
    capabilities = Capabilities(
        languages=LANGUAGES,
        detects_language=True,
        word_times=True,
        speakers=True,
        speaker_count=True,
        vocabulary=True,
        channels=True,
        callbacks=True,
        max_bytes=2_200_000_000,
        max_seconds=36_000,
        calls_per_second=50,  # of 20,000 in five minutes
        usd_per_hour=0.21,  # Universal-3.5 Pro, the dearer of the two; others say so of AssemblyAI's page of 2026-10-07
    )
    order = 30

    def __post_init__(self) -> None:
        self._calls = Calls(self.key, self.base_url, self.request_seconds)

    @classmethod
    def from_settings(cls, settings: Settings) -> "AssemblyAIEngine":
        return cls(settings.assemblyai_api_key, settings.assemblyai_base_url, settings.assemblyai_speech_models)

    def availability(self) -> Availability:
        if find_spec(self.library) is None:
            return Availability(False, NOT_INSTALLED)
        return Availability(True) if self.key else Availability(False, NO_KEY)

    def health(self) -> Health:
        """A look at the newest job costs nothing. What is left on the account AssemblyAI tells nobody but its own pages."""
        try:
            self._check_readiness()
            self._calls.newest(1)
        except EngineError as error:
            return Health(False, error.message)
        return Health(True)

    def check_options(self, options: Options) -> None:
        """Refuse what AssemblyAI can't honour, more hints than it takes among it."""
        super().check_options(options)
        if len(options.vocabulary) > MOST_HINTS:
            raise InvalidInput(f"AssemblyAI takes at most {MOST_HINTS} vocabulary hints.", field="vocabulary")
        if any(len(hint.split()) > LONGEST_HINT_WORDS for hint in options.vocabulary):
            raise InvalidInput(f"A vocabulary hint has at most {LONGEST_HINT_WORDS} words at AssemblyAI.", field="vocabulary")

    def start(self, audio: Audio, options: Options) -> RemoteJob:
        """Upload the recording and order its transcript: two requests. A job that an earlier start has left is gone on with."""
        self.check_options(options)
        self._check_readiness()
        if left := self._left(options):
            return RemoteJob(left.id, answers.POLL_SECONDS, left.reference)
        url = self._calls.upload(audio.path)
        if options.orders:
            options.orders.add(url)
        return RemoteJob(self._calls.submit(audio_url=url, **self._wishes(audio, options)), answers.POLL_SECONDS, url)

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        self._check_readiness()
        return answers.read(self._calls.job(job.id))

    def cancel(self, job: RemoteJob) -> None:
        """A job that is still at work can't be deleted: then the error is retryable."""
        self._check_readiness()
        try:
            self._calls.delete(job.id)
        except JobLost:
            return

    def held(self) -> list[Held]:
        """By the address of the upload, which no two orders of ours share."""
        self._check_readiness()
        newest = self._calls.newest()
        return [Held(str(one["id"]), str(one.get("audio_url")), one.get("status") == "error") for one in newest]

    def _left(self, options: Options) -> Held | None:
        references = options.orders.unanswered() if options.orders else ()
        if not references:
            return None
        return next((one for one in self.held() if one.reference in references and not one.is_failed), None)

    def _check_readiness(self) -> None:
        state = self.availability()
        if state.reason:
            raise EngineError(state.reason)

    def _wishes(self, audio: Audio, options: Options) -> dict[str, Any]:
        """The request's fields. The channels of a call are its speakers: nothing has to be guessed then."""
        wishes: dict[str, Any] = {"speech_models": list(self.speech_models)}
        if options.language:
            wishes["language_code"] = _theirs(options.language)
        else:
            wishes["language_detection"] = True
        if options.diarize:
            wishes["multichannel" if audio.channels == 2 else "speaker_labels"] = True
            if options.speaker_count and audio.channels != 2:
                wishes["speakers_expected"] = options.speaker_count
        if options.vocabulary:
            wishes["keyterms_prompt"] = list(options.vocabulary)
        if options.callback:
            wishes["webhook_url"] = options.callback.url
            wishes["webhook_auth_header_name"] = options.callback.header
            wishes["webhook_auth_header_value"] = options.callback.secret
        return wishes


def _theirs(language: str) -> str:
    code = language.strip().lower().replace("-", "_")
    known = code if code in LANGUAGES else languages.base(code)
    return TO_THEIRS.get(known, known)
