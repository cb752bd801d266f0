"""What the emulated text model writes: the words that were said, with marks of the passages, in the form that was asked for."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Passage = Mapping[str, Any]
Messages = Sequence[Mapping[str, str]]

WORDS_EACH = 12
"""Of a passage, in a summary."""
NOTHING = "NOT_FOUND"


def answer(messages: Messages) -> str:
    """By the first words of the system message it knows what it is for."""
    rules, said = messages[0]["content"], passages(messages)
    if '"scenes"' in rules:
        return scenes(said, _most(r"at most (\d+), in the order", rules), "MidJourney" in rules)
    most = _most(r"at most (\d+) words", rules)
    if NOTHING in rules:
        return reply(said, messages[-1]["content"], most)
    return summary(said, most, "line of its own that" in rules or "with a number" in rules) + topics(said, rules)


def passages(messages: Messages) -> list[Passage]:
    """The lines of the transcript."""
    lines = messages[1]["content"].splitlines()
    return [json.loads(line) for line in lines if line.startswith('{"n":')]


def summary(said: Sequence[Passage], most: int, is_listed: bool) -> str:
    """The beginnings of passages."""
    parts: list[str] = []
    words = 0
    for one in said:
        told = re.sub(r"[.!?؟؛;]+(?=\s|$)", "", one["said"]).split()[:WORDS_EACH]
        words += len(told) + is_listed
        if parts and words > most:
            break
        parts.append(f"{'- ' if is_listed else ''}{' '.join(told)} [{one['n']}].")
    return ("\n" if is_listed else " ").join(parts)


def topics(said: Sequence[Passage], rules: str) -> str:
    if "TOPICS" not in rules:
        return ""
    words = Counter(word for one in said for word in re.findall(r"\w{5,}", one["said"]))
    return "\n\nTOPICS\n" + "\n".join(word for word, _ in words.most_common(_most(r"at most (\d+) topics", rules)))


def reply(said: Sequence[Passage], question: str, most: int) -> str:
    """The passage that has most of the question's words, in quotation marks."""
    asked = set(_words(question))
    shared = {place: len(asked & set(_words(one["said"]))) for place, one in enumerate(said)}
    best = max(shared, key=lambda place: shared[place])
    if not shared[best]:
        return NOTHING
    told = " ".join(said[best]["said"].split()[: max(most - 3, 1)])
    return f"It was said: “{told}” [{said[best]['n']}]."


def scenes(said: Sequence[Passage], most: int, has_parameters: bool) -> str:
    """As many as there may be, of about as many passages each."""
    size = -(-len(said) // max(most, 1))
    runs = [said[begin : begin + size] for begin in range(0, len(said), size)]
    ending = " --ar 16:9" if has_parameters else ""
    found = [
        {"prompt": f"A picture of {' '.join(_words(run[0]['said'])[:6])}{ending}", "first": run[0]["n"], "last": run[-1]["n"]}
        for run in runs
    ]
    return json.dumps({"scenes": found}, ensure_ascii=False)


def pieces(text: str) -> list[str]:
    """About a token each."""
    return re.findall(r"\s*\S{1,8}|\s+", text)


def events(asked: Mapping[str, Any], texts: Sequence[str], finish: str, refusal: str = "") -> Iterator[dict[str, Any]]:
    """The stream's chunks but for the last one, which tells the usage."""
    yield chunk(asked, {"role": "assistant", "content": "", "refusal": None})
    for text in texts:
        yield chunk(asked, {"content": text})
    if refusal:
        yield chunk(asked, {"refusal": refusal})
    yield chunk(asked, {}, finish)


def chunk(asked: Mapping[str, Any], delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {**_head(asked), "choices": [choice]}


def usage(asked: Mapping[str, Any], written: int) -> dict[str, Any]:
    read = sum(len(pieces(one["content"])) for one in asked["messages"])
    counts = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {**_head(asked), "choices": [], "usage": counts}


def _head(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_795_300_000, "model": asked["model"]}


def _words(text: str) -> list[str]:
    return re.findall(r"\w{3,}", text.lower())


def _most(pattern: str, rules: str) -> int:
    found = re.search(pattern, rules)
    return int(found[1]) if found else 100
