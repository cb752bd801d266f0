"""Textor on machines that share a database, Redis and a bucket, but no disk: two webs and three workers under honcho."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import postgres
from tests.emulators import s3
from tests.emulators.assemblyai import AssemblyAI
from tests.emulators.provider import serving
from tests.laws import ROOT
from tests.waiting import until
from textor.adapters.storage.s3 import S3Storage
from textor.features.recordings import sample

READY_SECONDS = 120
DONE_SECONDS = 90
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
WEBS = ("web1", "web2")
MACHINES = {
    **dict.fromkeys(WEBS, "{python} -m gunicorn --bind 127.0.0.1:{port} wsgi:app"),
    "hearing": "{python} worker.py speech text exports downloads webhooks",
    "calling": "{python} worker.py remote shift --scheduler",
    "helping": "{python} worker.py speech shift --scheduler",
}


@dataclass
class Site:
    """A running site, and somebody's browser. `fronts` are the addresses of its webs."""

    fronts: list[str]
    home: Path
    store: S3Storage
    provider: AssemblyAI
    browser: httpx.Client
    processes: "subprocess.Popen[bytes]"

    def post(self, front: str, path: str, fields: dict[str, str], **request: Any) -> httpx.Response:
        """Send a form with the token that the page at its address holds."""
        found = TOKEN.search(self.browser.get(front + path).text)
        assert found, f"no form at {path}"
        return self.browser.post(front + path, data={"csrf_token": found[1]} | fields, **request)

    def upload(self, front: str, engine: str) -> str:
        with sample.FILE.open("rb") as file:
            fields = {"engine": engine, "language": "en"}
            wants_json = {"Accept": "application/json"}
            answer = self.post(front, "/transcripts", fields, files={"file": file}, headers=wants_json)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    def text(self, front: str, url: str) -> str | None:
        answer = self.browser.get(f"{front}{url}/download/txt")
        return answer.text if answer.status_code == 200 else None

    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")[-4000:]


@pytest.fixture
def site(postgresql_server: postgres.Server, redis_url: str, s3_server: s3.Server, tmp_path: Path) -> Iterator[Site]:
    bucket = s3_server.bucket()
    with postgresql_server.database() as database, serving(AssemblyAI("a-key", seconds=(1, 2))) as provider:
        environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
            "TEXTOR_ENV": "production",
            "DATABASE_URL": database,
            "REDIS_URL": redis_url,
            "SECRET_KEY": "one secret for all the machines of the site",
            "STORAGE_URL": f"s3://{bucket.name}/textor?endpoint={bucket.endpoint_url}",
            "AWS_ACCESS_KEY_ID": bucket.key_id,
            "AWS_SECRET_ACCESS_KEY": bucket.secret,
            "ASSEMBLYAI_API_KEY": "a-key",
            "ASSEMBLYAI_BASE_URL": provider.url,
            "WEB_CONCURRENCY": "1",
            "WORKERS": "1",
            "PYTHONPATH": str(ROOT),
        }
        ports = [free_port() for _ in WEBS]
        upgraded = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        subprocess.run(upgraded, cwd=ROOT, env=environ | {"DATA_DIR": str(tmp_path / "release")}, check=True, timeout=60)
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(_honcho(tmp_path, ports), cwd=ROOT, env=environ, stdout=log, stderr=log)
        store = S3Storage(replace(bucket, prefix="textor"), tmp_path)
        try:
            with httpx.Client(timeout=20) as browser:
                yield Site([f"http://127.0.0.1:{port}" for port in ports], tmp_path, store, provider, browser, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _honcho(home: Path, ports: list[int]) -> list[str]:
    """The command. Every machine has a disk of its own."""
    given = dict(zip(WEBS, ports, strict=True))
    lines = []
    for name, command in MACHINES.items():
        folder = home / name
        filled = command.format(python=sys.executable, port=given.get(name))
        lines.append(f"{name}: exec env DATA_DIR={folder} {filled}\n")
    procfile = home / "Procfile"
    procfile.write_text("".join(lines), encoding="utf-8")
    return [sys.executable, "-m", "honcho", "start", "-f", str(procfile), "-d", str(ROOT), "-e", os.devnull]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def is_whole(site: Site) -> bool:
    assert site.processes.poll() is None, site.log()
    try:
        return all(site.browser.get(f"{front}/health/").status_code == 200 for front in site.fronts)
    except httpx.TransportError:
        return False


@pytest.mark.timeout(400)
def test_a_recording_goes_in_at_one_web_and_comes_out_at_the_other(site: Site) -> None:
    until(lambda: is_whole(site), "both webs answer, and every queue is served", READY_SECONDS)
    left, right = site.fronts
    person = {"username": "alice.holloway", "email": "alice@holloway.org", "password": "Correct-Horse"}
    signed_up = site.post(left, "/signup", person | {"password_again": person["password"]})
    assert signed_up.status_code in {302, 303}, signed_up.text

    here, there = site.upload(left, "sphinx"), site.upload(right, "assemblyai")
    until(lambda: site.text(right, here), "what this machine's engine heard can be read at the other web", DONE_SECONDS)
    until(lambda: site.text(left, there), "what the provider heard can be read at the other web", DONE_SECONDS)

    assert "good to hear from you" in (site.text(right, here) or "")
    assert (site.provider.count("submit"), site.provider.count("upload")) == (1, 1), site.log()
    part = site.browser.get(f"{right}{here}/audio", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, sample.FILE.read_bytes()[10:20])
    assert len(list(site.store.files("recordings/"))) == 2
    assert [path for name in MACHINES for path in (site.home / name).glob("storage/**/*") if path.is_file()] == []
