"""A model hub on loopback that the real huggingface_hub downloads from."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import urlsplit

REVISION = "5" * 40
BEGINNING = 1000


@dataclass
class Hub:
    """One repository. `broken` is a file whose body breaks off; a whole one ends once `may_end` is set; `asked` are the paths."""

    repo: str
    files: Mapping[str, bytes]
    broken: str = ""
    may_end: Event = field(default_factory=Event)
    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Answer at `hub.url` until the end of the block."""

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        hub = self.served
        hub.asked.append(path)
        name = path.rpartition("/")[2]
        if path in (f"/api/models/{hub.repo}", f"/api/models/{hub.repo}/revision/main"):
            self._json({"id": hub.repo, "sha": REVISION, "siblings": [{"rfilename": name} for name in hub.files]})
        elif path.startswith(f"/api/models/{hub.repo}/tree/"):
            self._json(
                [{"type": "file", "path": name, "size": len(data), "oid": _etag(data)} for name, data in hub.files.items()]
            )
        elif path.startswith(f"/{hub.repo}/resolve/") and name in hub.files:
            self._file(hub.files[name], whole=name != hub.broken)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _json(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self, data: bytes, *, whole: bool) -> None:
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206 if begin else 200)
        self.send_header("ETag", f'"{_etag(data)}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data) - begin))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(data[begin : begin + BEGINNING])
        if whole:
            self.served.may_end.wait(timeout=20)
            self.wfile.write(data[begin + BEGINNING :])

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _etag(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
