"""Thousands of image-prompt tasks in one call: changed or deleted all together or not at all, by as many SQL statements as one.

Ids stand in the statement itself: databases count parameters, and the largest call has more than they allow. What differs from
row to row goes as one statement with many rows. Rows are held in the order of their ids, jobs before tasks, as everywhere.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import analyzer_fields
from textor.job_queue import background
from textor.models import AnalyzerPrompt, AnalyzerTask, Job
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

MOST_ROWS = 10_000
MOST_PROMPTS = 200_000
UNKNOWN_PROMPT = "There is no such prompt."


@dataclass(frozen=True, slots=True)
class WantedPrompt:
    """A prompt as it is to be: one that is there, by its id, or a new one."""

    content: str
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a task. `values` has any of `name`, `task_text` and `helper_instruction`; `prompts` are all that it is
    to have, in this order (others go), None: they stay as they are."""

    id: int
    values: Mapping[str, str] = field(default_factory=dict)
    prompts: Sequence[WantedPrompt] | None = None


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is written, by kind."""

    changed: Sequence[Mapping[str, Any]]
    added: Sequence[Mapping[str, Any]]
    gone: Collection[int]


def change(tools: Toolbox, user_id: int, changes: Sequence[Change]) -> None:
    """Change all of them, in any state; their prompts, while those are not being written. Raises InvalidInput (a value, too many,
    or one named twice), NotFound where one is unknown or somebody else's, WrongState; then nothing is changed. Commits."""
    ids, changes = _once([one.id for one in changes]), [_read(one) for one in changes]
    _check_prompts(changes)
    if not ids:
        return
    rows = _rows(changes, _held(user_id, ids))
    db.session.execute(_quietly(update(AnalyzerTask).where(among(AnalyzerTask.id, ids)).values(updated_at=tools.clock.now())))
    for column in analyzer_fields.FIELDS:
        _write(column, [{"of": one.id, "to": one.values[column]} for one in changes if column in one.values])
    _write_prompts(rows)
    db.session.commit()


def remove(tools: Toolbox, user_id: int, ids: Sequence[int]) -> None:
    """Delete all of them, in any state; whoever writes their prompts stops. Raises NotFound where one is unknown or somebody
    else's, and InvalidInput for too many; then nothing is deleted. Commits."""
    wanted = sorted(set(ids))
    _check_count(wanted)
    if not wanted:
        return
    _cancel_jobs(tools, user_id, wanted)
    _held(user_id, wanted)
    for column in (AnalyzerPrompt.task_id, AnalyzerTask.id):
        db.session.execute(_quietly(delete(column.class_).where(among(column, wanted))))
    db.session.commit()


def _read(one: Change) -> Change:
    """As it is kept. Raises InvalidInput."""
    values = {name: analyzer_fields.FIELDS[name](told) for name, told in one.values.items()}
    wanted = (
        None if one.prompts is None else [WantedPrompt(analyzer_fields.content(each.content), each.id) for each in one.prompts]
    )
    return Change(one.id, values, wanted)


def _once(ids: Sequence[int]) -> list[int]:
    if len(set(ids)) != len(ids):
        raise InvalidInput("Each id once, please.", field="id")
    _check_count(ids)
    return sorted(ids)


def _check_count(ids: Sequence[int]) -> None:
    if len(ids) > MOST_ROWS:
        raise InvalidInput(f"At most {MOST_ROWS:,} tasks in one call, please.", field="id")
    if ids and not 0 < min(ids) <= max(ids) <= analyzer_fields.LARGEST_ID:
        raise NotFound(analyzer_fields.UNKNOWN)


def _check_prompts(changes: Sequence[Change]) -> None:
    wanted = [prompt for one in changes for prompt in one.prompts or ()]
    named = [prompt.id for prompt in wanted if prompt.id is not None]
    if len(set(named)) != len(named):
        raise InvalidInput("Each prompt once, please.", field="prompts")
    if len(wanted) > MOST_PROMPTS:
        raise InvalidInput(f"At most {MOST_PROMPTS:,} prompts in one call, please.", field="prompts")


def _held(user_id: int, ids: Sequence[int]) -> dict[int, str]:
    """The states of these tasks, which nobody else changes until this transaction is over. Raises NotFound unless all are
    there."""
    mine = (among(AnalyzerTask.id, ids), AnalyzerTask.user_id == user_id)
    if db.session.get_bind().dialect.name == "sqlite":  # it knows no FOR UPDATE; a write holds the whole database
        db.session.execute(_quietly(update(AnalyzerTask).where(*mine).values(status=AnalyzerTask.status)))
    statement = select(AnalyzerTask.id, AnalyzerTask.status).where(*mine).order_by(AnalyzerTask.id).with_for_update()
    states = {row.id: row.status for row in db.session.execute(statement)}
    if len(states) < len(ids):
        db.session.rollback()
        raise NotFound(analyzer_fields.UNKNOWN)
    return states


def _rows(changes: Sequence[Change], states: Mapping[int, str]) -> _Rows:
    """What becomes of prompts. Raises NotFound for one that is not the task's, WrongState."""
    about = {one.id: one.prompts for one in changes if one.prompts is not None}
    if any(states[task_id] in analyzer_fields.OPEN for task_id in about):
        db.session.rollback()
        raise WrongState(analyzer_fields.AT_WORK)
    owners = dict[int, int]()
    if about:
        statement = select(AnalyzerPrompt.id, AnalyzerPrompt.task_id).where(among(AnalyzerPrompt.task_id, sorted(about)))
        owners = {row.id: row.task_id for row in db.session.execute(statement)}
    changed, added = list[Mapping[str, Any]](), list[Mapping[str, Any]]()
    for task_id, place, wanted in _wanted(about):
        if wanted.id is None:
            added.append({"task_id": task_id, "place": place, "content": wanted.content})
        elif owners.pop(wanted.id, None) == task_id:
            changed.append({"of": wanted.id, "at": place, "to": wanted.content})
        else:
            db.session.rollback()
            raise NotFound(UNKNOWN_PROMPT)
    return _Rows(changed, added, owners)


def _wanted(about: Mapping[int, Sequence[WantedPrompt]]) -> Iterator[tuple[int, int, WantedPrompt]]:
    return ((task_id, place, wanted) for task_id, several in about.items() for place, wanted in enumerate(several))


def _write(column: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        table: Table = AnalyzerTask.__table__  # type: ignore[assignment]  # a Table it is
        statement = update(table).where(table.c.id == bindparam("of")).values({column: bindparam("to")})
        db.session.connection().execute(statement, rows)


def _write_prompts(rows: _Rows) -> None:
    table: Table = AnalyzerPrompt.__table__  # type: ignore[assignment]  # a Table it is
    connection = db.session.connection()
    if rows.gone:
        connection.execute(delete(table).where(among(AnalyzerPrompt.id, rows.gone)))
    if rows.changed:
        written = update(table).where(table.c.id == bindparam("of"))
        connection.execute(written.values(content=bindparam("to"), place=bindparam("at")), rows.changed)
    if rows.added:
        connection.execute(insert(table), rows.added)


def _cancel_jobs(tools: Toolbox, user_id: int, ids: Sequence[int]) -> None:
    its = select(AnalyzerTask.job_id).where(among(AnalyzerTask.id, ids), AnalyzerTask.user_id == user_id)
    open_ones = (Job.id.in_(its), Job.user_id == user_id, Job.state.in_(background.OPEN))
    found = db.session.scalars(select(Job.id).where(*open_ones).order_by(Job.id).with_for_update()).all()
    if found:
        values = {"state": JobState.CANCELLED, "run_token": Job.run_token + 1, "message": None, "updated_at": tools.clock.now()}
        db.session.execute(_quietly(update(Job).where(*open_ones).values(values)))


def among(column: InstrumentedAttribute[Any], ids: Collection[int]) -> ColumnElement[bool]:
    """Whether it is one of these, however many."""
    found: ColumnElement[bool] = column.in_(bindparam(None, list(ids), expanding=True, literal_execute=True))
    return found


def _quietly(statement: Any) -> Any:
    """Without looking for rows that the session knows."""
    return statement.execution_options(synchronize_session=False)
