"""Whisper on this machine, through faster-whisper: about a hundred languages, word times, no key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from textor.adapters.stt import speech_windows, whisper_decoding, whisper_downloads, whisper_models
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Model, Options
from textor.adapters.stt.whisper_decoding import Decoding
from textor.domain import languages
from textor.domain.transcript import Transcript
from textor.errors import EngineError, InvalidInput, ModelMissing
from textor.settings import Settings

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

# fmt: off
LANGUAGES = frozenset((
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el", "en",
    "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy", "id", "is",
    "it", "ja", "jv", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi", "mk", "ml", "mn",
    "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru", "sa", "sd", "si", "sk",
    "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "uk", "ur", "uz",
    "vi", "yi", "yo", "yue", "zh",
))
# fmt: on
NOT_INSTALLED = "faster-whisper is not installed here. Install it with `pip install faster-whisper`."
ENGLISH = frozenset({"en"})
TURBO = "large-v3-turbo"
# faster-whisper drops, without a word, all but the first 223 tokens of hints: a token of names is about three bytes.
MOST_HINT_BYTES = 500
TOO_MANY_HINTS = "Whisper heeds hints of about 500 letters in all, or half as many outside of the Latin alphabet. Give it fewer."
# Whisper knows Javanese by the code that ISO 639-1 gave up.
TO_WHISPER = {"jv": "jw"}
FROM_WHISPER = {"jw": "jv"}


@dataclass
class WhisperEngine(Engine):
    """`folder` holds the models, `hub` is another model hub than the public one. Loads nothing before `start`."""

    folder: Path
    default_model: str = "base"
    hub: str | None = None
    library: str = "faster_whisper"
    _loaded: "dict[Path, WhisperModel]" = field(default_factory=dict, repr=False)

    name = "whisper"
    title = "Whisper"
    description = "About a hundred languages, on this server. Each model has to be downloaded once."
    capabilities = Capabilities(
        languages=LANGUAGES, detects_language=True, word_times=True, vocabulary=True, translates=True, runs_locally=True
    )
    order = 10

    @classmethod
    def from_settings(cls, settings: Settings) -> "WhisperEngine":
        folder = settings.whisper_models_dir or settings.data_dir / "models"
        return cls(folder, whisper_models.canonical(settings.whisper_model))

    def availability(self) -> Availability:
        """Ready as soon as any model is here."""
        if find_spec(self.library) is None:
            return Availability(False, NOT_INSTALLED)
        if not whisper_models.present(self.folder):
            return Availability(False, _missing(self.default_model))
        return Availability(True)

    def models(self) -> Sequence[Model]:
        """All models; the one that is used where none is chosen comes first."""
        chosen = self._chosen()
        return sorted(whisper_models.listed(self.folder), key=lambda model: model.name != chosen)

    def can(self, model: str | None = None) -> Capabilities:
        """Some models know English alone, and turbo was never taught to translate."""
        known = whisper_models.entry(whisper_models.canonical(model) if model else self._chosen())
        if known and known.english_only:
            return replace(self.capabilities, languages=ENGLISH, translates=False)
        return replace(self.capabilities, translates=False) if known and known.name == TURBO else self.capabilities

    def check_options(self, options: Options) -> None:
        """Refuse what Whisper or the chosen model can't honour. A model goes by any of its names, a language by any country's."""
        name = whisper_models.canonical(options.model) if options.model else None
        language = languages.base(options.language) if options.language else None
        known = whisper_models.entry(name or self._chosen())
        if known and known.english_only and language in LANGUAGES - {"en"}:
            raise InvalidInput(f"Model {known.name} understands English only. Choose one without .en or distil.", field="model")
        super().check_options(replace(options, model=name))
        if len(", ".join(options.vocabulary).encode()) > MOST_HINT_BYTES:
            raise InvalidInput(TOO_MANY_HINTS, field="vocabulary")

    def start(self, audio: Audio, options: Options) -> Transcript:
        """Transcribe; segments come as they are heard. The first speech is found and its language known before this returns."""
        self.check_options(options)
        name = whisper_models.canonical(options.model) if options.model else self._chosen()
        model = self._load(name)
        spoken = _language(name, model, options.language)
        decoding = Decoding(model, audio.seconds, spoken, vocabulary=options.vocabulary, translate=options.translate)
        windows = speech_windows.windows(audio.blocks())
        first = next(windows, None)
        segments = decoding.segments(first, windows) if first else ()
        return Transcript(
            segments,
            language="en" if options.translate else FROM_WHISPER.get(decoding.language or "", decoding.language),
            language_confidence=decoding.language_confidence,
            details={"model": name},
        )

    def download(self, model: str, report: Callable[[float], None]) -> None:
        """Fetch a published model into the folder for models; bounded in time by the job that calls this."""
        known = whisper_models.entry(model)
        if known is None:
            raise EngineError(f"There is no model {model} to download. `flask --app wsgi models list` names all of them.")
        whisper_downloads.fetch(known, whisper_models.cache(self.folder), report, self.hub)

    def delete(self, model: str) -> None:
        """Remove what `download` fetched, whole or half. A folder that the operator put there stays."""
        known = whisper_models.entry(model)
        if known is None or not whisper_models.discard(whisper_models.cache(self.folder), known):
            raise EngineError(f"Model {model} was not downloaded by Textor: there is nothing to delete.")

    def _chosen(self) -> str:
        """The set default, or while that isn't here any model that is."""
        here = whisper_models.present(self.folder)
        return self.default_model if self.default_model in here or not here else next(iter(here))

    def _load(self, name: str) -> "WhisperModel":
        """The model, kept for the recording's other channel. Raises ModelMissing, or EngineError where its files are damaged."""
        folder = whisper_models.present(self.folder).get(name)
        if find_spec(self.library) is None:
            raise EngineError(NOT_INSTALLED)
        if folder is None:
            raise ModelMissing(_missing(name))
        if folder not in self._loaded:
            self._loaded = {folder: whisper_decoding.load(name, folder)}
        return self._loaded[folder]


def _language(name: str, model: "WhisperModel", language: str | None) -> str | None:
    """Whisper's code for what was asked; None: detect it. faster-whisper itself would take English silently."""
    code = languages.base(language) if language else None
    known = whisper_models.entry(name)
    if model.model.is_multilingual and not (known and known.english_only):
        return TO_WHISPER.get(code or "", code)
    if code not in (None, "en"):
        raise EngineError(f"Model {name} understands English only. Choose another model for this language.")
    return "en"


def _missing(name: str) -> str:
    known = whisper_models.entry(name)
    size = f" ({known.size_mb:.0f} MB)" if known else ""
    return (
        f"Model {name} is not on this server. Download it{size} on the account page under Engines, "
        f"with `flask --app wsgi models download {name}`, or put it into WHISPER_MODELS_DIR."
    )
