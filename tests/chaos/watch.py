"""The observer: looks at the database every few hundredths of a second, with a connection of its own, and judges what it sees."""

import hashlib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from tests.chaos.people import Diary, Standing
from tests.chaos.rules import Breach, Judge, Key, Piece, Row, View
from textor.models import Recording, Slice, Transcription
from textor.models.slices import SliceState

PAUSE_SECONDS = 0.025
STALL_SECONDS = 1.0
"""A look that comes so late tells of a machine that stood still: leases may have run out then."""
CALL_SECONDS = 8.0
"""No call to the provider takes longer. One that is under way is not seen any more once its transcription was cancelled."""
MOST_BREACHES = 12

_ROWS = select(
    Transcription.seq,
    Transcription.id,
    Transcription.user_id,
    Transcription.status,
    Transcription.priority,
    Transcription.run_token,
    Transcription.engine,
    Transcription.error,
    Transcription.text,
    Transcription.is_with_shift,
    Transcription.heartbeat_at,
    Transcription.finished_at,
    Transcription.deleted_at,
    Recording.sha256,
).join(Recording, Transcription.recording_id == Recording.id)
_PIECES = select(
    Slice.id,
    Slice.transcription_seq,
    Slice.n,
    Slice.state,
    Slice.engine,
    Slice.attempts,
    Slice.storage_key,
    Slice.due_at,
)


class Watch(threading.Thread):
    """`breaches` is what it saw; `kills` has, for every kill, the slices whose call to the provider it may have hit."""

    def __init__(self, url: str, storage: Path, diary: Diary) -> None:
        super().__init__(name="watch", daemon=True)
        self.engine = create_engine(url, poolclass=NullPool)
        self.view = View(0.0, 0.0, {})
        self.breaches: list[Breach] = []
        self.judge = Judge(diary)
        self.looks = self.absences = 0
        self.longest_gap = 0.0
        self.sounds: dict[Key, str] = {}
        """SHA-256 of what a slice's provider gets."""
        self.heard: defaultdict[str, set[str]] = defaultdict(set)
        """Which transcriptions a sound belongs to."""
        self.kills: list[set[Key]] = []
        self._called_at: dict[Key, float] = {}
        self._storage = storage
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            try:
                with self.engine.connect() as connection:
                    self._stay(connection.execution_options(isolation_level="AUTOCOMMIT"))
            except SQLAlchemyError:
                self.absences += 1

    def close(self) -> None:
        """The last look is over when this returns."""
        self._over.set()
        self.join()

    def standings(self, ids: Sequence[str]) -> list[Standing]:
        """How transcriptions stood at the last look; those that are gone are left out."""
        rows = [row for row in map(self.view.rows.get, list(ids)) if row]
        return [Standing(row.id, row.status, row.deleted_at is not None) for row in rows]

    @contextmanager
    def risk(self) -> Iterator[None]:
        """Around a kill: the calls that are under way before or after it may be made again."""
        hit = self._starting()
        yield
        self.kills.append(hit | self._starting())

    def risks(self) -> Counter[str]:
        """How many kills may have hit each sound's call."""
        return Counter(self.sounds[piece] for hit in self.kills for piece in hit if piece in self.sounds)

    def _starting(self) -> set[Key]:
        with suppress(SQLAlchemyError), self.engine.connect() as connection:
            view = self._look(connection)
            self._learn(view)
            return self._hit(view)
        return self._hit(self.view)

    def _hit(self, view: View) -> set[Key]:
        """Slices whose call is under way, or may be still after somebody has cancelled it."""
        recent = {piece for piece, at in list(self._called_at.items()) if at > time.monotonic() - CALL_SECONDS}
        return view.starting | recent

    def _stay(self, connection: Connection) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            before, after = self.view, self._look(connection)
            self.looks += 1
            if before.end:
                gap = after.begin - before.end
                self.longest_gap = max(self.longest_gap, gap)
                if gap > STALL_SECONDS:
                    self.kills.append(self._hit(before) | self._hit(after))
            self._learn(after)
            if len(self.breaches) < MOST_BREACHES:
                self.breaches += [one for one in self.judge.breaches(before, after) if one not in self.breaches]
            self.view = after

    def _look(self, connection: Connection) -> View:
        begin = time.monotonic()
        rows = [Row._make(row) for row in connection.execute(_ROWS)]
        end = time.monotonic()
        pieces = [Piece._make(piece) for piece in connection.execute(_PIECES)]
        return View(begin, end, {row.id: row for row in rows}, pieces)

    def _learn(self, view: View) -> None:
        """What each slice sounds like: its own file, or the recording."""
        rows = {row.seq: row for row in view.rows.values()}
        for piece in view.pieces:
            if piece.state == SliceState.STARTING:
                self._called_at[piece.key] = view.end
            elif piece.state != SliceState.WAITING:  # it was answered, and the answer is in the row
                self._called_at.pop(piece.key, None)
        for piece in view.pieces:
            row = rows.get(piece.transcription_seq)
            if piece.key in self.sounds or row is None or piece.state == SliceState.WAITING:
                continue
            with suppress(OSError):
                sound = self._sha256(piece.storage_key) if piece.storage_key else row.sha256
                self.sounds[piece.key] = sound
                self.heard[sound].add(row.id)

    def _sha256(self, key: str) -> str:
        return hashlib.sha256((self._storage / key).read_bytes()).hexdigest()
