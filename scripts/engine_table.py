"""Writes docs/engines.md: what each engine can do, as the engines themselves declare it."""

import sys
import tempfile
from pathlib import Path

from textor import settings
from textor.adapters import discovery
from textor.adapters.stt.port import Capabilities, Engine, Model

PAPER = Path(__file__).resolve().parent.parent / "docs" / "engines.md"
HEADS = ("", "languages", "times", "speakers", "hints", "at once", "files", "US$ an hour", "switched off")
TOP = """# Engines

What each engine can do, with each of its models. Written by `make engine-table` from what the engines declare; pages,
`engines check` and `GET /api/transcribe/models` tell the same of this Textor's own settings. What an engine can't do is refused
before it is asked.

- **Times**: of each word, of each passage, or of pieces of half a minute where the engine gives text alone.
- **Speakers**: whether voices on one channel are told apart, and whether it can be told how many there are. The two sides of a
  call recorded on two channels are told apart whatever the engine.
- **Hints**: names and terms to expect.
- **At once**: what it takes in one piece. Larger recordings are compressed first, longer ones cut in pauses and put together
  again.
- **Files** that go there as they are; all others are converted.
- **Prices** are what is known of the provider's, and not always confirmed by it: `ENGINE_PRICES` sets yours.

"""


def main() -> int:
    PAPER.write_text(paper(), encoding="utf-8")
    return 0


def paper() -> str:
    """The whole document."""
    with tempfile.TemporaryDirectory() as folder:
        known = settings.load({"DATA_DIR": folder})
        rows = [row for kind in discovery.engines() for row in _rows(kind.from_settings(known))]
    lines = [HEADS, tuple("---" for _ in HEADS), *rows]
    return TOP + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows(engine: Engine) -> list[tuple[str, ...]]:
    models = engine.models()
    return [_row(engine, model, engine.can(model.name)) for model in models] or [_row(engine, None, engine.can())]


def _row(engine: Engine, model: Model | None, can: Capabilities) -> tuple[str, ...]:
    price = "free" if can.runs_locally else "?" if can.usd_per_hour is None else f"{can.usd_per_hour:.3f}".rstrip("0").rstrip(".")
    return (
        f"{engine.title} `{model.name}`" if model else engine.title,
        _languages(can),
        "words" if can.word_times else "passages" if can.segment_times else "half minutes",
        ("yes, and how many" if can.speaker_count else "yes") if can.speakers else "no",
        "yes" if can.vocabulary else "no",
        _limits(can),
        "any" if can.formats is None else ", ".join(sorted(can.formats)),
        price,
        (model.shutdown_date if model else None) or "",
    )


def _languages(can: Capabilities) -> str:
    if can.languages is None:
        return "any"
    found = " ".join(f"`{code}`" for code in sorted(can.languages)) if len(can.languages) <= 3 else str(len(can.languages))
    return f"{found}, finds out which" if can.detects_language and len(can.languages) > 1 else found


def _limits(can: Capabilities) -> str:
    if can.runs_locally:
        return "any"
    size = [f"{can.max_bytes / 1_000_000:,.0f} MB"] if can.max_bytes else []
    length = [f"{can.max_seconds / 60:,.0f} min"] if can.max_seconds else []
    return ", ".join(size + length) or "any"


if __name__ == "__main__":
    sys.exit(main())
