"""The end of a transcription: checkpoints kept as they land, put together once no slice is open. Never an error in a text."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from textor.domain import merging, voices
from textor.domain import transcript as transcripts
from textor.domain.details import asked
from textor.domain.job_states import Status
from textor.domain.merging import Heard
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, Fenced
from textor.extensions import db
from textor.features.accounts import spending
from textor.features.recordings import history, search_index
from textor.features.transcription import checkpoints, failover, segments
from textor.job_queue import runs, slices
from textor.job_queue.claims import Claim
from textor.job_queue.slices import Taken
from textor.models import Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox


def keep(tools: Toolbox, claim: Claim, one: Slice, transcript: Transcript) -> None:
    """A slice heard on this machine: its checkpoint. The attempts begin anew for those that follow. Raises Fenced."""
    runs.write(tools, claim, **({"attempts": 1} if slices.open_count(claim.seq) > 1 else {}))
    model = db.session.get_one(Transcription, claim.seq).model
    spending.charge(tools, claim, one.engine, model, one.end - one.start, transcript.cost_usd)
    result = checkpoints.to_json(transcript, list(transcript.segments))
    values = {"state": SliceState.COMPLETED, "result": result, "error": None}
    db.session.execute(update(Slice).where(Slice.id == one.id).values(values))
    db.session.commit()


def lose(tools: Toolbox, claim: Claim, one: Slice, error: str) -> None:
    """A slice that can't be heard on this machine, among others that could. Raises Fenced."""
    runs.write(tools, claim)
    db.session.execute(update(Slice).where(Slice.id == one.id).values(state=SliceState.FAILED, error=error))
    db.session.commit()


def settle(tools: Toolbox, one: Taken, heard: Transcript | None = None, **values: Any) -> None:
    """A slice in the shift's hands is over, one way or the other; the last one ends its transcription. Raises Fenced.

    The slice's own lease decides, not the run's token: what was heard is kept even if the transcription waits again.
    """
    is_held = runs.touch(tools, one.claim)
    if heard:  # before the slice is written: whoever holds both holds the transcription first
        spending.charge(tools, one.claim, one.engine, one.model, one.end - one.start, heard.cost_usd)
    if not slices.end(one, **values):
        db.session.rollback()
        raise Fenced("Somebody else has this slice.")
    if is_held:
        _show_progress(tools, one.claim)
    db.session.commit()
    claim = one.claim if is_held else runs.with_shift(one.claim.seq)
    if claim:
        finish_if_over(tools, claim)


def finish_if_over(tools: Toolbox, claim: Claim) -> bool:
    """Put the transcription together if none of its slices is open. Raises Fenced."""
    runs.write(tools, claim)  # holds the row: of two that come at once, the second finds it finished
    if slices.open_count(claim.seq):
        db.session.commit()
        return False
    rows = db.session.scalars(
        select(Slice)
        .where(Slice.transcription_seq == claim.seq)
        .order_by(Slice.n)
        .options(undefer(Slice.result))
        .execution_options(populate_existing=True)
    ).all()
    _finish(tools, claim, db.session.get_one(Transcription, claim.seq, populate_existing=True), rows)
    return True


def finish_silent(tools: Toolbox, claim: Claim) -> None:
    """There is nothing but silence: an empty transcript, and no engine was asked. Raises Fenced."""
    runs.write(tools, claim)
    segments.replace_all(claim.seq, [])
    search_index.put([claim.seq])
    runs.finish(tools, claim, Status.COMPLETED, progress=100.0, message=None, error=None, text="", confidence=None)


def heard(rows: Sequence[Slice], *, is_local: bool, people: int | None = None) -> list[Segment]:
    """What the finished slices have heard, as one text in the order of time. `people`: how many speak, where that is known."""
    done = [one for one in rows if one.state == SliceState.COMPLETED]
    parts = [Heard(one.start, one.end, one.overlap, one.channel, _spoken(one)) for one in done]
    return merging.merged(parts if is_local else voices.matched(parts, people)) if parts else []


def _finish(tools: Toolbox, claim: Claim, row: Transcription, rows: Sequence[Slice]) -> None:
    done = [checkpoints.from_json(one.result) for one in rows if one.state == SliceState.COMPLETED and one.result]
    lost = [one for one in rows if one.state == SliceState.FAILED]
    if not done:
        _fail(tools, claim, lost[0].error or "")
        return
    engine = tools.engines.get(row.engine)
    is_local = engine is None or engine.can(row.model).runs_locally
    spoken = history.renewed(claim.seq, heard(rows, is_local=is_local, people=row.speaker_count))
    segments.replace_all(claim.seq, spoken)
    search_index.put([claim.seq])
    values = outcome(row.details, done, lost) | {"remote_id": next((one.remote_id for one in rows if one.remote_id), None)}
    keys = _clear_up(tools, claim.seq, is_whole=not lost)
    runs.finish(
        tools,
        claim,
        Status.PARTIAL if lost else Status.COMPLETED,
        message=None,
        progress=100.0,
        text=transcripts.plain_text(spoken),
        confidence=transcripts.confidence(spoken),
        **values,
    )
    for key in keys:
        tools.storage.delete(key)


def _fail(tools: Toolbox, claim: Claim, error: str) -> None:
    """Not one slice could be heard."""
    if failover.switch(tools, claim, EngineError(error)):
        return
    keys = _clear_up(tools, claim.seq, is_whole=False)
    runs.finish(tools, claim, Status.FAILED, message=None, error=failover.reason(claim.seq, error), progress=0.0)
    for key in keys:
        tools.storage.delete(key)


def outcome(before: Mapping[str, object], done: Sequence[Transcript], lost: Sequence[Slice]) -> dict[str, Any]:
    """Columns that tell what came out besides the text. `before` are the details that the row has had."""
    told = next((one for one in done if one.language), None)
    details = dict(done[0].details) if len(done) == 1 else {"slices": [dict(one.details) for one in done if one.details]}
    details = {name: value for name, value in details.items() if value}
    details |= asked(before)
    if before.get(failover.NOTES):
        details[failover.NOTES] = before[failover.NOTES]
    if lost:
        details["gaps"] = [{"start": one.start, "end": one.end, "channel": one.channel, "error": one.error} for one in lost]
    return {
        "language": told.language if told else None,
        "language_confidence": told.language_confidence if told else None,
        "details": details,
        "error": _sentence(len(lost), len(done) + len(lost)) if lost else None,
    }


def _sentence(lost: int, count: int) -> str:
    parts = "One part" if lost == 1 else f"{lost} parts"
    return f"{parts} of {count} could not be transcribed. What is missing is marked in the text; it can be tried again."


def _clear_up(tools: Toolbox, seq: int, *, is_whole: bool) -> list[str]:
    """What nobody needs any more goes: the checkpoints of a whole text, and the providers' copies."""
    if is_whole and tools.settings.delete_at_provider:
        return slices.drop(tools, seq)
    return slices.trim(tools, seq, is_whole=is_whole)


def _spoken(one: Slice) -> list[Segment]:
    """A channel's voice is its speaker."""
    spoken = list(checkpoints.from_json(one.result).segments) if one.result else []
    if one.channel is None:
        return spoken
    return [replace(segment, speaker=f"Speaker {one.channel + 1}", speaker_confidence=None) for segment in spoken]


def _show_progress(tools: Toolbox, claim: Claim) -> None:
    over, count = slices.over_count(claim.seq)
    if over < count:  # else its end follows at once
        runs.write(tools, claim, progress=100 * over / count, message=f"{over} of {count} parts are done")
