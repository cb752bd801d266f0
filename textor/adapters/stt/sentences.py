"""Words with times, cut into segments as people read them: where a sentence ends, at a long pause, else at the best place."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import fmean

from textor.domain.transcript import Segment, Word

PAUSE_SECONDS = 2.0
SHORTEST_SECONDS = 1.0
"""A sentence as short as "Yes." goes together with the next one, unless the speaker pauses."""
BREATH_SECONDS = 0.5
LONGEST_SECONDS = 10.0
CLAUSE_SECONDS = 0.4
"""How much of a pause the end of a clause is worth when a long sentence must be cut."""
SENTENCE_END = re.compile(r"""[.!?…؟۔。！？।]["'”’»)\]]*$""")
CLAUSE_END = re.compile(r"""[,;:،؛、，；：—–]["'”’»)\]]*$""")
ABBREVIATION = re.compile(r"(?:\w\.)+|(?:mr|mrs|ms|dr|prof|st|jr|sr|vs)\.", re.IGNORECASE)

Stretch = Sequence[Word]


def segments(words: Stretch, text: str = "", speaker: str | None = None) -> Iterator[Segment]:
    """The segments of one speaker's `words`. `text` is what the engine made of them: where they all stand in it, one after the
    other, spaces are set as there; else one between any two."""
    places = _places(words, text)
    begin = 0
    for stretch in (piece for sentence in _sentences(words) for piece in _pieces(sentence)):
        end = begin + len(stretch)
        written = text[places[begin][0] : places[end - 1][1]] if places else " ".join(word.text for word in stretch)
        yield _segment(stretch, written, speaker)
        begin = end


def _segment(words: Stretch, text: str, speaker: str | None) -> Segment:
    rated = [word.confidence for word in words if word.confidence is not None]
    return Segment(
        start=words[0].start,
        end=max(word.end for word in words),
        text=text,
        words=tuple(words),
        confidence=round(fmean(rated), 3) if rated else None,
        speaker=speaker,
    )


def _places(words: Stretch, text: str) -> list[tuple[int, int]]:
    """From where to where each word stands in `text`; nothing where one can't be found."""
    places: list[tuple[int, int]] = []
    begin = 0
    for word in words:
        begin = text.find(word.text, begin)
        if begin < 0:
            return []
        places.append((begin, begin + len(word.text)))
        begin += len(word.text)
    return places


def _sentences(words: Stretch) -> Iterator[Stretch]:
    begin = 0
    for place, (word, following) in enumerate(pairwise(words), 1):
        pause = following.start - word.end
        is_long = word.end - words[begin].start >= SHORTEST_SECONDS or pause >= BREATH_SECONDS
        if pause >= PAUSE_SECONDS or (is_long and _ends_sentence(word)):
            yield words[begin:place]
            begin = place
    if words:
        yield words[begin:]


def _ends_sentence(word: Word) -> bool:
    return bool(SENTENCE_END.search(word.text)) and not ABBREVIATION.fullmatch(word.text)


def _pieces(words: Stretch) -> Iterator[Stretch]:
    """`words` in pieces that are not too long: cut at the longest pause or clause's end, rather in the middle than at an edge."""
    seconds = words[-1].end - words[0].start
    if seconds <= LONGEST_SECONDS or len(words) == 1:
        yield words
        return
    cut = max(range(1, len(words)), key=lambda place: _worth(words, place, seconds))
    yield from _pieces(words[:cut])
    yield from _pieces(words[cut:])


def _worth(words: Stretch, place: int, seconds: float) -> float:
    before, after = words[place - 1], words[place]
    edge = min(before.end - words[0].start, words[-1].end - after.start) / seconds  # 0..0.5
    return (after.start - before.end) + CLAUSE_SECONDS * bool(CLAUSE_END.search(before.text)) + edge
