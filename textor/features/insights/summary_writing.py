"""A worker's part of summaries: what was said is read, the model asked, the summary kept in place of older ones.

Each call of the model is a checkpoint of its job (`result`), under a name made of all that was asked: a run that begins anew,
after its worker was killed or the provider was away, pays for none of them a second time, and for a transcript that was corrected
meanwhile only for what is different.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import delete, or_, select, update

from textor.adapters.text_models.port import Format, Passage, TextModel, Usage, Wanted, unheard
from textor.adapters.text_models.port import Summary as Answer
from textor.domain import languages, webhook_events
from textor.domain.job_states import DONE
from textor.errors import Fenced, InvalidInput, TextModelError
from textor.extensions import db
from textor.features.insights import choosing, citing, passages, paying, summarizing, summary, windows, working
from textor.features.insights.paying import Call, Held
from textor.features.insights.summarizing import Made, Said, Step
from textor.features.webhooks import deliveries
from textor.job_queue import background, claims, pieces
from textor.job_queue.background import Run
from textor.models import Job, Summary, Transcription
from textor.toolbox import Toolbox

MOST_LOOKS = 5
LONGEST_TOPIC = 200
NOT_NOW = "The transcript is being made anew. Have it summed up when that is done."


@dataclass(frozen=True, slots=True)
class _Source:
    """What was said, and the state that the transcript was in."""

    passages: Sequence[Passage]
    seq: int | None = None
    language: str | None = None
    version: int | None = None
    heard_at: datetime | None = None


def _carry(tools: Toolbox, run: Run) -> None:
    row = _wanted(tools, run)
    model, seq = choosing.known(tools, row.model), row.transcription_seq
    wanted = Wanted(max_words=row.max_words, format=cast("Format", row.format), instruction=row.instruction)
    source = _read(seq) if seq else _Source(summary.told_passages(run.payload))
    if source is None:
        _drop(tools, run)
        return
    db.session.commit()  # nobody holds a connection while a model thinks
    calls = _Calls(tools, run, model, seq, dict(run.result))
    _keep(tools, run, source, summarizing.made(model, source.passages, replace(wanted, language=source.language), calls))


def _failed(_tools: Toolbox, job: Job, _reason: str) -> None:
    summary.close(job)


HANDLER = working.handler(_carry, _failed)


@dataclass(slots=True)
class _Calls:
    """Asks the model, each thing once."""

    tools: Toolbox
    run: Run
    model: TextModel
    seq: int | None
    done: dict[str, Any] = field(default_factory=dict)

    def __call__(self, said: Sequence[Passage], wanted: Wanted, step: Step) -> Said:
        key = _key(self.model, said, wanted)
        if key not in self.done:
            self.done[key] = asdict(self._asked(said, wanted, step, key))
        return Said(**self.done[key])

    def _asked(self, said: Sequence[Passage], wanted: Wanted, step: Step, key: str) -> Said:
        _wanted(self.tools, self.run)
        background.report(self.tools, self.run, progress=step.progress, message=step.message)
        hear = pieces.writer(self.tools, self.run.id) if step.is_last else unheard
        call = Call(self.run.user_id, self.seq, summary.KIND, self.model)
        with paying.held(self.tools, call, said, windows.answer_tokens(wanted.max_words)) as held:
            answer = self.model.summarize(said, wanted, hear)
        found = _clean(answer, said)
        self._note(held, answer.usage, {**self.done, key: asdict(found)})
        return found

    def _note(self, held: Held, usage: Usage, done: dict[str, Any]) -> None:
        """The call is paid for and need not be made again, both at once; paid for it is in any case. A run that gets on has all
        its attempts again."""
        try:
            background.write(self.tools, self.run, result=done, attempts=1)
        except Fenced:
            self._pay(held, usage)
            raise
        self._pay(held, usage)

    def _pay(self, held: Held, usage: Usage) -> None:
        sums = {
            "prompt_tokens": Summary.prompt_tokens + usage.prompt,
            "completion_tokens": Summary.completion_tokens + usage.completion,
            "cost_usd": Summary.cost_usd + held.settle(usage),  # once it is not known, it stays so: NULL and any sum are NULL
        }
        claims.change(update(Summary).where(Summary.id == self.run.id).values(sums))
        db.session.commit()


def _wanted(tools: Toolbox, run: Run) -> Summary:
    """The row, if anybody still wants it. Of a transcript that was deleted it is not made. Raises Fenced."""
    is_there = or_(Summary.transcription_seq.is_(None), Transcription.deleted_at.is_(None))
    found = (
        select(Summary)
        .outerjoin(Transcription, Transcription.seq == Summary.transcription_seq)
        .where(Summary.id == run.id, is_there)
        .execution_options(populate_existing=True)
    )
    row = db.session.scalars(found).first()
    if row is None:
        _drop(tools, run)
    return cast("Summary", row)


def _drop(tools: Toolbox, run: Run) -> None:
    if working.cancel(tools, run.user_id, run.id):
        summary.close(db.session.get_one(Job, run.id, populate_existing=True))
    db.session.commit()
    raise Fenced("Its transcript was deleted.")


def _read(seq: int) -> _Source | None:
    """A transcript as it is at one moment, though others may change it; None where it is gone."""
    before = None
    for _ in range(MOST_LOOKS):
        row = db.session.get(Transcription, seq, populate_existing=True)
        if row is None:
            return None
        if row.status not in DONE:
            raise InvalidInput(NOT_NOW)
        if before and (before.version, before.heard_at) == (row.version, row.finished_at):
            return before
        spoken = row.language or row.requested_language
        before = _Source(passages.of(row), seq, languages.base(spoken) if spoken else None, row.version, row.finished_at)
        db.session.rollback()  # else some databases go on showing the same moment
    raise TextModelError("The transcript is being changed all the time. Try again.", retryable=True)


def _key(model: TextModel, said: Sequence[Passage], wanted: Wanted) -> str:
    """Of all that a call depends on."""
    told = (model.name, asdict(wanted), [(one.id, one.start, one.end, one.speaker, one.text) for one in said])
    return hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest()


def _clean(answer: Answer, said: Sequence[Passage]) -> Said:
    """Without what no database stores, and without what was never said."""
    topics = (" ".join(topic.replace("\0", " ").split())[:LONGEST_TOPIC] for topic in answer.topics)
    cited = citing.checked(answer.citations, said)
    return Said(answer.text.replace("\0", ""), list(dict.fromkeys(filter(None, topics))), cited)


def _keep(tools: Toolbox, run: Run, source: _Source, made: Made) -> None:
    """The summary is there, and older ones go, all at once."""
    webhook_url = run.payload.get("webhook_url")
    background.write(tools, run, dedupe_key=None, payload={})
    background.finish(tools, run, {})
    told = {"text": made.text, "topics": list(made.topics), "citations": list(made.citations), "read": dict(made.read)}
    values = {**told, "version": source.version, "heard_at": source.heard_at}
    if not claims.change(update(Summary).where(Summary.id == run.id).values(values)):
        db.session.rollback()
        _drop(tools, run)
    row = db.session.get_one(Summary, run.id, populate_existing=True)
    if source.seq:
        _forget_older(row)
    _tell(tools, row, webhook_url)
    db.session.commit()
    deliveries.send_soon(tools)


def _forget_older(row: Summary) -> None:
    """All that were ordered before this one, but for those that are being made."""
    older = (
        select(Summary.id)
        .outerjoin(Job, Job.id == Summary.id)
        .where(Summary.transcription_seq == row.transcription_seq, Summary.id != row.id, Summary.created_at <= row.created_at)
        .where(or_(Job.id.is_(None), Job.state.not_in(background.OPEN)))
    )
    ids = db.session.scalars(older).all()
    for model in (Summary, Job):
        db.session.execute(delete(model).where(model.id.in_(ids)).execution_options(synchronize_session=False))


def _tell(tools: Toolbox, row: Summary, webhook_url: str | None) -> None:
    public = tools.settings.public_url.rstrip("/")
    transcription = select(Transcription.id).where(Transcription.seq == row.transcription_seq)
    data = {
        "id": row.id,
        "status": "completed",
        "transcription_id": db.session.scalar(transcription),
        "model": row.model,
        "format": row.format,
        "url": f"{public}/api/summary/{row.id}/" if public else None,
    }
    deliveries.announce(tools, row.user_id, webhook_events.SUMMARY_COMPLETED, data, webhook_url)
