"""What may never happen, told from two looks at the database in a row. Each rule yields the sentences of its breaches."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tests.chaos.people import HIDE, REDO, Diary
from textor.domain.job_states import ACTIVE, FINAL, OPEN, Status
from textor.models.slices import SliceState

ONE_ACTIVE = "no user has two active at any instant"
NONE_LOST = "no accepted upload is ever lost"
ALL_RUN = "every pending one runs, oldest first within its user"
NOT_OVERWRITTEN = "what is finished is changed by its owner alone"
ASKED_ONCE = "a provider is asked once per slice"
NOT_BACK = "what was cancelled or deleted does not come back"
INVARIANTS = (ONE_ACTIVE, NONE_LOST, ALL_RUN, NOT_OVERWRITTEN, ASKED_ONCE, NOT_BACK)

ORDER_PATIENCE_SECONDS = 1.0
"""Between a dispatcher's look and its claim an older one may come: by a commit that was late, or a retry."""


Key = tuple[int, int, str | None]


class Row(NamedTuple):
    """A transcription."""

    seq: int
    id: str
    user_id: int
    status: str
    priority: int
    run_token: int
    engine: str
    error: str | None
    text: str | None
    is_with_shift: bool
    heartbeat_at: datetime | None
    finished_at: datetime | None
    deleted_at: datetime | None
    sha256: str

    @property
    def end(self) -> tuple[object, ...]:
        """What stays as it is once it is over."""
        return (self.status, self.run_token, self.text, self.error, self.finished_at)


class Piece(NamedTuple):
    """A slice."""

    id: int
    transcription_seq: int
    n: int
    state: str
    engine: str
    attempts: int
    storage_key: str | None
    due_at: datetime | None

    @property
    def key(self) -> Key:
        """Its own for ever: SQLite gives the id of a slice that is gone to the next one."""
        return (self.transcription_seq, self.n, self.storage_key)


@dataclass(frozen=True, slots=True)
class View:
    """One look at the database, between two monotonic times."""

    begin: float
    end: float
    rows: Mapping[str, Row]
    pieces: Sequence[Piece] = ()

    @property
    def starting(self) -> set[Key]:
        """Slices whose call to the provider is under way."""
        return {piece.key for piece in self.pieces if piece.state == SliceState.STARTING}


class Breach(NamedTuple):
    """An invariant that was broken, and how."""

    invariant: str
    told: str


@dataclass
class Judge:
    """Compares each look with the one before it."""

    diary: Diary
    pending_since: dict[str, tuple[int, float]] = field(default_factory=dict)
    """By id: the run token under which it has been waiting, and since when."""
    upset_at: float = 0.0
    """When a process was last stopped in the midst of what it did."""
    gone: set[str] = field(default_factory=set)

    def breaches(self, before: View, after: View) -> Iterator[Breach]:
        for rule, name in (
            (self._two_active, ONE_ACTIVE),
            (self._lost, NONE_LOST),
            (self._failed_without_reason, NONE_LOST),
            (self._out_of_order, ALL_RUN),
            (self._overwritten, NOT_OVERWRITTEN),
            (self._back, NOT_BACK),
        ):
            for told in rule(before, after):
                yield Breach(name, told)
        self._remember(before, after)

    def _two_active(self, _: View, after: View) -> Iterator[str]:
        active = Counter(row.user_id for row in after.rows.values() if row.status in ACTIVE)
        for user_id in [user_id for user_id, count in active.items() if count > 1]:
            rows = [row for row in after.rows.values() if row.user_id == user_id and row.status in ACTIVE]
            yield f"user {user_id} has {' and '.join(map(str, rows))}"

    def _lost(self, before: View, after: View) -> Iterator[str]:
        said_yes = {one for one, at in list(self.diary.accepted.items()) if at < after.begin}
        for missing in (said_yes | before.rows.keys()) - after.rows.keys() - self.gone:
            if self.diary.excuses(HIDE, missing, 0, after.end):
                self.gone.add(missing)
            else:
                yield f"{missing} is not in the database; last seen as {before.rows.get(missing)}"

    def _failed_without_reason(self, before: View, after: View) -> Iterator[str]:
        for row in after.rows.values():
            if row.status == Status.FAILED and not row.error:
                yield f"failed without a reason: {row}"

    def _out_of_order(self, before: View, after: View) -> Iterator[str]:
        for row in after.rows.values():
            earlier = before.rows.get(row.id)
            if earlier is None or row.status not in ACTIVE or earlier.status != Status.PENDING:
                continue
            for other in after.rows.values():
                if other.user_id == row.user_id and self._goes_first(other, row, before):
                    yield f"{row} was claimed before {other}"

    def _goes_first(self, other: Row, row: Row, before: View) -> bool:
        if other.status != Status.PENDING or (-other.priority, other.seq) >= (-row.priority, row.seq):
            return False
        token, since = self.pending_since.get(other.id, (-1, before.begin))
        waited = before.begin - since
        return token == other.run_token and waited > ORDER_PATIENCE_SECONDS and since > self.upset_at

    def _overwritten(self, before: View, after: View) -> Iterator[str]:
        for was in before.rows.values():
            now = after.rows.get(was.id)
            if now and was.status == Status.PENDING and now.status in FINAL and now.run_token == was.run_token:
                yield f"a run that had lost its claim made {now} of {was}"
            if now is None or was.status not in FINAL or now.end == was.end:
                continue
            if not self.diary.excuses(REDO, was.id, before.begin, after.end):
                yield f"{was} became {now}"

    def _back(self, before: View, after: View) -> Iterator[str]:
        for row in after.rows.values():
            was = before.rows.get(row.id)
            if row.id in self.gone:
                yield f"{row} had been destroyed"
            if row.deleted_at and row.status in OPEN:
                yield f"{row} is deleted and at work"
            is_back = was and was.deleted_at and not row.deleted_at
            if is_back and not self.diary.excuses(REDO, row.id, before.begin, after.end):
                yield f"{was} became {row}"
            if was and row.run_token < was.run_token:
                yield f"the token went back: {was} became {row}"

    def _remember(self, before: View, after: View) -> None:
        for row in after.rows.values():
            known = self.pending_since.get(row.id)
            if row.status != Status.PENDING:
                self.pending_since.pop(row.id, None)
            elif known is None or known[0] != row.run_token:
                self.pending_since[row.id] = (row.run_token, after.end)
