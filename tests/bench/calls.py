"""How long a page of 50 recorded calls takes whose sounds are slow to answer: `python -m tests.bench.calls`.

Twilio is the emulator on loopback, each of whose sounds answers after a second. All are looked at together, so that a page takes
hardly more than one look does. Over 2.5 looks is a failure. Nothing is known from earlier: every sound is asked for.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from flask_migrate import upgrade

from tests import factories
from tests.emulators.provider import serving
from tests.emulators.twilio import ACCOUNT, TOKEN, TwilioHost
from textor import bootstrap, embedded_redis
from textor import settings as settings_module
from textor.adapters.telephony.twilio import Twilio
from textor.app import create_app
from textor.features.calls import listing
from textor.features.calls.listing import Bounds, Wanted

RECORDINGS, MEDIA_SECONDS, MOST = 50, 1.0, 2.5
BOUNDS = Bounds(media_seconds=5.0)
ROOT = Path(__file__).parents[2]

Found = TypeVar("Found")


def main() -> int:
    """Print the figures; 1 where a page takes too long."""
    with tempfile.TemporaryDirectory() as folder, serving(TwilioHost()) as host:
        redis = embedded_redis.start(Path(folder))
        try:
            one, page = _measured(Path(folder), redis.url, host)
        finally:
            redis.stop()
    ratio = page / one
    print(f"calls: a look at a sound {one:.2f} s, a page of {RECORDINGS} {page:.2f} s: {ratio:.2f} looks, at most {MOST}")
    return int(ratio > MOST)


def _measured(folder: Path, redis_url: str, host: TwilioHost) -> tuple[float, float]:
    """Seconds of one look, and of a page of all."""
    environ = {"DATA_DIR": str(folder), "REDIS_URL": redis_url, "DATABASE_URL": f"sqlite:///{folder / 'textor.db'}"}
    app = create_app(
        settings_module.load(environ | {"LOG_LEVEL": "WARNING", "SECRET_KEY": "the benchmark's own secret, used nowhere else"})
    )
    host.add(RECORDINGS)
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        twilio = Twilio(ACCOUNT, TOKEN, host.url)
        tools, user_id = replace(bootstrap.tools(), calls=twilio), factories.user("Alice").id
        list(twilio.recordings())  # the SDK is loaded before anything is timed
        host.fail(on="media", delay=MEDIA_SECONDS)
        one, status = _timed(lambda: twilio.media.status(host.recordings[0].sid, BOUNDS.media_seconds))
        seconds, page = _timed(lambda: listing.page(tools, user_id, Wanted(limit=RECORDINGS), BOUNDS))
        assert (status, page.accessible) == (206, RECORDINGS), "every sound was asked for, and answered"
    return one, seconds


def _timed(work: Callable[[], Found]) -> tuple[float, Found]:
    began_at = time.monotonic()
    found = work()
    return time.monotonic() - began_at, found


if __name__ == "__main__":
    sys.exit(main())
