"""What a user sees of what a model writes: whole sentences, laid out as wished, never more words than were asked for."""

from dataclasses import dataclass

from textor.adapters.text_models.marks import Said
from textor.adapters.text_models.port import Format, Hear, count_words
from textor.domain import folding


@dataclass
class Sheet:
    """Takes sentences, and tells each to `hear` at once. `format` None: laid out as the model does it."""

    max_words: int
    hear: Hear
    format: Format | None = None
    text: str = ""
    is_full: bool = False
    _lines: int = 0

    def put(self, said: Said) -> bool:
        """Whether the sentence is in the text. The first one that is too much ends it; where nothing else is there, its beginning
        is kept."""
        if self.is_full or not said.text:
            return False
        lead = self._lead(said)
        if count_words(self.text + lead + said.text) <= self.max_words:
            self._write(lead + said.text)
            return True
        self.is_full = True
        if self.text or self.max_words < 1:
            return False
        lead = lead if self.max_words > 1 else ""
        self._write(f"{lead}{clip(said.text, self.max_words - count_words(lead))}…")
        return True

    def break_off(self) -> None:
        """Say that there would be more."""
        if self.text and not self.is_full and not self.text.endswith("…"):
            self._write(" …")
        self.is_full = True

    def _lead(self, said: Said) -> str:
        """What stands before a sentence."""
        is_line = not self.text or "\n" in said.gap
        if self.format is None:
            return said.gap if self.text else ""
        if self.format == "paragraph" or not is_line:
            return (" " if is_line else said.gap) if self.text else ""
        self._lines += 1
        mark = f"{self._lines}. " if self.format == "key_points" else "- "
        return f"\n{mark}" if self.text else mark

    def _write(self, piece: str) -> None:
        self.text += piece
        self.hear(piece)


def clip(text: str, words: int) -> str:
    """The beginning of a text that has so many words."""
    kept = " ".join(text.split()[:words])
    while count_words(kept) > words:
        kept = kept[: [token.start for token in folding.tokens(kept)][words]].rstrip()
    return kept
