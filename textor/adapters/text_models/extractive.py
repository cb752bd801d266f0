"""textor-extractive: the model that is always there. It needs no key and no network, and never says a word of its own.

A summary is the sentences that stand for the rest; an answer is the best matching quotes, with what was said beside them; an
image prompt is a template, filled with what a scene names. It reads English, Persian and Arabic well, other languages as far as
their words are parted by spaces or letters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from textor.adapters.text_models import phrases, quotes, ranking, scenes, sentences, stop_words, surroundings, terms, wording
from textor.adapters.text_models.port import (
    DEFAULT_INSTRUCTION,
    Answer,
    Availability,
    Brief,
    Capabilities,
    Citation,
    Conversation,
    Hear,
    Imagined,
    Passage,
    Scene,
    Summary,
    TextModel,
    Wanted,
    count_words,
    unheard,
)
from textor.adapters.text_models.ranking import Counts, Flags, Numbers, Weights
from textor.adapters.text_models.sentences import Sentence
from textor.adapters.text_models.surroundings import Place
from textor.adapters.text_models.terms import Vocabulary
from textor.domain import folding
from textor.errors import InvalidInput
from textor.settings import Settings

SUMMARY_SHARE = 1 / 3
"""Of a transcript that a summary has at most: more is no summary."""
SHORT_SUMMARY_WORDS = 40  # but this much may always be said
OVERVIEW_WORDS = 80
"""Of the answer to what it is all about."""
MOST_KEY_POINTS = 7
MOST_QUOTES = 3
WORDS_PER_TOKEN = 0.5
"""Of a quote: what is allowed is told in tokens."""

SUBJECT_WORDS = 8  # of a picture where nothing has a name
FOLLOWS_NONE = (
    "The built-in model follows no instruction: each of its prompts names a subject, five keywords, camera, lens, time of day, "
    "photo style and film. Choose another model to have yours followed."
)

SHORT_TERMS, SHORT_WORTH = 5, 0.5
LEAST_TERMS = 3
"""Of a sentence that says something; others are chosen where there is nothing else."""
QUESTION_WORTH, CUE_WORTH, EDGE_WORTH = 0.6, 1.3, 1.1
EDGE_SHARE = 0.1  # of the sentences, at the beginning and the end: what a talk opens and closes with


class ExtractiveModel(TextModel):
    """Chooses, and quotes."""

    name = "textor-extractive"
    title = "Textor, extractive"
    description = "Built in: quotes the sentences that matter. No key, nothing leaves this machine."
    capabilities = Capabilities(runs_locally=True)
    order = 900

    @classmethod
    def from_settings(cls, settings: Settings) -> Sequence[TextModel]:
        return (cls(),)

    def availability(self) -> Availability:
        return Availability(ready=True)

    def summarize(self, passages: Sequence[Passage], wanted: Wanted, hear: Hear = unheard) -> Summary:
        if wanted.instruction:
            raise InvalidInput(
                f"{self.title} follows no instructions. Leave them out or choose another model.", field="instruction"
            )
        said = sentences.cut(passages)
        vocabulary = terms.vocabulary([one.text for one in said], wanted.language)
        chosen = _points(said, vocabulary, wanted)
        summary = Summary(
            _laid_out(chosen, wanted),
            phrases.topics(said, vocabulary, wanted.max_topics),
            tuple(one.cited(passages) for one in chosen),
        )
        hear(summary.text)
        return summary

    def answer(self, conversation: Conversation, passages: Sequence[Passage], hear: Hear = unheard) -> Answer:
        asked = [message.text for message in conversation.messages if message.role == "user"]
        if not asked:
            raise InvalidInput("There is no question to answer.", field="messages")
        said = sentences.cut(passages)
        vocabulary = terms.vocabulary([one.text for one in said], conversation.language)
        most_words = max(1, int(conversation.max_tokens * WORDS_PER_TOKEN))
        if _asks_for_all(asked[-1]):
            wanted = Wanted(min(OVERVIEW_WORDS, most_words))
            cited = tuple(one.cited(passages) for one in _points(said, vocabulary, wanted))
        else:
            cited = _quoted(said, quotes.weighted(asked, vocabulary), vocabulary, passages, most_words)
        answer = Answer("\n\n".join(one.text for one in cited), cited)
        hear(answer.text)
        return answer

    def imagine(self, passages: Sequence[Passage], brief: Brief) -> Imagined:
        said = sentences.cut(passages)
        if not said:
            raise InvalidInput("Nothing is said here that could be pictured.", field="passages")
        vocabulary = terms.vocabulary([one.text for one in said], brief.language)
        _, worth, allowed = _weighed(said, vocabulary)
        found = scenes.cut(said, passages, vocabulary, worth, allowed, brief.max_scenes)
        usual = surroundings.heard(" ".join(one.span.text for one in found)).place
        is_usual = (brief.instruction or DEFAULT_INSTRUCTION).strip() == DEFAULT_INSTRUCTION
        pictured = tuple(_pictured(number, scene, passages, usual, brief) for number, scene in enumerate(found))
        return Imagined(pictured, note=None if is_usual else FOLLOWS_NONE)


def _pictured(number: int, scene: scenes.Scene, passages: Sequence[Passage], usual: Place | None, brief: Brief) -> Scene:
    around = surroundings.heard(scene.span.text)
    around = replace(around, place=around.place or usual)
    quote = scene.told.cited(passages).text
    named = scene.phrases or (" ".join(quote.split()[:SUBJECT_WORDS]),)
    shown = wording.picture(number, named, around, brief.look or "", quote)
    return Scene(wording.worded(shown, brief.generator), scene.span.start, scene.span.end, quote, scene.span.ids)


def _points(said: Sequence[Sentence], vocabulary: Vocabulary, wanted: Wanted) -> list[Sentence]:
    """The sentences of a summary, in its order; the beginning of the best where none is short enough."""
    budget = min(wanted.max_words, max(int(sum(one.words for one in said) * SUMMARY_SHARE), SHORT_SUMMARY_WORDS))
    if not said or budget < 1:
        return []
    weights, worth, allowed = _weighed(said, vocabulary)
    costs = np.array([one.words + (wanted.format != "paragraph") for one in said])  # a line's mark counts as a word
    if not (allowed & (costs <= budget)).any():
        return [_clipped(said[int(np.where(allowed, worth, 0).argmax())], budget)]
    most = MOST_KEY_POINTS if wanted.format == "key_points" else len(said)
    chosen = _fitting(ranking.best_first(weights, worth, allowed), allowed, costs, budget)
    places = list(islice(chosen, most))
    return [said[place] for place in (places if wanted.format == "key_points" else sorted(places))]


def _fitting(best_first: Iterator[int], allowed: Flags, costs: Counts, budget: int) -> Iterator[int]:
    """Sentences while there is room."""
    allowed &= costs <= budget
    for place in best_first:
        yield place
        budget -= int(costs[place])
        allowed &= costs <= budget


def _weighed(said: Sequence[Sentence], vocabulary: Vocabulary) -> tuple[Weights, Numbers, Flags]:
    found = [vocabulary.terms(one.text) for one in said]
    weights = ranking.weigh(found)
    allowed = _first_of_each(said)
    if any(is_full := [len(its_terms) >= LEAST_TERMS for its_terms in found]):
        allowed &= np.array(is_full)
    return weights, ranking.centrality(weights) * _manner(said, found), allowed


def _manner(said: Sequence[Sentence], found: Sequence[Sequence[str]]) -> Numbers:
    """How fit each sentence is to stand alone, by its length, its place and its way of speaking; around 1."""
    edge = EDGE_SHARE * len(said)
    worth = np.ones(len(said))
    for place, (one, its_terms) in enumerate(zip(said, found, strict=True)):
        is_asking = any(sign in one.text[-4:] for sign in "?؟")
        worth[place] *= SHORT_WORTH if len(its_terms) < SHORT_TERMS else 1
        worth[place] *= QUESTION_WORTH if is_asking else 1
        worth[place] *= EDGE_WORTH if not edge <= place < len(said) - edge else 1
        worth[place] *= CUE_WORTH if not stop_words.CUES.isdisjoint(folding.words(one.text)) else 1
    highest: Numbers = worth / worth.max()
    return highest


def _first_of_each(said: Sequence[Sentence]) -> Flags:
    """Which sentences were not said before."""
    first = {folding.fold(one.text): place for place, one in reversed(list(enumerate(said)))}
    allowed = np.zeros(len(said), np.bool_)
    allowed[list(first.values())] = True
    return allowed


def _clipped(sentence: Sentence, words: int) -> Sentence:
    """The beginning of a sentence that is too long to be quoted whole."""
    kept = " ".join(sentence.text.split()[:words])
    while count_words(kept) > words:
        kept = kept[: [token.start for token in folding.tokens(kept)][words]].rstrip()
    return Sentence(kept, sentence.first, sentence.last, words, is_clipped=True)


def _laid_out(chosen: Sequence[Sentence], wanted: Wanted) -> str:
    if wanted.format == "paragraph" or any(one.is_clipped for one in chosen):
        # Without full stops, one would run into the next.
        return " ".join(one.text if one.is_finished else f"{one.text}…" for one in chosen)
    marks = (f"{number}." for number in range(1, len(chosen) + 1)) if wanted.format == "key_points" else ("-" for _ in chosen)
    return "\n".join(f"{mark} {one.text}" for mark, one in zip(marks, chosen, strict=True))


def _asks_for_all(question: str) -> bool:
    parts = [part for token in folding.tokens(question) for part in token.parts or (token.key,)]
    return all(part in stop_words.OVERVIEW for part in parts if terms.is_telling(part))


def _quoted(
    said: Sequence[Sentence],
    question: dict[str, float],
    vocabulary: Vocabulary,
    passages: Sequence[Passage],
    most_words: int,
) -> tuple[Citation, ...]:
    """The best quotes that fit, best first; none overlaps another."""
    index = quotes.Index([vocabulary.terms(one.text) for one in said])
    sources = [passages[one.first].source for one in said]
    cited: list[Citation] = []
    taken: set[int] = set()
    for place in index.ranked(question, MOST_QUOTES):
        around = [near for near in quotes.with_neighbours(place, said, sources) if near not in taken]
        if place in taken:
            continue
        quote = _together([said[near] for near in around]) if _words(said, around) <= most_words else said[place]
        quote = quote if quote.words <= most_words else _clipped(quote, most_words)
        taken.update(around)
        most_words -= quote.words
        cited.append(quote.cited(passages))
        if most_words < 1:
            break
    return tuple(cited)


def _words(said: Sequence[Sentence], places: Iterator[int] | Sequence[int]) -> int:
    return sum(said[place].words for place in places)


def _together(near: Sequence[Sentence]) -> Sentence:
    text = " ".join(one.text for one in near)
    return Sentence(text, near[0].first, near[-1].last, count_words(text))
