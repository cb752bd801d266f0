"""The provider of the bench: the emulated AssemblyAI, whose jobs take until they are told to end."""

import time
from collections import Counter
from typing import Any

from aiohttp import web

from tests.emulators import provider
from tests.emulators.assemblyai import AssemblyAI
from tests.emulators.speech import LEXICON, Spoken

KEY = "bench-key"
FOREVER = (86_400.0, 86_400.0)
WORDS = tuple(Spoken(LEXICON[n % len(LEXICON)] + "." * (n % 8 == 7), n * 0.4, n * 0.4 + 0.36) for n in range(150))
"""A minute of speech."""


class Patient(AssemblyAI):
    """Remembers when each job ended, by the machine's clock."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.ended: dict[str, float] = {}
        self.noted: Counter[str] = Counter()

    def note(self, kind: str, status: int, about: str = "") -> None:
        self.noted[f"{kind} {status}"] += 1

    def application(self) -> web.Application:
        app = super().application()
        app.add_routes([web.post("/_end", self._end_some), web.get("/_ended", self._told)])
        return app

    async def _end_some(self, request: web.Request) -> web.Response:
        """`count` of the jobs that run, one by one over `seconds`."""
        wish = await request.json()
        running = [id_ for id_, job in self.jobs.items() if not job.is_over and id_ not in self.ended]
        chosen = running[: wish["count"]]
        for place, id_ in enumerate(chosen):
            self.ended[id_] = 0.0
            self._loop.call_later(wish["seconds"] * place / len(chosen), self._end, id_)
        return web.json_response({"count": len(chosen)})

    def _end(self, id_: str) -> None:
        self.ended[id_] = time.time()
        self.finish(id_)

    async def _told(self, request: web.Request) -> web.Response:
        return web.json_response(self.ended)

    def statistics(self) -> dict[str, Any]:
        """Cheap: it is asked while others are measured."""
        return {"noted": self.noted, "in_flight": self.in_flight}


if __name__ == "__main__":
    provider.run(Patient(KEY, seconds=FOREVER, script=lambda _: WORDS))
