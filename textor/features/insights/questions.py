"""Questions to a text model: the conversation so far, what it is about, and what of both fits into the model's window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from textor.adapters.text_models.port import Message, TextModel
from textor.errors import InvalidInput
from textor.features.insights import windows
from textor.features.insights.retrieval import Room

LEAST_TOKENS = 300
"""What must be left for something to read."""
HISTORY_SHARE = 1 / 3
"""Of what is left beside the question: the transcript matters more than what was said about it."""
MOST_MESSAGES = 40


@dataclass(frozen=True, slots=True)
class Question:
    """What a user wants to know of a model. The last message is the question, those before it are its history.

    `about` has one of: `transcription_id`, `lines` ({start, end, text} each), `text`, or `library` (all of the user's
    transcripts; `newest`: so many of them).
    """

    user_id: int
    model: TextModel
    messages: Sequence[Message]
    about: Mapping[str, Any]
    max_tokens: int
    temperature: float

    @property
    def asked(self) -> list[str]:
        """What the user has asked, the newest last."""
        return [one.text for one in self.messages if one.role == "user"]


def fit(question: Question) -> tuple[list[Message], Room]:
    """The messages that the model gets, and the room that they leave for reading. Raises InvalidInput for too long a question."""
    model, newest = question.model, question.messages[-1]
    window = model.capabilities.window_tokens or windows.WITHOUT_WINDOW
    left = window - question.max_tokens - windows.OWN_TOKENS - model.tokens(newest.text)
    if left < LEAST_TOKENS:
        raise InvalidInput(f"{model.title} can't read so long a question. Make it shorter, or choose another model.")
    history = _fitting(question.messages[:-1], int(left * HISTORY_SHARE), model)
    left -= sum(model.tokens(one.text) for one in history)
    return [*history, newest], Room(left, partial(windows.cost, model))


def _fitting(history: Sequence[Message], tokens: int, model: TextModel) -> list[Message]:
    """The newest of them: the oldest are dropped first."""
    kept: list[Message] = []
    for message in reversed(history[-MOST_MESSAGES:]):
        tokens -= model.tokens(message.text)
        if tokens < 0:
            break
        kept.insert(0, message)
    return _begun(kept)


def _begun(messages: Sequence[Message]) -> list[Message]:
    """An answer whose question was dropped says little."""
    first = next((place for place, one in enumerate(messages) if one.role == "user"), len(messages))
    return list(messages[first:])
