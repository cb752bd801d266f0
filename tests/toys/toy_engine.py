"""A speech engine that hears how long it was spoken, as small as an engine can be: see docs/adding-an-engine.md."""

import wave
from collections.abc import Sequence

from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Model, Options
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError
from textor.settings import Settings


class ToyEngine(Engine):
    """Takes WAV alone and tells no times, as providers of its kind do: Textor sends it short pieces in that format."""

    name = "toy"
    title = "Toy"
    description = "Says how many seconds it has heard."
    capabilities = Capabilities(
        languages=frozenset({"en"}), segment_times=False, formats=frozenset({"wav"}), max_bytes=600_000, usd_per_hour=0.5
    )

    @classmethod
    def from_settings(cls, settings: Settings) -> "ToyEngine":
        return cls()

    def availability(self) -> Availability:
        return Availability(True)

    def models(self) -> Sequence[Model]:
        return (Model("small", "Small"),)

    def start(self, audio: Audio, options: Options) -> Transcript:
        self.check_options(options)
        try:
            with wave.open(str(audio.path)) as file:
                heard = file.getnframes() / file.getframerate()
        except (wave.Error, EOFError) as error:
            raise EngineError("Toy takes WAV alone.") from error
        return Transcript([Segment(0, 0, f"{heard:.1f} seconds were spoken")], language="en")
