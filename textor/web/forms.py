"""What the pages' forms send, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from textor.domain import titles
from textor.features.recordings.filtering import Filters
from textor.features.transcription.engines import Hints

STATUSES = ("all", "active", "done", "failed", "cancelled")
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What the list of transcripts is asked for."""

    filters: Filters
    number: int

    def link(self, **changes: object) -> dict[str, object]:
        """The query of a link that differs from this one in `changes`; a page number only survives if it is given."""
        wanted = {
            "status": self.filters.status,
            "q": self.filters.text,
            "engine": self.filters.engine,
            "language": self.filters.language,
            "page": 1,
        } | changes
        defaults = {"status": "all", "page": 1}
        return {name: value for name, value in wanted.items() if value and value != defaults.get(name)}

    @property
    def is_filtered(self) -> bool:
        return self.filters != Filters()


def list_query() -> ListQuery:
    """From the address; anything it can't mean counts as unset."""
    values = request.args
    status = values.get("status", "all")
    filters = Filters(
        status=status if status in STATUSES else "all",
        text=clean(values.get("q", ""))[:LONGEST_SEARCH],
        engine=clean(values.get("engine", ""))[:32],
        language=clean(values.get("language", ""))[:16],
    )
    return ListQuery(filters, page_number(values.get("page", "")))


def page_number(text: str) -> int:
    """A page's number; the database counts no further than nine digits do."""
    return max(1, int(text)) if text.isdecimal() and len(text) <= 9 else 1


def clean(text: str) -> str:
    """One line without control characters: PostgreSQL refuses a NUL."""
    return titles.clean(text, len(text))


def ids() -> list[str]:
    """The rows somebody ticked; a page has twelve."""
    return list(dict.fromkeys(clean(one) for one in request.form.getlist("ids")))[:100]


def safe_next(target: str | None) -> str | None:
    """Where to go after logging in: a path of this site, or nowhere. Backslashes and `//` lead away."""
    if not target or not target.startswith("/") or target.startswith("//") or not target.isprintable() or "\\" in target:
        return None
    return target  # one slash at its start: it can name no scheme and no host


@dataclass(frozen=True, slots=True)
class Picked:
    """An engine as the select sends it: `whisper:base`, or `sphinx` where there is one way to work."""

    engine: str
    model: str

    @classmethod
    def read(cls, value: str) -> "Picked":
        engine, _, model = clean(value).partition(":")
        return cls(engine[:32], model[:64])

    def __str__(self) -> str:
        return f"{self.engine}:{self.model}" if self.model else self.engine


def hints(values: Mapping[str, str]) -> Hints:
    """What is known of a recording: a name or term on each line, how many people speak. A number that is none is refused as 0."""
    lines = (clean(line) for line in values.get("vocabulary", "").splitlines())
    count = values.get("speaker_count", "").strip()
    number = int(count) if count.isdecimal() and len(count) <= 3 else 0
    return Hints(tuple(dict.fromkeys(filter(None, lines))), number if count else None)


def flag(values: Mapping[str, str], name: str) -> bool:
    """A checkbox."""
    return values.get(name, "") not in {"", "0", "off", "false"}
