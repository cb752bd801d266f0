"""A transcription on the spot: no account, no queue, nothing stored. What `flask transcribe FILE` does."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from textor.adapters.audio import convert, measure
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.adapters.stt.port import Audio, Engine, Options, Progress, RemoteJob
from textor.domain import timecode
from textor.domain import transcript as transcripts
from textor.domain.transcript import Document, Segment, Transcript
from textor.errors import InvalidInput
from textor.features.transcription import engines
from textor.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Request:
    """What to do with a file. An empty engine means the default one."""

    path: Path
    engine: str = ""
    model: str = ""
    language: str = ""
    format: str = "txt"


Told = Callable[[float], object]


def transcribe(tools: Toolbox, request: Request, out: BinaryIO, report: Told, wait: Told = time.sleep) -> None:
    """Write the transcript to `out`; `report` gets 0..1 meanwhile. Raises InvalidInput, EngineError."""
    form = _format(tools, request.format)
    engine_name = request.engine or engines.default(tools)
    options = engines.check_choice(tools, engine_name, request.model or None, request.language or None)
    limit = tools.settings.max_audio_hours * 3600
    facts = measure.measure(request.path, max_seconds=limit)
    audio = Audio(request.path, facts.seconds, 1, partial(convert.blocks, request.path, max_seconds=limit))
    heard = _heard(tools.engines[engine_name], audio, options, wait)
    segments = [segment for segment in _reported(heard, facts.seconds, report) if segment.text.strip()]
    document = Document(
        title=request.path.stem,
        segments=segments,
        language=heard.language or options.language,
        seconds=facts.seconds,
        created_at=timecode.utc(tools.clock.now()),
        engine=engine_name,
        model=options.model,
        confidence=transcripts.confidence(segments),
        warnings=facts.warnings,
    )
    form.write(document, ExportOptions(), out)


def _format(tools: Toolbox, name: str) -> ExportFormat:
    if name not in tools.formats:
        raise InvalidInput(f"There is no format {name!r}. Available: {', '.join(tools.formats)}.", field="format")
    return tools.formats[name]


def _heard(engine: Engine, audio: Audio, options: Options, wait: Told) -> Transcript:
    """The engine's answer; one that takes its time is asked until it has it, since nobody else waits for this process."""
    answer: Transcript | RemoteJob | Progress = engine.start(audio, options)
    job = answer if isinstance(answer, RemoteJob) else None
    while job and not isinstance(answer, Transcript):
        wait(answer.poll_seconds)
        answer = engine.check(job, options)
    if not isinstance(answer, Transcript):
        raise TypeError("an engine that starts no job must answer with a transcript")
    return answer


def _reported(heard: Transcript, seconds: float, report: Told) -> Iterator[Segment]:
    for segment in heard.segments:
        report(min(1.0, segment.end / seconds))
        yield segment
