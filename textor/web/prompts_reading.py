"""Image-prompt tasks as the pages show them: a list, and one with its scenes."""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from textor import bootstrap
from textor.domain import prompt_wording
from textor.errors import NotFound
from textor.features.insights import analyzer, analyzer_fields, choosing, prompts, watching
from textor.features.recordings import library
from textor.web import forms

TASKS_ON_A_PAGE = 12
SCENES_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A page of something long; `first` and `last` are the places of its rows, from 1."""

    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, math.ceil(self.total / self.size))

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        return min(self.number * self.size, self.total)


@dataclass(frozen=True, slots=True)
class Scene:
    """A prompt on its task's page. `place` counts from 1; `was` tells whether its field was changed; `address` leads to its time
    in the transcript."""

    id: int
    place: int
    content: str
    start: float | None
    end: float | None
    quote: str
    address: str

    @property
    def was(self) -> str:
        return mark(self.content)

    @property
    def parameters(self) -> list[str]:
        return [f"--{name} {value}".rstrip() for name, value in prompt_wording.parted(self.content).parameters]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form that asks for prompts."""

    generator: str
    look: str
    max_scenes: int | str
    instruction: str
    model_name: str
    name: str = ""
    source: str = "audio"
    text: str = ""
    transcript: str = ""

    @classmethod
    def of_task(cls, task: Any) -> "Typed":
        wish = analyzer.wish_of(task)
        own = "" if wish.instruction == analyzer_fields.instruction("") else wish.instruction
        return cls(wish.generator, wish.look, wish.max_scenes, own, wish.model_name)

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> "Typed":
        usual = analyzer.Wish()
        read = {name: lines(form.get(name, "")) for name in ("look", "instruction", "model_name", "name", "text", "transcript")}
        source = form.get("source", "")
        return cls(
            generator=form.get("generator", usual.generator),
            max_scenes=form.get("max_scenes", usual.max_scenes),
            source=source if source in {"text", "transcript"} else "audio",
            **read,
        )

    def wish(self) -> dict[str, Any]:
        """For a Wish or a NewTask; a number that is none is refused as 0."""
        told = str(self.max_scenes)
        scenes = int(told) if told.isdecimal() and len(told) <= 4 else 0
        kept = {"generator": self.generator, "look": self.look, "instruction": self.instruction, "model_name": self.model_name}
        return kept | {"max_scenes": scenes}


def index(user_id: int, number: int) -> dict[str, Any]:
    """The list of one's own tasks. Raises NotFound past the end."""
    found = analyzer.page(user_id, number, TASKS_ON_A_PAGE)
    standings = watching.standings(found.items)
    return {
        "page": Page(number, TASKS_ON_A_PAGE, found.count),
        "tasks": found.items,
        "standings": standings,
        "is_running": any(one.is_open for one in standings.values()),
    }


def task(user_id: int, task_id: int, number: int = 1) -> dict[str, Any]:
    """One's own task with a page of its scenes, the last one where there are fewer. Raises NotFound."""
    found = analyzer.find(user_id, task_id)
    standing, source = watching.standings([found]).get(found.id), watching.source(found)
    if standing is None:
        raise NotFound(analyzer_fields.UNKNOWN)
    rows = prompts.listed(found)
    page = Page(min(number, max(1, math.ceil(len(rows) / SCENES_ON_A_PAGE))), SCENES_ON_A_PAGE, len(rows))
    return {
        "task": found,
        "standing": standing,
        "is_running": standing.is_open,
        "source": source,
        "page": page,
        "scenes": _scenes(rows, page, source),
        "longest_prompt": analyzer_fields.LONGEST_PROMPT,
        "typed": Typed.of_task(found),
    } | offered()


def offered() -> dict[str, Any]:
    """What the form for new prompts offers."""
    return {
        "models": choosing.ready(bootstrap.tools()),
        "default_instruction": analyzer_fields.instruction(""),
        "most_scenes": analyzer_fields.MOST_SCENES,
        "longest_wish": analyzer_fields.LONGEST_WISH,
    }


def mark(text: str) -> str:
    """A short word for a prompt's text: another for another text."""
    return hashlib.sha256(lines(text).strip().encode("utf-8", "replace")).hexdigest()[:12]


def lines(text: str) -> str:
    """Lines end in one letter, whatever a form makes of them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def picked(values: Sequence[str]) -> list[int]:
    """Ids of tasks or prompts as a form sends them; what is none is left out."""
    return list(dict.fromkeys(int(one) for one in map(forms.clean, values) if one.isascii() and one.isdigit() and len(one) <= 18))


def _scenes(rows: Sequence[Any], page: Page, source: Any) -> list[Scene]:
    shown = rows[page.first - 1 : page.last]
    starts, turns = _turns(source) if any(one.start is not None for one in shown) else ([], [])
    return [
        Scene(one.id, place, one.content, one.start, one.end, one.quote or "", _address(source, one.start, starts, turns))
        for place, one in enumerate(shown, page.first)
    ]


def _turns(source: Any) -> tuple[list[float], list[int]]:
    """When each turn of the transcript begins, and its number on the page."""
    said = [(one.start, n) for n, one in enumerate(library.segments(source), 1) if one.text.strip()] if source else []
    return [start for start, _n in sorted(said)], [n for _start, n in sorted(said)]


def _address(source: Any, start: float | None, starts: Sequence[float], turns: Sequence[int]) -> str:
    if start is None or source is None or not starts:
        return ""
    turn = turns[max(0, bisect_right(starts, start + 0.01) - 1)]
    return url_for("transcript.show", transcription_id=source.id, _anchor=f"g{turn}")
