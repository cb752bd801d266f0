"""python -m tests.bench.queues [--quick] [--only PART ...]: measures and compares; exit code 1 when something is far off."""

import argparse
import os
import sys
import time

from tests.bench.queues import remote, rounds, throughput, turns
from tests.bench.queues.figures import Table

PARTS = ("hand-over", "fairness", "throughput", "rounds", "remote")
DATABASES = ("sqlite", "postgresql")


def main() -> int:
    wishes = argparse.ArgumentParser(description=__doc__)
    wishes.add_argument("--quick", action="store_true", help="a tenth of everything")
    wishes.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    wishes.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    wishes.add_argument("--in-flight", type=int, default=5_000)
    given = wishes.parse_args()
    table, begin, share = Table(), time.monotonic(), 10 if given.quick else 1
    table.title(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: what | Textor | plain RQ worker | ratio | limit")
    if "hand-over" in given.only:
        turns.measure_hand_over(table, max(20, 100 // share))
    if "fairness" in given.only:
        turns.measure_fairness(table, 200 // share)
    if "throughput" in given.only:
        throughput.measure(table, max(10, 24 // share))
    for database in given.databases:
        if "rounds" in given.only:
            rounds.measure(table, database, 100_000 // share, 5_000 // share)
    for database in given.databases:
        if "remote" in given.only:
            table.title(f"At a provider, {database}")
            is_whole = database == given.databases[0]  # the other: with callbacks alone, and fewer
            count = given.in_flight // share // (1 if is_whole else 5)
            remote.measure(table, database, count, 15 / share, is_whole=is_whole)
    table.title(
        f"{time.monotonic() - begin:.0f} s, load {os.getloadavg()[0]:.1f}; far off: {', '.join(table.far_off) or 'nothing'}"
    )
    return bool(table.far_off)


if __name__ == "__main__":
    sys.exit(main())
