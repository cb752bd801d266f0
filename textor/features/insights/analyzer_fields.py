"""What may be said of an image-prompt task and of its prompts, and how it is read."""

from dataclasses import dataclass
from typing import Any, get_args

from textor.adapters.text_models.port import DEFAULT_INSTRUCTION, Generator
from textor.domain import languages, titles
from textor.errors import InvalidInput
from textor.features.insights import choosing
from textor.models.analyzer import TaskStatus
from textor.toolbox import Toolbox

GENERATORS: tuple[str, ...] = get_args(Generator)
MOST_SCENES = 100
LONGEST_NAME, LONGEST_WISH, LONGEST_PROMPT, LONGEST_TEXT = 255, 20_000, 20_000, 2_000_000
"""Letters: of a name, of an instruction or a look, of a prompt, of a text (a day of talking)."""
LARGEST_ID = 2**63 - 1
OPEN = (TaskStatus.PENDING, TaskStatus.PROCESSING)
UNKNOWN = "There is no such task."
AT_WORK = "Its prompts are being written. Wait until they are there, or stop that first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the prompts should be like. Empty: the usual instruction, no look of its own, the model that is used where none is
    named."""

    instruction: str = ""
    generator: str = "midjourney"
    look: str = ""
    max_scenes: int = 12
    model_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask(Wish):
    """A task that is asked for. `text` is for tasks of a text, `language` (a code) is the recording's or the text's."""

    name: str
    text: str = ""
    language: str = ""


def name(told: str) -> str:
    """One line. Raises InvalidInput where nothing is left."""
    cleaned = titles.clean(told, LONGEST_NAME)
    if not cleaned:
        raise InvalidInput("A name needs at least one letter.", field="name")
    return cleaned


def text(told: str) -> str:
    """A text as it is kept. Raises InvalidInput."""
    return _bounded(told, LONGEST_TEXT, "task_text")


def instruction(told: str) -> str:
    """What each prompt should say; nothing: the usual. Raises InvalidInput."""
    return _bounded(told, LONGEST_WISH, "helper_instruction").strip() or DEFAULT_INSTRUCTION


FIELDS = {"name": name, "task_text": text, "helper_instruction": instruction}
"""What may be changed of a task, and how each is read."""


def values(tools: Toolbox, wish: Wish) -> dict[str, Any]:
    """The columns of a wish. Raises InvalidInput."""
    if wish.generator not in GENERATORS:
        raise InvalidInput(f"There is no generator {wish.generator!r}. Known: {', '.join(GENERATORS)}.", field="generator")
    if not 1 <= wish.max_scenes <= MOST_SCENES:
        raise InvalidInput(f"Between 1 and {MOST_SCENES} scenes, please.", field="max_scenes")
    return {
        "helper_instruction": instruction(wish.instruction),
        "generator": wish.generator,
        "look": _bounded(wish.look, LONGEST_WISH, "look").strip() or None,
        "max_scenes": wish.max_scenes,
        "model": choosing.choose(tools, wish.model_name).name,
    }


def content(told: str) -> str:
    """A prompt as it is kept. Raises InvalidInput."""
    written = _bounded(told, LONGEST_PROMPT, "prompt_content").strip()
    if not written:
        raise InvalidInput("A prompt needs at least one letter.", field="prompt_content")
    return written


def language(code: str) -> str | None:
    """A code as it is kept; none for nothing. Raises InvalidInput."""
    known = languages.by_code(code)
    if code and known is None:
        raise InvalidInput(f"Textor does not know the language {code!r}.", field="audio_file_language")
    return known.code if known else None


def _bounded(told: str, longest: int, field: str) -> str:
    if len(told) > longest:
        raise InvalidInput(f"At most {longest:,} characters, please.", field=field)
    return told.replace("\0", "")
