"""A lease per user in Redis. Its value names the owner, and every change compares it first: a stale owner can't touch another's.

`textor:lane:{user}` = `<transcription id>:<run token>`, with a time to live.
"""

from redis import Redis

# refresh when mine, create when absent (Redis restarted), refuse when another's
_ACQUIRE = """
local owner = redis.call('GET', KEYS[1])
if (not owner) or owner == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return ARGV[1]
end
return owner
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

# Replaces exactly the owner just proved dead, and only a lease that is older than the grace period: a dispatcher that holds
# the lock and hasn't committed its claim yet looks dead, too. Not so one whose lease is longer than a dispatcher's: it was
# renewed by a run that was there, and would block the lane for as long as it lasts.
_STEAL = """
local owner = redis.call('GET', KEYS[1])
local left, lease = redis.call('PTTL', KEYS[1]), tonumber(ARGV[2])
local is_old = left <= lease - ARGV[4] or left > lease
if (not owner) or owner == ARGV[3] or (owner == ARGV[1] and is_old) then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
  return 1
end
return 0
"""

LONGEST_GRACE_MS = 2_000


def acquire(redis: Redis, user_id: int, owner: str, lease_ms: int) -> str:
    """Take or renew the lane; returns who owns it now."""
    found = redis.register_script(_ACQUIRE)(keys=[_key(user_id)], args=[owner, lease_ms])
    return bytes(found).decode()


def release(redis: Redis, user_id: int, owner: str) -> bool:
    """Give the lane back, if it is `owner`'s."""
    return bool(redis.register_script(_RELEASE)(keys=[_key(user_id)], args=[owner]))


def steal(redis: Redis, user_id: int, dead: str, owner: str, lease_ms: int) -> bool:
    """Take the lane from an owner that the database says is dead."""
    grace_ms = min(LONGEST_GRACE_MS, lease_ms // 2)
    return bool(redis.register_script(_STEAL)(keys=[_key(user_id)], args=[dead, lease_ms, owner, grace_ms]))


def _key(user_id: int) -> str:
    return f"textor:lane:{user_id}"


def holder(redis: Redis, user_id: int) -> str | None:
    """Who holds the lane, for people who look: `<id>:<run_token>`; None where nobody does."""
    found = redis.get(_key(user_id))
    return found.decode() if isinstance(found, bytes) else None
