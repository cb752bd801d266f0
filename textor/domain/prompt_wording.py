"""Image prompts as their generators read them: words, and at the end `--parameters` with or without a value.

    a lighthouse at dusk, 35mm --ar 16:9 --style raw

A parameter stands there once: what is set again is changed, not repeated.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_PARAMETER = re.compile(r"(?:^|(?<=\s))--([A-Za-z][\w-]*)(?:[ \t]+((?:(?!--[A-Za-z])\S+[ \t]*)*))?")
_ENDS = " \t\r\n,;"


@dataclass(frozen=True, slots=True)
class Wording:
    """A prompt taken apart. `parameters` are (name, value) in order; a flag's value is empty."""

    words: str
    parameters: Sequence[tuple[str, str]] = ()

    def __str__(self) -> str:
        return " ".join(filter(None, (self.words, *(f"--{name} {value}".rstrip() for name, value in self.parameters))))


def parted(prompt: str) -> Wording:
    """The words of a prompt, and its parameters."""
    found = [(match[1], (match[2] or "").strip()) for match in _PARAMETER.finditer(prompt)]
    return Wording(_PARAMETER.sub("", prompt).strip(), _once(found))


def with_ending(prompt: str, ending: str) -> str:
    """The prompt with more at its end: words after its words unless it ends with them, parameters set. Nothing to add changes
    nothing."""
    if not ending.strip():
        return prompt
    old, new = parted(prompt), parted(ending)
    is_there = not new.words or old.words.casefold().endswith(new.words.strip(_ENDS).casefold())
    words = old.words if is_there else _joined((old.words, new.words))
    return str(Wording(words, _once((*old.parameters, *new.parameters))))


def merged(prompts: Iterable[str]) -> str:
    """Several prompts as one: their words in order; of a parameter that several set, the last value."""
    parts = [parted(prompt) for prompt in prompts]
    return str(Wording(_joined(one.words for one in parts), _once(pair for one in parts for pair in one.parameters)))


def _joined(texts: Iterable[str]) -> str:
    """With commas, where no sentence ends."""
    whole = ""
    for text in filter(None, (text.strip(_ENDS) for text in texts)):
        whole += f"{'' if not whole else ' ' if whole[-1] in '.!?…' else ', '}{text}"
    return whole


def _once(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Each name where it stood first, with the value that was set last."""
    names: dict[str, tuple[str, str]] = {}
    for name, value in pairs:
        key = name.casefold()
        names[key] = (names[key][0] if key in names else name, value)
    return tuple(names.values())
