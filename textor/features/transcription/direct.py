"""A transcription on the spot: no account, no queue, nothing stored. What `flask transcribe FILE` does."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from textor.adapters.audio import convert, encoding, measure, probe, silence, slicing
from textor.adapters.audio.probe import Limits
from textor.adapters.audio.silence import Cut
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.adapters.stt.port import Audio, Capabilities, Engine, Options, Progress, RemoteJob
from textor.domain import file_endings, merging, timecode, voices
from textor.domain import transcript as transcripts
from textor.domain.merging import Heard
from textor.domain.transcript import Document, Segment, Transcript
from textor.errors import InvalidInput, TooLong
from textor.features.transcription import checkpoints, engines, fitting, recutting
from textor.features.transcription.engines import Hints
from textor.features.transcription.fitting import Sound
from textor.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Request:
    """What to do with a file. An empty engine means the default one."""

    path: Path
    engine: str = ""
    model: str = ""
    language: str = ""
    format: str = "txt"
    hints: Hints = engines.NO_HINTS


Told = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class _Hearing:
    """An engine with what it is asked, and how long a file may be."""

    engine: Engine
    options: Options
    max_seconds: float
    wait: Told

    @property
    def can(self) -> Capabilities:
        return self.engine.can(self.options.model)


def transcribe(tools: Toolbox, request: Request, out: BinaryIO, report: Told, wait: Told = time.sleep) -> None:
    """Write the transcript to `out`; `report` gets 0..1 meanwhile. Raises InvalidInput, EngineError."""
    form = _format(tools, request.format)
    name, hints = request.engine or engines.default(tools), request.hints
    is_many = hints.speaker_count is not None  # to say how many speak is to ask for them
    options = engines.check_choice(tools, name, request.model or None, request.language or None, diarize=is_many, hints=hints)
    hearing = _Hearing(tools.engines[name], options, tools.settings.max_audio_hours * 3600, wait)
    facts = measure.measure(request.path, max_seconds=hearing.max_seconds)
    heard = _heard(hearing, request.path, facts.seconds)
    segments = [segment for segment in _reported(heard, facts.seconds, report) if segment.text.strip()]
    document = Document(
        title=request.path.stem,
        segments=segments,
        language=heard.language or options.language,
        seconds=facts.seconds,
        created_at=timecode.utc(tools.clock.now()),
        engine=name,
        model=options.model,
        confidence=transcripts.confidence(segments),
        warnings=facts.warnings,
    )
    form.write(document, ExportOptions(), out)


def _format(tools: Toolbox, name: str) -> ExportFormat:
    if name not in tools.formats:
        raise InvalidInput(f"There is no format {name!r}. Available: {', '.join(tools.formats)}.", field="format")
    return tools.formats[name]


def _heard(hearing: _Hearing, path: Path, seconds: float) -> Transcript:
    """What the engine makes of the file, in as many pieces as it needs."""
    if hearing.can.runs_locally and hearing.can.segment_times:
        return _answer(hearing, path, seconds)
    kind = probe.probe(path, Limits())
    endings = file_endings.of(kind.container, kind.codec, has_video=kind.has_video)
    sound = Sound(seconds, path.stat().st_size, endings)
    if fitting.is_taken(hearing.can, sound):
        whole = Cut(0.0, seconds, 0.0)
        answers = _pieces(hearing, path, whole, partial(_original, hearing, path, sound))
    else:
        cuts = silence.cuts(convert.blocks(path), fitting.longest_seconds(hearing.can, sound))
        answers = [pair for cut in cuts for pair in _pieces(hearing, path, cut, partial(_piece, hearing, path, cut))]
    parts = [
        Heard(cut.start, cut.end, cut.overlap, None, [checkpoints.moved(segment, cut.start) for segment in answer.segments])
        for cut, answer in answers
    ]
    return replace(answers[0][1], segments=merging.merged(voices.matched(parts, hearing.options.speaker_count)))


def _pieces(hearing: _Hearing, path: Path, cut: Cut, ask: Callable[[], Transcript]) -> list[tuple[Cut, Transcript]]:
    """What the engine makes of a piece, cut up further where it turns out to take less than it said."""
    try:
        return [(cut, ask())]
    except TooLong as error:
        longest = recutting.accepted(cut.end - cut.start, error)
        if longest is None:
            raise
        smaller = recutting.cuts(path, cut, longest)
        return [pair for one in smaller for pair in _pieces(hearing, path, one, partial(_piece, hearing, path, one))]


def _original(hearing: _Hearing, path: Path, sound: Sound) -> Transcript:
    with fitting.named(path, fitting.ending(hearing.can, sound.endings) or sound.endings[0]) as file:
        answer = _answer(hearing, file, sound.seconds)
        return replace(answer, segments=list(answer.segments))


def _piece(hearing: _Hearing, path: Path, cut: Cut) -> Transcript:
    form = fitting.form(hearing.can, cut.end - cut.start)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"piece.{form.ending}"
        encoding.write(slicing.blocks(path, cut.start, cut.end), file, codec=form.codec)
        answer = _answer(hearing, file, cut.end - cut.start)
        return replace(answer, segments=list(answer.segments))


def _answer(hearing: _Hearing, path: Path, seconds: float) -> Transcript:
    """The engine's answer; one that takes its time is asked until it has it, since nobody else waits for this process."""
    audio = Audio(path, seconds, 1, partial(convert.blocks, path, max_seconds=hearing.max_seconds))
    answer: Transcript | RemoteJob | Progress = hearing.engine.start(audio, hearing.options)
    job = answer if isinstance(answer, RemoteJob) else None
    while job and not isinstance(answer, Transcript):
        hearing.wait(answer.poll_seconds)
        answer = hearing.engine.check(job, hearing.options)
    if not isinstance(answer, Transcript):
        raise TypeError("an engine that starts no job must answer with a transcript")
    return fitting.timed(hearing.can, answer, seconds)


def _reported(heard: Transcript, seconds: float, report: Told) -> Iterator[Segment]:
    for segment in heard.segments:
        report(min(1.0, segment.end / seconds))
        yield segment
