"""A lease belongs to one owner; nobody else renews, releases or replaces it."""

from redis import Redis

from textor.job_queue import locks

LEASE_MS = 10_000


def test_the_first_takes_it_and_the_second_learns_who_has_it(redis: Redis) -> None:
    assert locks.acquire(redis, 1, "a:1", LEASE_MS) == "a:1"
    assert locks.acquire(redis, 1, "b:1", LEASE_MS) == "a:1"
    assert locks.acquire(redis, 2, "b:1", LEASE_MS) == "b:1"


def test_renewing_refreshes_the_lease_and_recreates_a_lost_one(redis: Redis) -> None:
    locks.acquire(redis, 1, "a:1", 500)
    locks.acquire(redis, 1, "a:1", LEASE_MS)
    assert int(str(redis.pttl("textor:lane:1"))) > 500
    redis.flushdb()
    assert locks.acquire(redis, 1, "a:1", LEASE_MS) == "a:1"


def test_only_the_owner_releases(redis: Redis) -> None:
    locks.acquire(redis, 1, "a:2", LEASE_MS)
    assert not locks.release(redis, 1, "a:1")
    assert locks.release(redis, 1, "a:2")
    assert not redis.exists("textor:lane:1")


def test_a_dead_owners_old_lease_is_stolen_and_a_young_one_is_not(redis: Redis) -> None:
    locks.acquire(redis, 1, "dead:1", LEASE_MS)
    assert not locks.steal(redis, 1, "dead:1", "b:1", LEASE_MS)
    redis.pexpire("textor:lane:1", LEASE_MS - locks.LONGEST_GRACE_MS - 1)
    assert locks.steal(redis, 1, "dead:1", "b:1", LEASE_MS)


def test_the_long_lease_of_a_dead_run_that_the_shift_had_is_stolen_at_once(redis: Redis) -> None:
    locks.acquire(redis, 1, "dead:1", 3_600_000)
    assert locks.steal(redis, 1, "dead:1", "b:1", LEASE_MS)
    assert 0 < int(str(redis.pttl("textor:lane:1"))) <= LEASE_MS


def test_stealing_needs_the_very_owner_that_was_proved_dead(redis: Redis) -> None:
    locks.acquire(redis, 1, "alive:1", LEASE_MS)
    redis.pexpire("textor:lane:1", 10)
    redis.set("textor:lane:1", "alive:1", px=100)
    assert not locks.steal(redis, 1, "dead:1", "b:1", LEASE_MS)
