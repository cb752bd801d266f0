"""Other people's servers: on loopback, they check each message with the standardwebhooks library and answer as they are told."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass
class Receiver:
    """Answers with what is next in `answers`, then with 204; a message whose signature is wrong gets 401. `before` runs first."""

    secret: str = ""
    answers: list[int] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None
    url: str = ""
    ids: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    """Those whose signature was right."""

    def hear(self, headers: Mapping[str, str], body: bytes) -> int:
        self.ids.append(headers["webhook-id"])
        self.before()
        try:
            message = Webhook(self.secret).verify(body, dict(headers)) if self.secret else {}
        except WebhookVerificationError:
            return 401
        self.messages.append(message)
        return self.answers.pop(0) if self.answers else 204


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """The receiver at its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.hear({name.lower(): value for name, value in self.headers.items()}, body))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
