"""Image prompts as a model answers them: JSON of one shape, read with care."""

import json

from pydantic import BaseModel, ConfigDict, ValidationError

from textor.adapters.text_models import prompting
from textor.adapters.text_models.port import Passage, Scene
from textor.adapters.text_models.sheet import clip

LONGEST_PROMPT = 2_000
QUOTED_WORDS = 40


class Misshapen(ValueError):
    """An answer that can't be used; the message says what is wrong with it, as the end of a sentence."""


class _Pictured(BaseModel):
    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})

    prompt: str
    first: int
    last: int


class _Answer(BaseModel):
    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})

    scenes: list[_Pictured]


SCHEMA = _Answer.model_json_schema()


def read(text: str, passages: list[Passage], most: int) -> tuple[Scene, ...]:
    """The scenes of an answer in the order of the recording, at most so many. Raises Misshapen."""
    try:
        answer = _Answer.model_validate(_json(text))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "the whole"
        raise Misshapen(f"it has not the shape that was asked for ({place}: {fault['msg']})") from error
    if not answer.scenes:
        raise Misshapen("it has no scene in it")
    found = [_scene(one, passages) for one in answer.scenes[:most]]
    return tuple(scene for _, scene in sorted(found, key=lambda pair: pair[0]))


def _json(text: str) -> object:
    """Models put a fence around JSON, or a sentence before it."""
    try:
        found: object = json.loads(text[text.find("{") : text.rfind("}") + 1])
    except (ValueError, RecursionError) as error:
        raise Misshapen("it is not JSON") from error
    return found


def _scene(one: _Pictured, passages: list[Passage]) -> tuple[int, Scene]:
    if not 1 <= one.first <= one.last <= len(passages):
        raise Misshapen(f"it names passages {one.first} to {one.last} of a transcript that has {len(passages)}")
    meant = [passage for passage in passages[one.first - 1 : one.last] if passage.text.strip()]
    held = [passage for passage in meant if passage.source == meant[0].source]
    prompt = "\n".join(filter(None, (" ".join(line.split()) for line in prompting.visible(one.prompt).splitlines())))
    if not held or not prompt:
        raise Misshapen("a prompt is empty, or nothing is said in its passages")
    quote = clip(" ".join(" ".join(passage.text.split()) for passage in held), QUOTED_WORDS)
    ids = tuple(passage.id for passage in held)
    return one.first, Scene(prompt[:LONGEST_PROMPT], held[0].start, max(passage.end for passage in held), quote, ids)
