"""python -m tests.chaos: one run, or `--minutes` of them, each with another seed and the databases by turns."""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import sabotage, strikes
from tests.chaos.run import Wish, end_on_signals, run

DATABASES = ("sqlite", "postgresql")
ROUND_SECONDS = 300.0


def main() -> int:
    """The exit code: 1 where an invariant was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=(*DATABASES, "both"), default="both")
    parser.add_argument("--seconds", type=float, default=60, help="of faults, over all rounds")
    parser.add_argument("--round", type=float, default=ROUND_SECONDS, help="seconds of faults in one round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sabotage", choices=("", *sabotage.KINDS), default="")
    parser.add_argument("--only", default="", help=f"kinds of faults, of {', '.join(strikes.WEIGHTS)}")
    given = parser.parse_args()
    seed, left = given.seed or random.randrange(1, 1_000_000), given.seconds
    databases = DATABASES if given.database == "both" else (given.database,)
    end_on_signals()
    while left > 0:
        seconds = min(left / len(databases), given.round)
        for database in databases:
            wish = Wish(database, seconds, seed, given.sabotage, frozenset(filter(None, given.only.split(","))))
            if not _round(wish):
                return 1
        left -= seconds * len(databases)
        seed += 1
    return 0


def _round(wish: Wish) -> bool:
    print(f"{time.strftime('%H:%M:%S')} {wish.database}, {wish.seconds:g} s, seed {wish.seed}", flush=True)
    print("plan:", "; ".join(map(str, strikes.plan(wish.seed, wish.seconds, wish.database, wish.only))), flush=True)
    home = Path(tempfile.mkdtemp(prefix="chaos"))
    try:
        record = run(wish, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(record.report, flush=True)
    return not record.breaches


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
