"""The prompts of an image-prompt task, as people edit them: one by one, several together, in another order; and as a file.

All of it is about one's own task, raises NotFound for anything else, and WrongState while its prompts are being written: they
would be gone a moment later. Everything that changes something commits.
"""

import csv
import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy import delete as delete_rows

from textor.adapters.exports.csv import cell
from textor.domain import prompt_wording, timecode
from textor.domain.writing import clean, file_name
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import analyzer, analyzer_fields
from textor.features.insights.analyzer_fields import content
from textor.features.insights.bulk import UNKNOWN_PROMPT
from textor.job_queue import claims
from textor.models import AnalyzerPrompt, AnalyzerTask
from textor.toolbox import Toolbox

MOST = 10_000
"""Prompts of a task that people add to."""
FORMATS = {"csv": "text/csv", "txt": "text/plain", "json": "application/json"}
COLUMNS = ("n", "start", "end", "prompt", "quote")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What becomes of prompts: `old` is written as `new` wherever it stands, then `ending` is added; `--parameters` of it that
    are there already are changed, not repeated. Empty: not done."""

    old: str = ""
    new: str = ""
    ending: str = ""

    def of(self, content: str) -> str:
        """The prompt as it is then."""
        replaced = content.replace(self.old, self.new) if self.old else content
        return prompt_wording.with_ending(replaced, self.ending)


def listed(task: AnalyzerTask) -> Sequence[AnalyzerPrompt]:
    """In the task's order."""
    mine = select(AnalyzerPrompt).where(AnalyzerPrompt.task_id == task.id)
    return db.session.scalars(mine.order_by(AnalyzerPrompt.place, AnalyzerPrompt.id)).all()


def change(tools: Toolbox, user_id: int, task_id: int, texts: Mapping[int, str]) -> None:
    """Write these prompts anew, by id. Raises InvalidInput for one that says nothing."""
    written = {prompt_id: content(text) for prompt_id, text in texts.items()}
    found = _chosen(_held(tools, user_id, task_id), written)
    for one in found:
        one.content = written[one.id]
    db.session.commit()


def add(tools: Toolbox, user_id: int, task_id: int, text: str) -> AnalyzerPrompt:
    """One more, at the end. Raises InvalidInput."""
    written, there = content(text), _held(tools, user_id, task_id)
    if len(there) >= MOST:
        raise InvalidInput(f"A task has at most {MOST:,} prompts.", field="prompts")
    row = AnalyzerPrompt(task_id=task_id, place=there[-1].place + 1 if there else 0, content=written)
    db.session.add(row)
    db.session.commit()
    return row


def move(tools: Toolbox, user_id: int, task_id: int, prompt_id: int, place: int) -> None:
    """Put it at that place, counted from 0; what is beyond the end is the end."""
    there = _held(tools, user_id, task_id)
    (one,) = _chosen(there, {prompt_id})
    others = [other for other in there if other is not one]
    others.insert(max(0, place), one)
    _place(others)
    db.session.commit()


def reorder(tools: Toolbox, user_id: int, task_id: int, ids: Sequence[int]) -> None:
    """These first, in this order; others follow as they stood. Raises InvalidInput where one is named twice."""
    if len(set(ids)) != len(ids):
        raise InvalidInput("Each prompt once, please.", field="ids")
    there = _held(tools, user_id, task_id)
    _chosen(there, ids)
    by_id = {one.id: one for one in there}
    _place([*(by_id[prompt_id] for prompt_id in ids), *(one for one in there if one.id not in set(ids))])
    db.session.commit()


def replace(tools: Toolbox, user_id: int, task_id: int, ids: Collection[int], wanted: Rewrite) -> int:
    """Change these the same way; how many are not as they were. Raises InvalidInput where one would say nothing, and then none is
    changed."""
    found = _chosen(_held(tools, user_id, task_id), ids)
    written = {one.id: content(wanted.of(one.content)) for one in found}
    changed = [one for one in found if one.content != written[one.id]]
    for one in changed:
        one.content = written[one.id]
    db.session.commit()
    return len(changed)


def merge(tools: Toolbox, user_id: int, task_id: int, ids: Collection[int]) -> AnalyzerPrompt:
    """Make one of them, at the place of the first, that pictures all their time; `--parameters` stand in it once. Raises
    InvalidInput where there are not several."""
    there = _held(tools, user_id, task_id)
    found = _chosen(there, ids)
    if len(found) < 2:
        raise InvalidInput("Choose at least two prompts.", field="ids")
    first, rest = found[0], found[1:]
    first.content = content(prompt_wording.merged(one.content for one in found))
    first.start = min((one.start for one in found if one.start is not None), default=None)
    first.end = max((one.end for one in found if one.end is not None), default=None)
    first.quote = " … ".join(one.quote for one in found if one.quote) or None
    gone = {one.id for one in rest}
    _drop(gone)
    _place([one for one in there if one.id not in gone])
    db.session.commit()
    return first


def delete(tools: Toolbox, user_id: int, task_id: int, ids: Collection[int]) -> None:
    """Take these away."""
    there = _held(tools, user_id, task_id)
    gone = {one.id for one in _chosen(there, ids)}
    _drop(gone)
    _place([one for one in there if one.id not in gone])
    db.session.commit()


def exported(task: AnalyzerTask, kind: str) -> tuple[str, str, bytes]:
    """A file of all prompts: its name, its media type, its bytes. txt has a line for each, to be pasted. Raises NotFound."""
    if kind not in FORMATS:
        raise NotFound(f"There is no such file format. Available: {', '.join(FORMATS)}.")
    rows = listed(task)
    write = {"csv": _csv, "txt": _txt, "json": _json}[kind]
    return file_name(task.name, kind), FORMATS[kind], write(task, rows)


def _held(tools: Toolbox, user_id: int, task_id: int) -> list[AnalyzerPrompt]:
    """All prompts of one's own task, which nobody else changes until this transaction is over."""
    analyzer.find(user_id, task_id)
    over = (AnalyzerTask.id == task_id, AnalyzerTask.user_id == user_id, AnalyzerTask.status.not_in(analyzer_fields.OPEN))
    if not claims.change(update(AnalyzerTask).where(*over).values(updated_at=tools.clock.now())):
        db.session.rollback()
        raise WrongState(analyzer_fields.AT_WORK)
    mine = select(AnalyzerPrompt).where(AnalyzerPrompt.task_id == task_id).execution_options(populate_existing=True)
    return list(db.session.scalars(mine.order_by(AnalyzerPrompt.place, AnalyzerPrompt.id)).all())


def _chosen(there: Sequence[AnalyzerPrompt], ids: Collection[int]) -> list[AnalyzerPrompt]:
    """Those, in the task's order."""
    wanted = set(ids)
    found = [one for one in there if one.id in wanted]
    if len(found) < len(wanted):
        db.session.rollback()
        raise NotFound(UNKNOWN_PROMPT)
    return found


def _place(rows: Sequence[AnalyzerPrompt]) -> None:
    """Number them by their order."""
    moved = [{"of": one.id, "to": place} for place, one in enumerate(rows) if one.place != place]
    if not moved:
        return
    db.session.flush()
    table = AnalyzerPrompt.__table__
    numbered = update(table).where(table.c.id == bindparam("of")).values(place=bindparam("to"))  # type: ignore[arg-type]  # a Table it is
    db.session.connection().execute(numbered, moved)


def _drop(ids: Collection[int]) -> None:
    db.session.execute(delete_rows(AnalyzerPrompt).where(AnalyzerPrompt.id.in_(ids)))


def _csv(_task: AnalyzerTask, rows: Sequence[AnalyzerPrompt]) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets need; no cell is a formula."""
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow(COLUMNS)
    for n, one in enumerate(rows, 1):
        sheet.writerow((n, _time(one.start), _time(one.end), cell(one.content), cell(one.quote or "")))
    return text.getvalue().encode("utf-8-sig")


def _txt(_task: AnalyzerTask, rows: Sequence[AnalyzerPrompt]) -> bytes:
    return "".join(f"{clean(one.content)}\n" for one in rows).encode()


def _json(task: AnalyzerTask, rows: Sequence[AnalyzerPrompt]) -> bytes:
    found = [{"id": one.id, "prompt": one.content, "start": one.start, "end": one.end, "quote": one.quote} for one in rows]
    told = {"id": task.id, "name": task.name, "generator": task.generator, "model": task.model, "prompts": found}
    return json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n"


def _time(seconds: float | None) -> str:
    return "" if seconds is None else timecode.precise(seconds)
