"""The usual end for many transcriptions in one transaction: each has a single slice, and its text has come.

What isn't usual is left to `finishing`, which goes one by one: the same rules hold here, only statements and commits are shared.
One transaction for each text was what limited a shift: callbacks waited for it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from textor.domain import merging
from textor.domain import transcript as transcripts
from textor.domain.job_states import Status
from textor.domain.merging import Heard
from textor.domain.transcript import Segment, Transcript
from textor.extensions import db
from textor.features.accounts import spending
from textor.features.accounts.spending import Heard as Sound
from textor.features.recordings import search_index
from textor.features.transcription import finishing, segments
from textor.job_queue import deliveries, lanes, slices
from textor.job_queue.slices import Taken
from textor.models import Slice, Transcription
from textor.toolbox import Toolbox

Text = tuple[Taken, Transcript]
Ended = Row[*tuple[Any, ...]]

_COLUMNS = (
    Transcription.seq,
    Transcription.run_token,
    Transcription.status,
    Transcription.details,
    Slice.id,
    Slice.lease,
    Slice.storage_key,
    Slice.overlap,
    deliveries.IS_WANTED.label("is_wanted"),
)


def finish(tools: Toolbox, found: Sequence[Text]) -> set[int]:
    """End the transcriptions of these slices; the ids of those that are over now. The others have company, or somebody else has
    them: nothing of theirs is changed. Commits."""
    if not tools.settings.delete_at_provider:
        return set()
    rows = _locked(tools, found)
    texts = {one.claim.seq: (one, transcript) for one, transcript in found if _is_ours(one, rows.get(one.claim.seq, []))}
    if texts:
        _write(tools, list(texts.values()), {seq: rows[seq][0] for seq in texts})
    wanted = [seq for seq in texts if rows[seq][0].is_wanted]
    is_news = bool(wanted) and deliveries.add_ends(tools, wanted)
    db.session.commit()
    claims = [one.claim for one, _ in texts.values()]
    if claims:
        lanes.free_all(tools, claims)
    if is_news:
        deliveries.send_soon(tools)
    for key in filter(None, (rows[seq][0].storage_key for seq in texts)):
        tools.storage.delete(key)
    return {one.id for one, _ in texts.values()}


def _locked(tools: Toolbox, found: Sequence[Text]) -> dict[int, list[Ended]]:
    """The slices of each transcription, which nobody else can change until this transaction is over."""
    seqs = sorted({one.claim.seq for one, _ in found})
    with_shift = (Transcription.seq.in_(seqs), Transcription.is_with_shift.is_(True))
    # A write comes first: SQLite locks nothing for a SELECT.
    db.session.execute(update(Transcription).where(*with_shift).values(updated_at=tools.clock.now()))
    statement = select(*_COLUMNS).join(Slice, Slice.transcription_seq == Transcription.seq).where(*with_shift)
    rows: dict[int, list[Ended]] = {}
    for row in db.session.execute(statement.order_by(Slice.id).with_for_update()):
        rows.setdefault(row.seq, []).append(row)
    return rows


def _is_ours(one: Taken, rows: Sequence[Ended]) -> bool:
    if len(rows) != 1 or one.channel is not None:
        return False
    row = rows[0]
    return (row.status, row.run_token, row.id, row.lease) == (Status.PROCESSING, one.claim.token, one.id, one.lease)


def _write(tools: Toolbox, texts: Sequence[Text], rows: dict[int, Ended]) -> None:
    spoken = {one.claim.seq: _spoken(one, transcript, rows[one.claim.seq].overlap) for one, transcript in texts}
    segments.replace_many(spoken)
    search_index.put(list(spoken))
    ends = list(_ends(tools, texts, spoken, rows))
    statement = (
        update(Transcription.__table__)  # type: ignore[arg-type]  # a Table it is
        .where(Transcription.seq == bindparam("of"))
        .values({name: bindparam(name) for name in ends[0] if name != "of"})
    )
    db.session.connection().execute(statement, ends)
    spending.charge_all(tools, [_sound(one, transcript) for one, transcript in texts])
    slices.forget(tools, [one for one, _ in texts])


def _sound(one: Taken, transcript: Transcript) -> Sound:
    return Sound(one.claim.seq, one.claim.user_id, one.engine, one.model, one.end - one.start, transcript.cost_usd)


def _spoken(one: Taken, transcript: Transcript, overlap: float) -> list[Segment]:
    return merging.merged([Heard(one.start, one.end, overlap, one.channel, list(transcript.segments))])


def _ends(
    tools: Toolbox, texts: Sequence[Text], spoken: dict[int, list[Segment]], rows: dict[int, Ended]
) -> Iterator[dict[str, Any]]:
    """The columns of each that is over."""
    now = tools.clock.now()
    for one, transcript in texts:
        seq = one.claim.seq
        yield {
            "of": seq,
            "status": Status.COMPLETED,
            "active_for": None,
            "is_with_shift": False,
            "finished_at": now,
            "heartbeat_at": now,
            "updated_at": now,
            "message": None,
            "progress": 100.0,
            "text": transcripts.plain_text(spoken[seq]),
            "confidence": transcripts.confidence(spoken[seq]),
            "remote_id": one.remote_id,
            **finishing.outcome(rows[seq].details, [transcript], []),
        }
