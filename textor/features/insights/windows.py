"""How much a model reads and writes in one call, and a long transcript in parts of that size: nothing of it is left out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from textor.adapters.text_models.port import Passage, TextModel
from textor.errors import InvalidInput

OWN_TOKENS = 1200
"""Of a model's own words around the passages."""
PASSAGE_TOKENS = 18
"""Around each passage: its number, its time, who speaks."""
TOKENS_PER_WORD = 4
"""Rather too many than too few: Persian has as many."""
AROUND_ANSWER = 600
"""Topics and citations beside a summary's words."""
LARGEST_ANSWER = 1 / 3
"""Of the window."""
WITHOUT_WINDOW = 600_000
"""A model that reads any amount gets this many tokens at once: its time and memory are bounded, too."""
LEAST_ROOM = 400
LEAST_POINT_WORDS, MOST_POINT_WORDS = 20, 600
WINDOW_FOR_A_POINT_WORD = 40
"""Tokens: of what a window of 8,000 holds there are 200 words of points."""
SENTENCE_ENDS, WORD_ENDS = ".!?؟۔。！？…\n", " \t"


def most_words(model: TextModel, wanted: int) -> int:
    """How long a summary may be, of so many words that are wanted."""
    window = model.capabilities.window_tokens
    return wanted if window is None else max(1, min(wanted, (int(window * LARGEST_ANSWER) - AROUND_ANSWER) // TOKENS_PER_WORD))


def answer_tokens(words: int) -> int:
    """What a summary of so many words may take."""
    return AROUND_ANSWER + words * TOKENS_PER_WORD


def room(model: TextModel, words: int, wish: str = "") -> int:
    """The tokens that are left for passages beside a summary of so many words and what the user wishes for."""
    window = model.capabilities.window_tokens
    return WITHOUT_WINDOW if window is None else window - OWN_TOKENS - answer_tokens(words) - model.tokens(wish)


def point_words(model: TextModel) -> int:
    """How much is said about one part of several."""
    words = (model.capabilities.window_tokens or WITHOUT_WINDOW) // WINDOW_FOR_A_POINT_WORD
    return most_words(model, min(max(words, LEAST_POINT_WORDS), MOST_POINT_WORDS))


def check(model: TextModel, words: int, wish: str) -> None:
    """Raises InvalidInput where nothing could be read beside what is wanted."""
    if min(room(model, most_words(model, words), wish), room(model, point_words(model), wish)) < LEAST_ROOM:
        raise InvalidInput(f"{model.title} can't read enough at once for this. Choose another model.", field="model_name")


def cost(model: TextModel, passage: Passage) -> int:
    """What a passage takes of the room."""
    return model.tokens(passage.text) + model.tokens(passage.speaker or "") + PASSAGE_TOKENS


def whole(model: TextModel, passages: Sequence[Passage]) -> int:
    """What all of them take."""
    return sum(cost(model, one) for one in passages)


def pieces(model: TextModel, passages: Sequence[Passage], most: int) -> Iterator[Passage]:
    """Passages with a text, each as one that fits into `most` tokens or as several that do; numbered as they were."""
    for one in passages:
        text = one.text.strip()
        while text:
            begin = text if cost(model, replace(one, text=text)) <= most else _beginning(model, text, most)
            yield replace(one, text=begin.strip())
            text = text[len(begin) :].strip()


def numbered(passages: Iterator[Passage]) -> list[Passage]:
    """By their places."""
    return [replace(one, id=n) for n, one in zip(count(), passages, strict=False)]


def parts(model: TextModel, passages: Sequence[Passage], most: int) -> Iterator[list[Passage]]:
    """In their order, as few parts as hold `most` tokens each, all about as large: a short rest would be told at length."""
    fair = whole(model, passages) / max(1, -(-whole(model, passages) // most))
    part: list[Passage] = []
    size = 0
    for one in passages:
        more = cost(model, one)
        if part and (size >= fair or size + more > most):
            yield part
            part, size = [], 0
        part.append(one)
        size += more
    if part:
        yield part


def _beginning(model: TextModel, text: str, most: int) -> str:
    """So much of a long text as fits: whole sentences, else whole words, where some end in its second half."""
    letters = max(1, len(text) * max(1, most - 2 * PASSAGE_TOKENS) // model.tokens(text))
    while letters > 1 and model.tokens(text[:letters]) > most - PASSAGE_TOKENS:
        letters = letters * 3 // 4
    for ends in (SENTENCE_ENDS, WORD_ENDS):
        place = max(text.rfind(end, letters // 2, letters) for end in ends)
        if place >= 0:
            return text[: place + 1]
    return text[:letters]
