"""How long providers that answer in the call itself take, and how long a piece one of them gets so that a stop can wait for it.

Nobody can ask for such an answer again: where a stop cuts the call off it is made, and charged, once more. Measured by the call:
the pieces of a transcription are heard side by side, and all of it is over in little more time than one of them. Kept in Redis:
what is lost there is measured anew.
"""

from contextlib import suppress
from typing import cast

from redis.exceptions import RedisError

from textor.features.transcription import forecast
from textor.toolbox import Toolbox

KEY = "textor:answering:"
SAMPLES = 50
FEWEST = 3
KEPT_SECONDS = 30 * 24 * 3600
TELLING_SECONDS = 20.0
"""Shorter sound tells how long a request takes, and not how fast the engine is."""

ASSUMED_PACE = 0.05
"""Seconds for a second of sound, upload included, until a provider was measured: hosted ones take a hundredth to a twentieth."""
FASTEST_PACE = 0.001
DRAIN_SHARE = 0.5
"""Of the time that a stop waits, for nine in ten answers: the others are slower, and a call may just have begun."""
SHORTEST_SECONDS = 60.0
"""Engines hear less well what they get in bits; where even this takes longer than a stop waits, a call may be lost."""


def heard(tools: Toolbox, engine: str, model: str | None, sound_seconds: float, call_seconds: float) -> None:
    """A provider has answered: note how fast. May be called from any thread."""
    if sound_seconds < TELLING_SECONDS:
        return
    key = _key(engine, model)
    with suppress(RedisError):
        pipeline = tools.redis.pipeline()
        pipeline.lpush(key, call_seconds / sound_seconds)
        pipeline.ltrim(key, 0, SAMPLES - 1)
        pipeline.expire(key, KEPT_SECONDS)
        pipeline.execute()


def longest_seconds(tools: Toolbox, engine: str, model: str | None) -> float:
    """The longest sound whose answer, as this provider works, comes while a stop still waits."""
    return max(SHORTEST_SECONDS, tools.settings.drain_seconds * DRAIN_SHARE / _pace(tools, engine, model))


def _pace(tools: Toolbox, engine: str, model: str | None) -> float:
    """Nine in ten calls were faster."""
    paces: list[float] = []
    with suppress(RedisError):
        paces = [float(one) for one in cast(list[bytes], tools.redis.lrange(_key(engine, model), 0, -1))]
    return max(FASTEST_PACE, forecast.quantile(paces, 0.9)) if len(paces) >= FEWEST else ASSUMED_PACE


def _key(engine: str, model: str | None) -> str:
    return f"{KEY}{engine}:{model or ''}"
