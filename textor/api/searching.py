"""The transcribe family: searching what was said."""

from apiflask import APIBlueprint

from textor.api import auth, counting, links
from textor.api.schemas.searching import HitOut, SearchIn, SearchOut, SnippetOut
from textor.domain import scopes, status_words, timecode
from textor.features.accounts import guests
from textor.features.recordings import searching
from textor.features.recordings.filtering import Filters
from textor.features.recordings.searching import Hit, Snippet

calls = APIBlueprint("searching", __name__, url_prefix="/api/transcribe", tag="Transcribe")


@calls.get("/search")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.input(SearchIn, location="query", arg_name="asked")
@calls.doc(
    summary="Search transcripts",
    description="In titles and texts. Those with all words in the title come first, then the newest. A guest's latest five.",
    responses={400: "There is nothing to look for, or a parameter is wrong.", 404: "There is no such page."},
)
@calls.output(SearchOut)
def search(asked: SearchIn) -> SearchOut:
    me = auth.me()
    filters = Filters(newest=guests.MOST_SEEN if me.is_guest else None)
    found = searching.search(me.user_id, asked.q, filters, asked.page, asked.page_size)
    is_more = asked.page * asked.page_size < found.total
    following = links.here(page=asked.page + 1) if is_more else None
    previous = links.here(page=asked.page - 1) if asked.page > 1 else None
    return SearchOut(count=found.total, next=following, previous=previous, results=[_hit(one) for one in found.hits])


def _hit(hit: Hit) -> HitOut:
    found = {
        "id": hit.id,
        "title": hit.title,
        "created_at": timecode.utc(hit.created_at),
        "language_code": hit.language,
        "status": status_words.of_transcript(hit.status),
        "rank": hit.rank,
        "snippets": [_snippet(one) for one in hit.snippets],
    }
    return HitOut.model_validate(found)


def _snippet(one: Snippet) -> SnippetOut:
    excerpt = one.excerpt
    return SnippetOut(text=excerpt.text, highlighted=excerpt.highlighted, start=one.start, end=one.end, segment=one.segment)
