"""What emulators of providers share: an HTTP server on loopback (a thread or a process), faults, a record of all calls.

    with serving(AssemblyAI(key="...")) as emulator:      # in this process
        emulator.fail(status=503, calls=2)
        ...
    python -m tests.emulators.assemblyai --port 8900      # in its own: prints its URL once it answers

From outside: POST /_faults (a Fault as JSON), DELETE /_faults, GET /_stats.
"""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from threading import Event, Thread
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.emulators.faults import Fault, Faults

NO_ANSWER = 499


class Call(NamedTuple):
    """One event at the provider: `at` is time.time(), `status` the answer (0: none came), `about` what it was about."""

    kind: str
    at: float
    status: int
    about: str = ""


@dataclass
class Provider:
    """A provider on loopback. A subclass adds `routes` (each named by its kind of call) and says who is `allowed`."""

    key: str = "emulator-key"
    port: int = 0

    def __post_init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.faults = Faults()
        self._connections: set[tuple[Any, ...]] = set()

    def routes(self) -> list[web.RouteDef]:
        """What the provider answers; a route's name is the kind of its calls."""
        raise NotImplementedError

    def refusal(self, request: web.Request) -> web.Response | None:
        """The answer to a caller without the key; None for one who has it."""
        raise NotImplementedError

    def error(self, status: int, message: str) -> web.Response:
        """An error in the provider's own dialect."""
        raise NotImplementedError

    def fail(self, **how: Any) -> Fault:
        """Switch a fault on; see Fault."""
        fault = Fault(**how)
        self.faults.add(fault)
        return fault

    def mend(self) -> None:
        """Switch every fault off."""
        self.faults.mend()

    def note(self, kind: str, status: int, about: str = "") -> None:
        self.calls.append(Call(kind, time.time(), status, about))

    def count(self, kind: str) -> int:
        """How many calls of a kind there were, whatever came of them."""
        return sum(call.kind == kind for call in self.calls)

    @property
    def connections(self) -> int:
        """How many connections brought requests so far."""
        return len(self._connections)

    def times(self, kind: str) -> list[float]:
        return [call.at for call in self.calls if call.kind == kind]

    def statistics(self) -> dict[str, Any]:
        """What GET /_stats tells."""
        return {
            "calls": Counter(call.kind for call in self.calls),
            "answers": Counter(f"{call.kind} {call.status}" for call in self.calls),
        }

    async def opened(self) -> None:
        """Called in the server's loop before the first request."""

    async def closed(self) -> None:
        """Called in the server's loop after the last one."""

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._answered], client_max_size=0)
        app.add_routes(self.routes())
        app.add_routes(
            [web.post("/_faults", self._add_fault), web.delete("/_faults", self._mend), web.get("/_stats", self._statistics)]
        )
        return app

    @web.middleware
    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        kind = request.match_info.route.name
        if kind is None:  # ours, or an address that the provider doesn't know
            return await handler(request)
        self._connections.add(request.transport.get_extra_info("peername") if request.transport else ())
        fault = self.faults.take(kind)
        answer = await (self._faulty(fault, request, handler) if fault else self._sound(request, handler))
        self.note(kind, 0 if answer.status == NO_ANSWER else answer.status, request.match_info.get("id", ""))
        return answer

    async def _sound(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        return self.refusal(request) or await handler(request)

    async def _faulty(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        await asyncio.sleep(fault.delay)
        if fault.is_slowness or fault.is_done_first:
            answer = await self._sound(request, handler)
            if fault.is_slowness:
                return answer
        elif not fault.reset:
            await request.read()  # a client that is still sending would not hear the answer
        return _reset(request) if fault.reset else self._false(fault)

    def _false(self, fault: Fault) -> web.Response:
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        if fault.body is not None:
            return web.Response(status=fault.status or 200, text=fault.body, content_type="application/json", headers=headers)
        answer = self.error(fault.status or 500, fault.error or "Something went wrong")
        answer.headers.update(headers)
        return answer

    async def _add_fault(self, request: web.Request) -> web.Response:
        self.fail(**await request.json())
        return web.json_response({})

    async def _mend(self, request: web.Request) -> web.Response:
        self.mend()
        return web.json_response({})

    async def _statistics(self, request: web.Request) -> web.Response:
        return web.json_response(self.statistics())


def _reset(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response(status=NO_ANSWER)


@contextmanager
def serving(provider: Any) -> Iterator[Any]:
    """Answer at `provider.url`, from a thread of this process, until the end of the block."""
    is_ready, loop, end = Event(), asyncio.new_event_loop(), asyncio.Event()
    work = loop.create_task(_serve(provider, is_ready, end))
    thread = Thread(target=_run, args=(loop, work), name=f"emulator-{type(provider).__name__}")
    thread.start()
    try:
        while not is_ready.wait(0.05):
            assert thread.is_alive(), "the emulator did not start"
        yield provider
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(end.set)
        thread.join()


def run(provider: Provider, faults: str = "[]") -> None:
    """Answer until SIGTERM or SIGINT; the first line on stdout is the URL. `faults` is a JSON list of them."""
    for fault in json.loads(faults):
        provider.fail(**fault)
    asyncio.run(_run_process(provider))


async def _run_process(provider: Provider) -> None:
    is_ready, end = _Printed(provider), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    await _serve(provider, is_ready, end)


class _Printed(Event):
    """Tells whoever started the process where it answers."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self._provider = provider

    def set(self) -> None:
        print(self._provider.url, flush=True)
        super().set()


def _run(loop: asyncio.AbstractEventLoop, work: "asyncio.Task[None]") -> None:
    try:
        loop.run_until_complete(work)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _serve(provider: Provider, is_ready: Event, end: asyncio.Event) -> None:
    runner = web.AppRunner(provider.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", provider.port, backlog=1024)
    await site.start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    await provider.opened()
    is_ready.set()
    await end.wait()
    await provider.closed()
    await runner.cleanup()


def as_json(fault: Fault) -> str:
    """For POST /_faults and --faults."""
    return json.dumps(asdict(fault))
