"""Who uses Textor in a chaos run: people with accounts and two tabs each, one on either web, who note what they have done."""

import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import httpx

from tests.chaos import sounds

PASSWORD = "Chaos, but not for rows!"
PATIENCE_SECONDS = 40  # SQLite lets a writer wait for 30 s
MOST_OPEN = 5
MOST_KEPT = 30

REDO = frozenset({"retry", "undo"})
HIDE = frozenset({"delete"})


@dataclass(slots=True)
class Deed:
    """Something asked for of one transcription. Nobody knows what came of it while it has no `end` (a monotonic time)."""

    kind: str
    id: str
    begin: float
    end: float | None = None


@dataclass
class Diary:
    """What people did. Written by their threads, read by the observer's."""

    accepted: dict[str, float] = field(default_factory=dict)
    """By id: when the web had said yes."""
    uploads: dict[str, str] = field(default_factory=dict)
    """By id: the engine that was asked for."""
    deeds: list[Deed] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, kind: str, transcription_id: str) -> Deed:
        deed = Deed(kind, transcription_id, time.monotonic())
        with self._lock:
            self.deeds.append(deed)
        return deed

    def excuses(self, kinds: frozenset[str], transcription_id: str, since: float, until: float) -> bool:
        """Whether somebody's own deed may have changed a transcription between two moments."""
        with self._lock:
            return any(
                deed.id == transcription_id and deed.kind in kinds and deed.begin <= until and (deed.end or until) >= since
                for deed in self.deeds
            )

    def count(self, kinds: frozenset[str], transcription_id: str) -> int:
        with self._lock:
            return sum(deed.id == transcription_id and deed.kind in kinds for deed in self.deeds)


@dataclass(frozen=True, slots=True)
class Standing:
    """One's own transcription, as the observer has seen it last."""

    id: str
    status: str
    is_deleted: bool


Look = Callable[[Sequence[str]], list[Standing]]
OPEN = {"pending", "queued", "processing"}


class Person(threading.Thread):
    """Uploads, cancels, tries again, deletes and brings back, until `stop`. `look` tells how one's own transcriptions stand."""

    def __init__(self, number: int, seed: int, webs: Sequence[str], diary: Diary, look: Look) -> None:
        super().__init__(name=f"person{number}", daemon=True)
        self._number, self._webs, self._diary, self._look = number, webs, diary, look
        self._dice = random.Random(seed * 1_000 + number)
        self._client = httpx.Client(timeout=PATIENCE_SECONDS, headers={"Accept": "text/html"})
        self._token = ""
        self._mine: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        with self._client:
            while not self.stop.is_set() and not self._token:
                with suppress(httpx.HTTPError):
                    self._sign_up()
            while not self.stop.wait(self._dice.uniform(0.05, 1.2)):
                self._act(self._look(self._mine))

    def _sign_up(self) -> None:
        name, web = f"somebody{self._number}", self._webs[self._number % 2]
        form = {"username": name, "email": f"{name}@textor.example", "password": PASSWORD, "password_again": PASSWORD}
        answer = self._client.post(f"{web}/signup", data=form | {"csrf_token": self._csrf(f"{web}/signup")})
        if answer.status_code != 303:
            raise httpx.HTTPError(f"signing up was answered by {answer.status_code}")
        self._token = self._csrf(f"{web}/transcripts")

    def _csrf(self, address: str) -> str:
        found = re.search(r'name="csrf_token"\s+value="([^"]+)"', self._client.get(address, follow_redirects=True).text)
        assert found, address
        return found[1]

    def _act(self, mine: list[Standing]) -> None:
        waiting = [one.id for one in mine if one.status in OPEN and not one.is_deleted]
        over = [one.id for one in mine if one.status not in OPEN and not one.is_deleted]
        hidden = [one.id for one in mine if one.is_deleted]
        chance = self._dice.random()
        running = [one.id for one in mine if one.status == "processing" and self._diary.uploads[one.id] == "quick"]
        if chance < 0.14 and waiting:
            self._do("cancel", self._dice.choice(running or waiting))
        elif chance < 0.2 and waiting:
            self._do("delete", self._dice.choice(running or waiting))
        elif chance < 0.26 and hidden:
            self._do("undo", self._dice.choice(hidden))
        elif chance < 0.3 and over:
            one = self._dice.choice(over)
            self._together([("retry", one), ("delete", one)])
        elif chance < 0.4 and over and not waiting:
            self._together([("retry", one) for one in self._dice.sample(over, min(4, len(over)))])
        elif over and (chance < 0.44 or len(mine) - len(hidden) > MOST_KEPT):
            self._do("delete", over[0])
        elif len(waiting) < MOST_OPEN:
            self._uploads(3 if chance > 0.8 else 1)

    def _uploads(self, count: int) -> None:
        """Several at the same moment: through both webs."""
        _at_once([partial(self._upload, n, self._dice.getrandbits(60)) for n in range(count)])

    def _upload(self, n: int, seed: int) -> None:
        dice = random.Random(seed)
        engine = "assemblyai" if dice.random() < 0.45 else "quick"
        longest = 34.0 if engine == "assemblyai" else 100.0
        seconds = longest if dice.random() < 0.2 else dice.uniform(1.0, 4.0)
        file = {"file": (f"{seed}.wav", sounds.recording(seed, seconds), "audio/wav")}
        headers = {"X-CSRFToken": self._token, "Accept": "application/json"}
        with suppress(httpx.HTTPError):
            web = self._webs[(self._number + n) % 2]
            answer = self._client.post(f"{web}/transcripts", data={"engine": engine}, files=file, headers=headers)
            if answer.status_code == 201:
                row_id = answer.json()["id"]
                self._diary.uploads[row_id] = engine
                self._diary.accepted[row_id] = time.monotonic()
                self._mine.append(row_id)
            else:
                self._diary.refusals.append(f"upload {answer.status_code} {answer.text[:200]!r}")

    def _together(self, wishes: Sequence[tuple[str, str]]) -> None:
        """Several wishes at once, from two tabs, some of them contrary."""
        _at_once([partial(self._do, kind, one, tab) for tab, (kind, one) in enumerate(wishes)])

    def _do(self, kind: str, transcription_id: str, tab: int = 0) -> None:
        deed = self._diary.begin(kind, transcription_id)
        address = f"{self._webs[(self._number + tab) % 2]}/transcripts/{transcription_id}/{kind}"
        with suppress(httpx.HTTPError):
            answer = self._client.post(address, data={"csrf_token": self._token})
            if answer.status_code < 500:  # else it may still be done, or may have been
                deed.end = time.monotonic()
            if answer.status_code not in {303, 404, 409}:
                self._diary.refusals.append(f"{kind} {answer.status_code}")


def _at_once(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
