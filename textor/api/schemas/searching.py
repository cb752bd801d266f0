"""The shapes of a search through one's transcripts."""

from pydantic import BaseModel, Field

from textor.api.schemas.transcriptions import LARGEST_PAGE_NUMBER, StatusWord


class SearchIn(BaseModel):
    """What is looked for."""

    q: str = Field(
        min_length=1,
        pattern=r"\S",
        description="All words are wanted, the last may be the beginning of a word; words in double quotes follow one another. "
        "Case, diacritics, joiners, kinds of digits and Arabic and Persian forms of a letter make no difference.",
        examples=['minutes "annual budget"'],
    )
    page: int = Field(default=1, ge=1, le=LARGEST_PAGE_NUMBER)
    page_size: int = Field(default=10, ge=1, le=100)


class SnippetOut(BaseModel):
    """A place where the words were said."""

    text: str = Field(description="What was said; of a long segment, a part of it.")
    highlighted: str = Field(
        description="The same as safe HTML, what was found in `<mark>`.", examples=["the <mark>budget</mark> &amp; the plan"]
    )
    start: float = Field(description="Where the segment begins, in seconds.")
    end: float = Field(description="Where the segment ends, in seconds.")
    segment: int = Field(description="The segment's number, from 0.")


class HitOut(BaseModel):
    """A transcript with all the words."""

    id: str = Field(examples=["0b6a3c0e-4b54-4d0a-9a35-3d1c0b6f4e52"])
    title: str
    created_at: str = Field(examples=["2026-01-31T12:00:00Z"])
    language_code: str | None = Field(examples=["fa"])
    status: StatusWord
    rank: int = Field(description="Its place among all results, from 1.")
    snippets: list[SnippetOut] = Field(description="At most three, in order; none where the title alone has the words.")


class SearchOut(BaseModel):
    """A page of results."""

    count: int = Field(description="On all pages.")
    next: str | None
    previous: str | None
    results: list[HitOut]
