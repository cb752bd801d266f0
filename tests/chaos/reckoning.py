"""What the end must show, once all faults are over and everything has come to its end."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.chaos.people import REDO, Diary
from tests.chaos.rules import ALL_RUN, ASKED_ONCE, NONE_LOST, NOT_BACK, NOT_OVERWRITTEN, Breach, View
from tests.chaos.watch import Watch
from textor.domain.job_states import FINAL, Status

SPOKEN = re.compile(r"<(\w+):(\d+):(\d+)>")
OWN_FAULT = re.compile("inside Textor")


def breaches(watch: Watch, diary: Diary, statistics: Mapping[str, Any]) -> Iterator[Breach]:
    """All that is wrong in the end."""
    view = watch.view
    yield from (Breach(ALL_RUN, f"never came to an end: {row}") for row in view.rows.values() if row.status not in FINAL)
    yield from (Breach(NONE_LOST, told) for told in _broken(view))
    yield from (Breach(NOT_OVERWRITTEN, told) for told in _torn(view))
    yield from (Breach(ASKED_ONCE, told) for told in _asked_again(watch, diary, statistics))
    yield from (Breach(NOT_BACK, told) for told in _left_there(watch, statistics))


def _broken(view: View) -> Iterator[str]:
    """A fault of the machine is no reason for a recording to fail."""
    for row in view.rows.values():
        if row.status == Status.FAILED and (row.engine == "quick" or OWN_FAULT.search(row.error or "")):
            yield f"failed by no fault of its own: {row}"


def _torn(view: View) -> Iterator[str]:
    """Every hearing that a text is made of must be in it whole, and once."""
    for row in view.rows.values():
        if row.engine != "quick" or row.status != Status.COMPLETED:
            continue
        hearings: defaultdict[str, list[int]] = defaultdict(list)
        counts: dict[str, int] = {}
        for hearing, place, count in SPOKEN.findall(row.text or ""):
            hearings[hearing].append(int(place))
            counts[hearing] = int(count)
        is_whole = all(places == list(range(counts[hearing])) for hearing, places in hearings.items())
        if not hearings or not is_whole:
            yield f"a text of pieces: {row}"


def _asked_again(watch: Watch, diary: Diary, statistics: Mapping[str, Any]) -> Iterator[str]:
    risks = watch.risks()
    for sound, count in statistics["submits"].items():
        owners = watch.heard.get(sound, set())
        redone = sum(diary.count(REDO, one) for one in owners)
        if count > 1 + risks[sound] + redone:
            yield (
                f"a slice of {', '.join(owners) or 'an unknown transcription'} was asked for {count} times: "
                f"{risks[sound]} kills hit its call, it was begun anew {redone} times"
            )


def _left_there(watch: Watch, statistics: Mapping[str, Any]) -> Iterator[str]:
    """Orphans: their ids died with the call that had asked for them."""
    risks = watch.risks()
    for sound, jobs in statistics["kept"].items():
        if len(jobs) > risks[sound]:
            owners = ", ".join(watch.heard.get(sound, ())) or "an unknown transcription"
            yield f"the provider still has jobs of {owners}, begun at {', '.join(jobs)}: {risks[sound]} kills hit its calls"


def summary(view: View) -> str:
    """How many ended how."""
    return ", ".join(f"{count} {status}" for status, count in sorted(Counter(row.status for row in view.rows.values()).items()))
