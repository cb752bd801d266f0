"""A transcript that is longer than a model can read at once, in parts that it can, and the scenes shared out among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from textor.adapters.text_models.port import Passage, TextModel

OWN_TOKENS = 1500
"""Of a model's own words around the passages."""
PASSAGE_TOKENS = 16
"""Around each passage: its number, its time, who speaks."""
SCENE_TOKENS = 250
"""A prompt with its quote, as an answer has it."""
LARGEST_ANSWER = 0.4  # of the window
LEAST_TOKENS = 200  # of passages in a call, whatever the window: below, no scene can be told


@dataclass(frozen=True, slots=True)
class Part:
    """What one call reads, and how many scenes it may tell."""

    passages: Sequence[Passage]
    max_scenes: int

    @property
    def answer_tokens(self) -> int:
        return self.max_scenes * SCENE_TOKENS


def parts(model: TextModel, passages: Sequence[Passage], max_scenes: int, wishes: str = "") -> list[Part]:
    """The whole in parts that fit the model's window beside the user's `wishes`, with at most `max_scenes` scenes together, by
    length; where there are fewer scenes than parts, the longest parts are read. Passages are numbered anew, over the whole."""
    room = _room(model, max_scenes, wishes)
    pieces = list(_numbered(_cut(model, passages, room)))
    groups = list(_grouped(model, pieces, room))
    shares = _shares([sum(_cost(model, one) for one in group) for group in groups], max_scenes)
    return [Part(group, share) for group, share in zip(groups, shares, strict=True) if share]


def _room(model: TextModel, max_scenes: int, wishes: str) -> int | None:
    """Tokens for passages in a call; None: any number."""
    window = model.capabilities.window_tokens
    if window is None:
        return None
    answer = min(max_scenes * SCENE_TOKENS, int(window * LARGEST_ANSWER))
    return max(LEAST_TOKENS, window - answer - OWN_TOKENS - model.tokens(wishes))


def _cost(model: TextModel, passage: Passage) -> int:
    return model.tokens(passage.text) + PASSAGE_TOKENS


def _cut(model: TextModel, passages: Sequence[Passage], room: int | None) -> Iterator[Passage]:
    """Passages, those that are longer than a call in pieces; each piece has its share of the time."""
    for one in passages:
        if room is None or _cost(model, one) <= room:
            yield one
        else:
            yield from _pieces(model, one, room)


def _pieces(model: TextModel, passage: Passage, room: int) -> Iterator[Passage]:
    letters = max(1, len(passage.text) * (room - PASSAGE_TOKENS) // model.tokens(passage.text))
    per_letter = (passage.end - passage.start) / len(passage.text)
    begin = 0
    while begin < len(passage.text):
        end = _end(passage.text, begin, letters)
        start = passage.start + begin * per_letter
        yield replace(passage, text=passage.text[begin:end].strip(), start=start, end=passage.start + end * per_letter)
        begin = end


def _end(text: str, begin: int, letters: int) -> int:
    """Where a piece of at most so many letters ends: after a sentence, else between words, where one ends in its second half."""
    end = begin + letters
    if end >= len(text):
        return len(text)
    for marks in (".!?؟۔。…", " \t"):
        place = max(text.rfind(mark, begin + letters // 2, end) for mark in marks)
        if place >= 0:
            return place + 1
    return end


def _numbered(passages: Iterator[Passage]) -> Iterator[Passage]:
    said = (one for one in passages if one.text.strip())
    return (replace(one, id=n) for n, one in enumerate(said))


def _grouped(model: TextModel, passages: Sequence[Passage], room: int | None) -> Iterator[list[Passage]]:
    """As few groups as hold them in order, about equally long: a short rest would get a scene of its own."""
    whole = sum(_cost(model, one) for one in passages)
    fair = whole if room is None else whole / max(1, -(-whole // room))
    group: list[Passage] = []
    size = 0
    for one in passages:
        cost = _cost(model, one)
        if group and (size >= fair or (room is not None and size + cost > room)):
            yield group
            group, size = [], 0
        group.append(one)
        size += cost
    if group:
        yield group


def _shares(lengths: Sequence[int], scenes: int) -> list[int]:
    """So many scenes by length (largest remainders), one for each at least where there are enough."""
    spare = scenes - len(lengths)
    if spare < 0:
        longest = sorted(range(len(lengths)), key=lambda n: (-lengths[n], n))[:scenes]
        return [int(n in longest) for n in range(len(lengths))]
    exact = [spare * length / max(1, sum(lengths)) for length in lengths]
    shares = [1 + int(one) for one in exact]
    behind = sorted(range(len(lengths)), key=lambda n: (int(exact[n]) - exact[n], n))
    for n in behind[: scenes - sum(shares)]:
        shares[n] += 1
    return shares
