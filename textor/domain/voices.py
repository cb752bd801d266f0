"""Voices over slices: an engine names speakers anew in each; who talks in the seconds that two of them share tells who is who."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from textor.domain.merging import Heard
from textor.domain.transcript import Segment

LEAST_SECONDS = 0.5
"""Of talking at the same time in both hearings; less may be the edge of somebody else's turn."""


def matched(heard: Sequence[Heard], people: int | None = None) -> list[Heard]:
    """The slices, each voice under one name: the one that it has in the slice where it was heard first.

    `people` is how many speak, where that is known. Whoever is silent in the seconds that two slices share can't be told from
    somebody new, and gets a name of their own. A channel's voice is its speaker already.
    """
    mixed = sorted((one for one in heard if one.channel is None), key=lambda one: one.start)
    named = [one for one in heard if one.channel is not None]
    known: list[str] = []
    before: Heard | None = None
    for n, one in enumerate(mixed, 1):
        names = _names(before, one, known, people)
        for label in _labels(one):
            if label not in names:
                names[label] = label if label not in known else f"{label} (part {n})"
            if names[label] not in known:
                known.append(names[label])
        before = replace(one, segments=[_called(segment, names) for segment in one.segments])
        named.append(before)
    return named


def _names(before: Heard | None, one: Heard, known: Sequence[str], people: int | None) -> dict[str, str]:
    """What those who are known from the slice before are called, by their labels in this one."""
    if before is None or one.overlap <= 0:
        return {}
    together = _together(before, one)
    names: dict[str, str] = {}
    for (label, name), seconds in sorted(together.items(), key=lambda pair: -pair[1]):
        if seconds >= LEAST_SECONDS and label not in names and name not in names.values():
            names[label] = name
    strangers = [label for label in _labels(one) if label not in names]
    silent = [name for name in known if name not in names.values()]
    if names and people is not None and len(known) >= people and len(strangers) == len(silent) == 1:
        names[strangers[0]] = silent[0]
    return names


def _together(before: Heard, one: Heard) -> Mapping[tuple[str, str], float]:
    """How long a voice of this slice talks while one of the slice before does, in the seconds that both have heard."""
    begin, end = one.start, min(before.end, one.start + one.overlap)
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    earlier = [segment for segment in before.segments if segment.speaker and segment.end > begin]
    for later in one.segments:
        for other in earlier if later.speaker else ():
            shared = min(later.end, other.end, end) - max(later.start, other.start, begin)
            if shared > 0:
                seconds[later.speaker or "", other.speaker or ""] += shared
    return seconds


def _labels(one: Heard) -> list[str]:
    return list(dict.fromkeys(segment.speaker for segment in one.segments if segment.speaker))


def _called(segment: Segment, names: Mapping[str, str]) -> Segment:
    return replace(segment, speaker=names[segment.speaker]) if segment.speaker else segment
