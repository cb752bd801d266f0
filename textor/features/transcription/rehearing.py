"""A worker's part in hearing a stretch anew (`retranslate`): cut by seeking, given to an engine, and told what came of it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial, reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from textor.adapters.audio import convert, encoding, slicing
from textor.adapters.stt.port import Audio, Capabilities, Engine, Options, Progress, RemoteJob
from textor.domain import transcript as transcripts
from textor.domain import writing
from textor.domain.transcript import Transcript
from textor.errors import EngineError
from textor.extensions import db
from textor.features.accounts import spending
from textor.features.accounts.spending import Heard
from textor.features.insights import working
from textor.features.recordings import library
from textor.features.transcription import checkpoints, engines, fitting
from textor.job_queue import background, discards
from textor.job_queue.background import Run
from textor.models import Job
from textor.toolbox import Toolbox

PATIENCE = timedelta(minutes=15)
TOO_LONG = "The provider took too long with it. Try again, or choose another model."


def carry(tools: Toolbox, run: Run) -> None:
    """One step: ask the engine, or look after what a provider has taken on. Raises EngineError, InvalidInput, NotFound,
    OverBudget, Unavailable, Fenced."""
    asked = run.payload
    engine = tools.engines.get(asked["engine"])
    if engine is None:
        raise EngineError(f"The engine {asked['engine']!r} is not set up any more.")
    options = Options(language=asked["language"], model=asked["model"])
    answer = _look(tools, run, engine, options) if run.result else _ask(tools, run, engine, options)
    if isinstance(answer, Transcript):
        _finish(tools, run, answer)
        return
    kept = {"remote_id": answer.id, "since": tools.clock.now().timestamp()} if isinstance(answer, RemoteJob) else run.result
    background.look_again(tools, run, answer.poll_seconds, kept)
    db.session.commit()


def failed(tools: Toolbox, job: Job, _reason: str) -> None:
    """Nothing is left of it, here or at the provider."""
    discards.add(tools, _at_provider(job.payload, job.result))
    _forget(tools, job.payload)


HANDLER = working.handler(carry, failed)


def _ask(tools: Toolbox, run: Run, engine: Engine, options: Options) -> Transcript | RemoteJob:
    asked = run.payload
    start, end = asked["start"], asked["end"]
    spending.check(tools, run.user_id, asked["engine"], asked["model"], end - start)
    key = _storage_key(run)
    db.session.commit()  # nobody waits for the user's row while the engine listens
    with tools.storage.local_path(key) as path, _cut(path, start, end, engine.can(options.model)) as audio:
        answer = engine.start(audio, options)
        return _whole(answer) if isinstance(answer, Transcript) else answer


@contextmanager
def _cut(path: Path, start: float, end: float, can: Capabilities) -> Iterator[Audio]:
    """The stretch as the engine gets it: by seeking, and as a file of its own where it leaves this machine."""
    blocks = partial(slicing.blocks, path, start, end)
    if can.runs_locally:
        yield Audio(path, end - start, 1, blocks)
        return
    form = fitting.form(can, end - start)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"segment.{form.ending}"
        encoding.write(blocks(), file, codec=form.codec)
        yield Audio(file, end - start, 1, partial(convert.blocks, file))


def _look(tools: Toolbox, run: Run, engine: Engine, options: Options) -> Transcript | Progress:
    if tools.clock.now().timestamp() - run.result["since"] > PATIENCE.total_seconds():
        raise EngineError(TOO_LONG)
    try:
        answer = engine.check(RemoteJob(run.result["remote_id"]), options)
        return _whole(answer) if isinstance(answer, Transcript) else answer
    except EngineError as error:
        if error.is_lost:  # the next try orders anew
            background.report(tools, run, result={})
        raise


def _whole(heard: Transcript) -> Transcript:
    """Heard to its end: engines say it piece by piece."""
    return replace(heard, segments=[segment for one in heard.segments if (segment := checkpoints.clean(one)).text])


def _finish(tools: Toolbox, run: Run, heard: Transcript) -> None:
    asked, segments = run.payload, list(heard.segments)
    result = {
        "segment_id": asked["segment_id"],
        "text": reduce(writing.joined, (segment.text for segment in segments), ""),
        "confidence": transcripts.confidence(segments),
        "speaker": _speaker(run) or next((segment.speaker for segment in segments if segment.speaker), None),
        "model_used": engines.public_name(asked["engine"], asked["model"]),
    }
    background.finish(tools, run, result)
    sound = Heard(asked["seq"] or 0, run.user_id, asked["engine"], asked["model"], asked["end"] - asked["start"], heard.cost_usd)
    spending.charge_all(tools, [sound])
    if tools.settings.delete_at_provider:
        discards.add(tools, _at_provider(asked, run.result))
    db.session.commit()
    _forget(tools, asked)


def _speaker(run: Run) -> str | None:
    """Who speaks for most of that time, as the transcript has it: another engine's speakers are others, under the same names."""
    asked, shares = run.payload, Counter[str]()
    if asked["transcription_id"] is None:
        return None
    for segment in library.segments(library.find(run.user_id, asked["transcription_id"])):
        shared = min(segment.end, asked["end"]) - max(segment.start, asked["start"])
        if segment.speaker and shared > 0:
            shares[segment.speaker] += shared
    db.session.commit()
    return max(shares, key=lambda speaker: shares[speaker], default=None)


def _storage_key(run: Run) -> str:
    """Of the file that it is in; a transcript that was deleted meanwhile is not listened to. Raises NotFound."""
    transcription_id = run.payload["transcription_id"]
    return library.audio(run.user_id, transcription_id).storage_key if transcription_id else str(run.payload["storage_key"])


def _at_provider(asked: Mapping[str, Any], result: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(asked["engine"], result["remote_id"])] if "remote_id" in result else []


def _forget(tools: Toolbox, asked: Mapping[str, Any]) -> None:
    """The file that came with the request."""
    if asked["storage_key"]:
        tools.storage.delete(asked["storage_key"])
