"""Where two hearings of the same seconds are joined: their words are laid side by side, and one place to change over is chosen.

The alignment is the textbook's (Needleman and Wunsch), over the few words that an overlap holds.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from math import ceil, inf

from textor.domain.transcript import Segment

SLACK_SECONDS = 0.8  # two hearings of one word are no further apart
NEIGHBOUR_SECONDS = 0.3  # different words this close are one word that one side misheard
BORDER_SECONDS = 0.2  # what is heard this close to where its slice was cut off may be half a word
RUN_BONUS = 1.0  # equal words in a row are no accident
UNTIMED_WORTH = 0.25  # of an equal word without times: only several in a row tell anything
UNTIMED_SHARE = 0.25  # of a segment's length: its words may stand so far from where an even pace would put them
MOST_TOKENS_PER_SECOND = 8

# Chinese, Japanese and Thai are written without spaces: every letter is a token.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46"
_TOKEN = re.compile(rf"[{_UNSPACED}][\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*[^\w\s]*|[^\s{_UNSPACED}]+")
_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ـ": None})


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a side, the `place`-th of its segment. Where it has no times of its own they are estimated, right to `slack`."""

    key: str
    start: float
    end: float
    slack: float
    segment: int
    place: int

    @property
    def is_timed(self) -> bool:
        return self.slack == SLACK_SECONDS

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


class Side:
    """One of two hearings, as tokens. Every segment has text."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = list(segments)
        self.tokens = [token for n, segment in enumerate(segments) for token in _tokens(segment, n)]

    def is_inside(self, count: int) -> bool:
        """Whether a segment goes on after the first `count` tokens."""
        return count < len(self.tokens) and self.tokens[count].place > 0

    def until(self, count: int) -> list[Segment]:
        """The segments of the first `count` tokens."""
        if count >= len(self.tokens):
            return self._segments
        token = self.tokens[count]
        part = [_shortened(self._segments[token.segment], 0, token.place)] if token.place else []
        return self._segments[: token.segment] + part

    def since(self, count: int) -> list[Segment]:
        """The segments of all tokens but the first `count`."""
        if count >= len(self.tokens):
            return []
        token = self.tokens[count]
        part = _shortened(self._segments[token.segment], token.place, None)
        return [part, *self._segments[token.segment + 1 :]]

    def between(self, first: int, last: int) -> list[Segment]:
        """The segments of the tokens [first, last)."""
        if first >= last:
            return []
        begin, end = self.tokens[first], self.tokens[last - 1]
        if begin.segment == end.segment:
            return [_shortened(self._segments[begin.segment], begin.place, end.place + 1)]
        whole = self._segments[begin.segment + 1 : end.segment]
        opening = _shortened(self._segments[begin.segment], begin.place, None)
        return [opening, *whole, _shortened(self._segments[end.segment], 0, end.place + 1)]

    def texts(self) -> list[str]:
        """Each token as it is written, with the punctuation that clings to it and the space before it."""
        return [text for segment in self._segments for text in _written(segment)]


@dataclass(frozen=True, slots=True)
class _Column:
    """What stands side by side: a token of the left, of the right, or of both."""

    left: Token | None
    right: Token | None
    is_equal: bool = False


def seam(left: Side, right: Side, begin: float, end: float) -> tuple[int, int]:
    """How many tokens of `left` to keep and of `right` to leave out. Both have heard the seconds from `begin` to `end`."""
    most = ceil((end - begin + 1) * MOST_TOKENS_PER_SECOND)
    untimed = len(left.tokens) - most
    first = next((n for n, t in enumerate(left.tokens) if t.end > begin - t.slack and (t.is_timed or n >= untimed)), None)
    heard = [t for n, t in enumerate(right.tokens) if t.start < end + t.slack and (t.is_timed or n < most)]
    if first is None or not heard:
        return len(left.tokens), 0
    columns = _columns(left.tokens[first:], heard)
    change = _change(columns, begin, end)
    kept = sum(column.left is not None for column in columns[:change])
    return first + kept, sum(column.right is not None for column in columns[:change])


def _change(columns: Sequence[_Column], begin: float, end: float) -> int:
    """Before which column to go over to the right side: what is kept should be far from where its slice was cut off."""
    kept = accumulate((_trust(end - c.left.end) if c.left else 0.0 for c in columns), initial=0.0)
    lost = accumulate((_trust(c.right.start - begin) if c.right else 0.0 for c in columns), initial=0.0)
    gains = [before - after for before, after in zip(kept, lost, strict=True)]
    return max(_crossings(columns), key=lambda n: gains[n])


def _trust(seconds_from_border: float) -> float:
    return seconds_from_border - BORDER_SECONDS


def _crossings(columns: Sequence[_Column]) -> Sequence[int]:
    """Where a change is possible. Of words without times only those stand side by side for sure that are several in a row."""
    runs = [[n for n, _ in group] for is_equal, group in groupby(enumerate(columns), lambda pair: pair[1].is_equal) if is_equal]
    longest = max(runs, key=len, default=[])
    if len(longest) < 2 or all(token.is_timed for column in columns for token in (column.left, column.right) if token):
        return range(len(columns) + 1)
    return range(longest[0], longest[-1] + 2)


def _columns(left: Sequence[Token], right: Sequence[Token]) -> list[_Column]:
    """The best way to lay the two side by side: as many equal words as possible, in runs, close in time."""
    scores, runs = _scores(left, right)
    columns: list[_Column] = []
    i, j, is_equal = len(left), len(right), False
    while i or j:
        is_equal = is_equal or scores[i][j] == runs[i][j]
        takes_left, takes_right = (True, True) if is_equal else _taken(left[:i], right[:j], scores)
        i, j = i - takes_left, j - takes_right
        columns.append(_Column(left[i] if takes_left else None, right[j] if takes_right else None, is_equal))
        is_equal = is_equal and runs[i][j] + RUN_BONUS >= scores[i][j]
    return columns[::-1]


def _scores(left: Sequence[Token], right: Sequence[Token]) -> tuple[list[list[float]], list[list[float]]]:
    """What the best columns of the first i and j tokens are worth: of all ways, and of those that end with two equal words."""
    scores = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    runs = [[-inf] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, one in enumerate(left, 1):
        for j, other in enumerate(right, 1):
            before = scores[i - 1][j - 1]
            runs[i][j] = _likeness(one, other) + max(before, runs[i - 1][j - 1] + RUN_BONUS)
            scores[i][j] = max(scores[i - 1][j], scores[i][j - 1], before + _nearness(one, other), runs[i][j])
    return scores, runs


def _taken(left: Sequence[Token], right: Sequence[Token], scores: Sequence[Sequence[float]]) -> tuple[bool, bool]:
    """Whether the last column has the last of `left`, the last of `right`, or both."""
    i, j = len(left), len(right)
    if not (i and j):
        return i > 0, j > 0
    from_left, from_right = scores[i][j] == scores[i - 1][j], scores[i][j] == scores[i][j - 1]
    if from_left and from_right:
        from_left = left[-1].middle >= right[-1].middle
        return from_left, not from_left
    return (from_left, from_right) if from_left or from_right else (True, True)


def _likeness(one: Token, other: Token) -> float:
    """What two equal words are worth side by side; minus infinity for words that aren't the same."""
    if one.key != other.key or not one.key:
        return -inf
    apart, slack = abs(one.middle - other.middle), max(one.slack, other.slack)
    if apart > slack:
        return -inf
    return 1 - apart if one.is_timed and other.is_timed else UNTIMED_WORTH * (1 - apart / slack)


def _nearness(one: Token, other: Token) -> float:
    return max(0.0, NEIGHBOUR_SECONDS - abs(one.middle - other.middle))


def _tokens(segment: Segment, number: int) -> Iterator[Token]:
    text, spans = _spans(segment)
    if segment.words:
        for place, word in enumerate(segment.words):
            yield Token(_key(word.text), word.start, word.end, SLACK_SECONDS, segment=number, place=place)
        return
    slack = SLACK_SECONDS + 0.01 + UNTIMED_SHARE * (segment.end - segment.start)
    per_letter = (segment.end - segment.start) / len(text)
    for place, (first, last) in enumerate(spans):
        start, end = segment.start + first * per_letter, segment.start + last * per_letter
        yield Token(_key(text[first:last]), start, end, slack, segment=number, place=place)


def _spans(segment: Segment) -> tuple[str, list[tuple[int, int]]]:
    """The segment's text and where each token stands in it. Where the words aren't in the text, they become the text."""
    if not segment.words:
        return segment.text, [match.span() for match in _TOKEN.finditer(segment.text)]
    words = [word.text.strip() for word in segment.words]
    spans = _found(words, segment.text)
    if all(first >= 0 for first, _ in spans):
        return segment.text, spans
    return " ".join(words), _found(words, " ".join(words))


def _found(words: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Where each word stands, one after the other; from -1 where it doesn't."""
    spans, reached = [], 0
    is_odd = len(text.lower()) != len(text)  # a Turkish capital becomes two letters
    for word in words:
        first = text.find(word, reached) if is_odd else text.lower().find(word.lower(), reached)
        reached = first + len(word)
        spans.append((first, reached))
    return spans


def _shortened(segment: Segment, first: int, last: int | None) -> Segment:
    """The tokens [first, last) of a segment, with the punctuation that clings to them."""
    text, spans = _spans(segment)
    tokens = list(_tokens(segment, 0))
    last = len(tokens) if last is None else last
    begin = _border(text, spans, first) if first else 0
    end = _border(text, spans, last) if last < len(spans) else len(text)
    return replace(
        segment,
        start=tokens[first].start if first else segment.start,
        end=tokens[last - 1].end if last < len(tokens) else segment.end,
        text=text[begin:end].strip(),
        words=segment.words[first:last],
    )


def _written(segment: Segment) -> Iterator[str]:
    text, spans = _spans(segment)
    borders = [0, *(_border(text, spans, place) for place in range(1, len(spans))), len(text)]
    return (text[first:last] for first, last in pairwise(borders))


def _border(text: str, spans: Sequence[tuple[int, int]], place: int) -> int:
    """Where the text of the token `place` begins: after the space before it, if there is one."""
    left, right = spans[place - 1][1], spans[place][0]
    gap = re.search(r"\s", text[left:right])
    return left + gap.start() if gap else right


@lru_cache(20_000)
def _key(word: str) -> str:
    """A word as it is compared: without case, marks, punctuation and joiners, Arabic letters and digits in one form."""
    plain = unicodedata.normalize("NFKD", word.casefold()).translate(_LETTERS)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain if c.isalnum())
