"""A transcript in parts that a model can picture in one call each, and the scenes shared out among them."""

from collections.abc import Sequence
from dataclasses import dataclass

from textor.adapters.text_models.port import Passage, TextModel
from textor.features.insights import windows

SCENE_TOKENS = 320
"""A prompt with its quote, as an answer has it."""
ANSWER_TOKENS = 1500
"""Around the scenes, with what of a bad answer is shown to the model once more."""
SCENES_AT_ONCE = 25
"""Longer answers are cut off by models whose windows are large."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one call reads, and how many scenes it may tell."""

    passages: Sequence[Passage]
    max_scenes: int

    @property
    def answer_tokens(self) -> int:
        return ANSWER_TOKENS + self.max_scenes * SCENE_TOKENS


def parts(model: TextModel, passages: Sequence[Passage], max_scenes: int, wishes: str = "") -> list[Part]:
    """The whole in parts that fit the model's window beside the user's `wishes`, with at most `max_scenes` scenes together, by
    length; where there are fewer scenes than parts, the longest parts are read. Passages are numbered anew, over the whole."""
    at_once = min(max_scenes, _scenes_at_once(model))
    room = _room(model, at_once, wishes)
    read = windows.numbered(windows.pieces(model, passages, room))
    if not read:
        return []
    fair = -(-windows.whole(model, read) // -(-max_scenes // at_once))
    groups = list(windows.parts(model, read, min(room, fair)))
    shares = _shares([windows.whole(model, group) for group in groups], max_scenes)
    return [Part(group, min(share, at_once)) for group, share in zip(groups, shares, strict=True) if share]


def _scenes_at_once(model: TextModel) -> int:
    window = model.capabilities.window_tokens
    if window is None:
        return windows.WITHOUT_WINDOW
    return max(1, min(SCENES_AT_ONCE, (int(window * windows.LARGEST_ANSWER) - ANSWER_TOKENS) // SCENE_TOKENS))


def _room(model: TextModel, scenes: int, wishes: str) -> int:
    """Tokens for passages in a call."""
    window = model.capabilities.window_tokens
    if window is None:
        return windows.WITHOUT_WINDOW
    beside = windows.OWN_TOKENS + ANSWER_TOKENS + scenes * SCENE_TOKENS + model.capabilities.thinking_tokens
    return max(windows.LEAST_ROOM, window - beside - model.tokens(wishes))


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
