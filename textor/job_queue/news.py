"""What providers have called back about, on its way from the web to whoever has the shift.

It is in Redis alone: what is lost there costs the time until the next look. The web writes nothing to the database, else a
thousand callbacks would stand in line with the shift's own writes.
"""

from typing import Any

from redis.exceptions import RedisError

from textor.toolbox import Toolbox

KEY, MOST = "textor:shift:news", 10_000


def tell(tools: Toolbox, slice_id: int) -> None:
    """A slice's provider has news of it. Raises RedisError."""
    tools.redis.rpush(KEY, slice_id)
    tools.redis.ltrim(KEY, -MOST, -1)


def heard(tools: Toolbox) -> set[int]:
    """The slices there is news of, told once."""
    try:
        found: Any = tools.redis.lpop(KEY, MOST)
    except RedisError:
        return set()
    return {int(slice_id) for slice_id in found or ()}
