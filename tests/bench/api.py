"""How fast the JSON API reads, at 10,000 and at 100,000 recordings of one user: `make bench-api`.

A real gunicorn with two processes; p50 and p95 of one client, requests a second of eight. Texts at 10,000 have 34 KB each, as an
hour of speech has, and are searched; at 100,000 they have 0.3 KB. The last column is each call as a multiple of one that finds
nothing, in the same run: a busy machine slows all alike. ARGS="--rows 1000" does less, DATABASE_URL names another database.
"""

import argparse
import http.client
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote_plus

from flask_migrate import upgrade
from sqlalchemy import insert

from tests.waiting import until
from textor import bootstrap, embedded_redis
from textor import settings as settings_module
from textor.app import create_app
from textor.domain import scopes
from textor.extensions import db
from textor.features.accounts import api_keys, users
from textor.features.accounts.users import NewUser
from textor.features.recordings import search_index
from textor.models import Recording, SegmentRow, Transcription

ROOT = Path(__file__).parents[2]
BATCH = 500
LONG, SHORT, LINES = 34_000, 300, 40
CALLS, CLIENTS, SECONDS = 200, 8, 5.0
VOCABULARY = [f"{a}{b}{c}" for a in ("ka", "mo", "ri", "سلا", "گزا") for b in ("ten", "lu", "م", "رش", "vo") for c in range(40)]
RARE = "pomegranate"


class Caller(http.client.HTTPConnection):
    """A client with a connection of its own to the server's socket."""

    def __init__(self, path: str, key: str) -> None:
        super().__init__("textor.example", timeout=60)
        self._path, self._key = path, key

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self._path)

    def get(self, path: str) -> int:
        """Bytes of the answer."""
        self.request("GET", path, headers={"Authorization": f"Bearer {self._key}"})
        answer = self.getresponse()
        body = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:200]!r}")
        return len(body)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="of long texts; ten times as many of short ones")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for count, length in ((wanted.rows, LONG), (wanted.rows * 10, SHORT)):
            _round(Path(folder) / str(count), count, length)
    return 0


def _round(folder: Path, count: int, length: int) -> None:
    folder.mkdir()
    redis = embedded_redis.start(folder)
    database = os.environ.get("DATABASE_URL", f"sqlite:///{folder / 'textor.db'}")
    environ = {"DATA_DIR": str(folder), "REDIS_URL": redis.url, "DATABASE_URL": database, "LOG_LEVEL": "WARNING"}
    environ |= {"QUOTA_READS": "10000000/minute", "SECRET_KEY": "the benchmark's own secret, used nowhere else"}
    try:
        began_at = time.monotonic()
        key, ids = _seeded(environ, count, length)
        print(f"api: {count} recordings with {length} characters each, made in {time.monotonic() - began_at:.0f} s")
        with _server(environ, folder / "s") as path:
            _measure(path, key, ids, is_searched=length == LONG)
    finally:
        redis.stop()


def _seeded(environ: dict[str, str], count: int, length: int) -> tuple[str, list[str]]:
    """A user with so many finished transcripts; returns a key of theirs and a few ids."""
    app = create_app(settings_module.load(environ))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        tools = bootstrap.tools()
        user = users.register(
            tools, NewUser(f"bench-{uuid.uuid4().hex[:8]}", f"{uuid.uuid4().hex}@textor.example", "Loud-enough1")
        )
        key = api_keys.create(tools, user.id, "bench", scopes.EVERYBODYS).text
        ids: list[str] = []
        for first in range(0, count, BATCH):
            ids += _batch(user.id, range(first, min(first + BATCH, count)), length)
        db.session.remove()
        db.engine.dispose()
    return key, ids[:: max(1, count // 50)]


def _batch(user_id: int, numbers: range, length: int) -> list[str]:
    chance, now = random.Random(numbers.start), datetime(2026, 1, 1, tzinfo=UTC)
    made = [str(uuid.uuid4()) for _ in numbers]
    sound = {
        "user_id": user_id,
        "filename": "a.wav",
        "sha256": "0" * 64,
        "size_bytes": 1,
        "media_type": "audio/wav",
        "container": "wav",
    }
    sound |= {"codec": "pcm_s16le", "seconds": 3600.0, "sample_rate": 16_000, "channels": 1, "created_at": now, "warnings": []}
    row = {
        "user_id": user_id,
        "engine": "sphinx",
        "status": "completed",
        "progress": 100.0,
        "updated_at": now,
        "finished_at": now,
    }
    db.session.execute(insert(Recording), [sound | {"id": one, "title": f"Talk {one[:6]}", "storage_key": one} for one in made])
    texts = [_text(chance, length, is_rare=n % 100 == 0) for n in numbers]
    times = [now + timedelta(seconds=n) for n in numbers]
    rows = [
        row | {"id": one, "recording_id": one, "text": text, "created_at": at}
        for one, text, at in zip(made, texts, times, strict=True)
    ]
    seqs = list(db.session.scalars(insert(Transcription).returning(Transcription.seq, sort_by_parameter_order=True), rows))
    lines = [
        {"transcription_seq": seq, "n": n, "start": 90.0 * n, "end": 90.0 * n + 90, "text": line, "words": []}
        for seq, text in zip(seqs, texts, strict=True)
        for n, line in enumerate(_lines(text))
    ]
    db.session.execute(insert(SegmentRow), lines)
    search_index.put(seqs)
    db.session.commit()
    return made


def _text(chance: random.Random, length: int, *, is_rare: bool) -> str:
    words = chance.choices(VOCABULARY, k=length // 6)
    if is_rare:
        words[len(words) // 2] = RARE
    return " ".join(words)[:length]


def _lines(text: str) -> list[str]:
    size = max(SHORT, len(text) // LINES)
    return [text[at : at + size] for at in range(0, len(text), size)]


@contextmanager
def _server(environ: dict[str, str], path: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "gunicorn", "--bind", f"unix:{path}", "--workers", "2", "--threads", "16", "wsgi:app"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environ}, stderr=subprocess.DEVNULL) as process:
        until(path.exists, "the server listens")
        try:
            yield str(path)
        finally:
            process.send_signal(signal.SIGTERM)


def _measure(path: str, key: str, ids: list[str], *, is_searched: bool) -> None:
    calls: dict[str, Callable[[int], str]] = {
        "a job that isn't there": lambda n: "/api/transcribe/status/nothing",
        "list of 25": lambda n: "/api/transcribe/?page_size=25",
        "page 40 of the list": lambda n: "/api/transcribe/?page_size=25&page=40",
        "list by cursor": lambda n: "/api/transcribe/?view=flat&page_size=25&cursor=",
        "status": lambda n: f"/api/transcribe/status/{ids[n % len(ids)]}",
        "result": lambda n: f"/api/transcribe/result/{ids[n % len(ids)]}",
    }
    if is_searched:
        calls["search, rare word"] = lambda n: _search(RARE)
        calls["search, two common words"] = lambda n: _search(VOCABULARY[n % 90], VOCABULARY[n % 70 + 100])
    print(f"api: {'call':26} {'p50 ms':>8} {'p95 ms':>8} {'req/s':>8} {'KB':>7} {'x first':>9}")
    base = 0.0
    for name, address in calls.items():
        times, size = _alone(Caller(path, key), address)
        middle, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        base = base or middle
        rate = _together(path, key, address)
        print(f"api: {name:26} {middle * 1e3:8.1f} {late * 1e3:8.1f} {rate:8.0f} {size / 1e3:7.1f} {middle / base:9.1f}")


def _search(*words: str) -> str:
    return f"/api/transcribe/search?q={quote_plus(' '.join(words))}"


def _alone(caller: Caller, address: Callable[[int], str]) -> tuple[list[float], int]:
    size, times = 0, []
    for n in range(CALLS + 10):
        began_at = time.perf_counter()
        size = caller.get(address(n))
        times.append(time.perf_counter() - began_at)
    return times[10:], size  # the first ones open connections


def _together(path: str, key: str, address: Callable[[int], str]) -> float:
    def work(first: int) -> int:
        caller, done, ends_at = Caller(path, key), 0, time.monotonic() + SECONDS
        while time.monotonic() < ends_at:
            caller.get(address(first + done))
            done += 1
        return done

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(work, range(0, CLIENTS * 7, 7))) / SECONDS


if __name__ == "__main__":
    raise SystemExit(main())
