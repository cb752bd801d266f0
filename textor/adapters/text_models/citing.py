"""What sentences cite, checked: a passage that says what a sentence says is cited, any other is not."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from textor.adapters.text_models import terms
from textor.adapters.text_models.marks import Said
from textor.adapters.text_models.port import Citation, Passage
from textor.adapters.text_models.terms import Vocabulary
from textor.domain import folding

LEAST_SHARED = 2
"""Telling words that a sentence and what it cites have in common, where both have so many."""
MOST_TOGETHER = 8
"""Passages in one citation."""
LEAST_QUOTED = 3  # words; fewer in quotation marks may be a name or irony
_QUOTED = re.compile('["“”„«»]([^"“”„«»]+)["“”„«»]')


@dataclass
class Citing:
    """Collects the citations of a text, in its order. Sentences name passages by their places, from 1."""

    passages: Sequence[Passage]
    language: str | None = None
    citations: list[Citation] = field(default_factory=list)

    def add(self, said: Said) -> None:
        """What a sentence cites, as far as it stands there."""
        for run in self._runs(said.numbers):
            held = [self.passages[place] for place in run]
            text = " ".join(" ".join(one.text.split()) for one in held)
            citation = Citation(held[0].start, max(one.end for one in held), text, tuple(one.id for one in held))
            if citation not in self.citations and self._supports(text, said.text):
                self.citations.append(citation)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return terms.vocabulary([one.text for one in self.passages], self.language)

    def _runs(self, numbers: Sequence[int]) -> Iterator[list[int]]:
        """Places of passages that follow one another, in one recording; numbers of none, and empty ones, are left out."""
        known = (number - 1 for number in numbers if 0 < number <= len(self.passages))
        run: list[int] = []
        for place in sorted({place for place in known if self.passages[place].text.strip()}):
            if run and not (self._follows(run[-1], place) and len(run) < MOST_TOGETHER):
                yield run
                run = []
            run.append(place)
        if run:
            yield run

    def _follows(self, place: int, following: int) -> bool:
        return following == place + 1 and self.passages[place].source == self.passages[following].source

    def _supports(self, text: str, sentence: str) -> bool:
        """A sentence that quotes is borne out by the words themselves, any other by telling words that both have."""
        quoted = [folded for one in _QUOTED.findall(sentence) if len((folded := folding.fold(one)).split()) >= LEAST_QUOTED]
        if quoted:
            return any(f" {one} " in f" {folding.fold(text)} " for one in quoted)
        told, meant = set(self._vocabulary.terms(text)), set(self._vocabulary.terms(sentence))
        return len(told & meant) >= max(1, min(LEAST_SHARED, len(told), len(meant)))
