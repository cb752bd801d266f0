"""A real S3 server on loopback: rclone's, from its wheel. It checks signatures, serves ranges and multipart uploads."""

import os
import re
import shutil
import socket
import subprocess
import sysconfig
import uuid
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import until
from textor.domain.storage_places import Bucket

KEY_ID, SECRET = "the-key-of-the-tests", "the-secret-of-the-tests"
LISTENING = re.compile(r"\[(http://127\.0\.0\.1:(\d+))/\]")


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    url: str

    def bucket(self, prefix: str = "") -> Bucket:
        """A new and empty one."""
        from textor.adapters.storage.s3_client import Connection

        bucket = Bucket(f"bucket-{uuid.uuid4()}", prefix, "", self.url, KEY_ID, SECRET)
        Connection(bucket).asking().create_bucket(Bucket=bucket.name)
        return bucket

    def stop(self) -> None:
        self.process.kill()  # else it waits for uploads that tests left half done
        self.process.wait()


def start(folder: Path) -> Server | None:
    """A server with its buckets in `folder`, or None where the wheel is not installed."""
    program = shutil.which("rclone", path=os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"])))
    if program is None:
        return None
    served, log = folder / "buckets", folder / "log"
    served.mkdir(parents=True)
    options = ["--config", "", "--cache-dir", folder / "cache", "--addr", "127.0.0.1:0"]
    command = [program, "serve", "s3", *map(str, options), "--auth-key", f"{KEY_ID},{SECRET}", str(served)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, env={"HOME": str(folder)}, stdout=file, stderr=file)
    until(lambda: process.poll() is not None or _answers(log), "the S3 server listens")
    listening = LISTENING.search(log.read_text())
    assert listening, log.read_text()
    return Server(process, listening[1])


def _answers(log: Path) -> bool:
    found = LISTENING.search(log.read_text())
    if not found:
        return False
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(found[2]))) == 0
