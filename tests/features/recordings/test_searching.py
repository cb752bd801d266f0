"""One's own words are found, however they are spelled, and where they were said; whatever is typed, nothing breaks."""

import pytest
from sqlalchemy import event, update

from tests import factories
from tests.fakes import FakeClock
from textor.domain.job_states import Status
from textor.errors import NotFound
from textor.extensions import db
from textor.features.recordings import library, search_index, searching
from textor.features.recordings.filtering import EVERYTHING, Filters
from textor.models import SegmentRow, Transcription, User
from textor.toolbox import Toolbox

ZWNJ = "\u200c"
TEXTS = {  # a title and what was said
    "Weekly budget": [
        "Good morning everyone.",
        "",
        "The café's BUDGET is fine, don't worry; it was 1402.",
        "New York, new ideas",
    ],
    "Interview": ["Happy birthday", "to you, and a budget plan for 2026.", "a plan without a budget"],
    "جلسهٔ هیئت": [f"كتاب{ZWNJ}هاي مَدرِسَة را می{ZWNJ}خواهم.", "سال ۱۴۰۲ بود", "قیمت آب"],
    "東京 trip": ["我们在东京见面。", "ราคาน้ำมัน", "हिन्दी में"],
}
FOUND = {  # a query and the titles that have it, those with it in the title first, then the newest
    "budget": ["Weekly budget", "Interview"],
    "BUDG": ["Weekly budget", "Interview"],
    "budg fine": [],
    "fine budg": ["Weekly budget"],
    "plan budget": ["Interview"],
    '"budget plan"': ["Interview"],
    '"budget pla': ["Interview"],
    '"budget pla"': [],
    '"birthday to you"': ["Interview"],
    '"york new"': ["Weekly budget"],
    '"york ideas"': [],
    '"weekly budget"': ["Weekly budget"],
    "weekly café": ["Weekly budget"],
    "CAFE": ["Weekly budget"],
    "don't": ["Weekly budget"],
    "get": [],
    "۱۴۰۲": ["جلسهٔ هیئت", "Weekly budget"],
    "١٤٠٢": ["جلسهٔ هیئت", "Weekly budget"],
    "1402": ["جلسهٔ هیئت", "Weekly budget"],
    "کتابهای": ["جلسهٔ هیئت"],
    f"کتاب{ZWNJ}های": ["جلسهٔ هیئت"],
    "کتاب را": ["جلسهٔ هیئت"],
    '"می خواهم"': ["جلسهٔ هیئت"],
    "میخواهم مدرسه": ["جلسهٔ هیئت"],
    "مدرســه": ["جلسهٔ هیئت"],
    "جلسه هيئت": ["جلسهٔ هیئت"],
    "اب": ["جلسهٔ هیئت"],
    "东京": ["東京 trip"],
    "京东": [],
    "น้ำมัน": ["東京 trip"],
    "हिन्दी": ["東京 trip"],
}
NASTY = [
    *(
        '"',
        '""',
        "'",
        "\\",
        "%",
        "_",
        "*",
        "a*",
        '"*',
        "^a",
        "-a",
        "(",
        "a)",
        "title:",
        "title : x",
        "{body}",
        "a NEAR b",
        "NEAR(a b, 3)",
    ),
    *(
        "AND",
        "NOT",
        "a OR",
        "a:*",
        "a & b",
        "a <-> b",
        "!a",
        "'a':*",
        "_1",
        "=budget",
        "\0",
        "a\0b",
        "\ud800",
        "\u202e",
        "\n\t",
        " ",
    ),
    *(
        "x" * 10_000,
        "x " * 5_000,
        '"' * 10_000,
        '"a ' * 3_000,
        "(" * 10_000,
        "ﷺ" * 300,
        "東" * 10_000,
        f"ا{ZWNJ}" * 3_000,
        "👍🏽",
        "½ ①",
    ),
]


def said(owner: User, title: str, *lines: str, **values: object) -> Transcription:
    row = factories.transcription(owner, factories.recording(owner, title=title), **{"status": Status.COMPLETED, **values})
    return factories.spoken(row, *lines)


def titles(owner: User, query: str, filters: Filters = EVERYTHING) -> list[str]:
    return [hit.title for hit in searching.search(owner.id, query, filters).hits]


@pytest.fixture
def texts(alice: User, bob: User) -> User:
    """Alice, with all the texts; Bob has the same."""
    for owner in (bob, alice):
        for title, lines in TEXTS.items():
            said(owner, title, *lines)
    return alice


@pytest.mark.both_databases
def test_words_are_found_however_they_are_spelled(texts: User) -> None:
    assert {query: titles(texts, query) for query in FOUND} == FOUND


def test_a_database_without_an_index_finds_the_same(texts: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(search_index.WAYS, "sqlite")
    assert {query: titles(texts, query) for query in FOUND} == FOUND


@pytest.mark.both_databases
def test_nothing_that_is_typed_breaks_a_search(texts: User) -> None:
    for query in NASTY:
        searching.search(texts.id, query)
        library.page(texts.id, Filters(text=query))
    said(texts, "\x01 %_\\ ' \" ﷺ" * 20, *NASTY[-10:])
    assert titles(texts, "xxxx") and titles(texts, "صلی")


def test_a_query_without_words_finds_nothing(texts: User) -> None:
    assert searching.search(texts.id, "?!") == searching.Results([], 0)


def test_only_ones_own_texts_are_found(texts: User, bob: User) -> None:
    hers, his = ({hit.id for hit in searching.search(owner.id, "budget").hits} for owner in (texts, bob))
    assert len(hers) == len(his) == 2
    assert not hers & his
    said(bob, f"_{texts.id} {texts.id}", f"user_id {texts.id}")
    assert titles(texts, f'"{texts.id}"') == titles(texts, f'"_{texts.id}"') == []


@pytest.mark.both_databases
def test_what_is_deleted_is_not_found_until_it_is_back(alice: User, tools: Toolbox, clock: FakeClock) -> None:
    row_id = said(alice, "Secret", "needle").id
    library.delete(tools, alice.id, row_id)
    assert titles(alice, "needle") == []
    library.undo_delete(tools, alice.id, row_id)
    assert titles(alice, "needle") == ["Secret"]


def test_filters_narrow_what_is_found(alice: User) -> None:
    said(alice, "one", "word", engine="whisper", language="fa")
    said(alice, "two", "word", status=Status.FAILED, requested_language="en")
    assert titles(alice, "word", Filters(engine="whisper")) == ["one"]
    assert titles(alice, "word", Filters(language="en")) == ["two"]
    assert titles(alice, "word", Filters(status="failed")) == ["two"]
    assert titles(alice, "word", Filters(status="no such")) == ["two", "one"]


def test_hits_come_in_pages_and_keep_their_rank(alice: User) -> None:
    for n in range(5):
        said(alice, "word" if n == 1 else f"t{n}", "a word")
    pages = [searching.search(alice.id, "word", page=n, per_page=2) for n in (1, 2, 3)]
    assert [[(hit.title, hit.rank) for hit in page.hits] for page in pages] == [
        [("word", 1), ("t4", 2)],
        [("t3", 3), ("t2", 4)],
        [("t0", 5)],
    ]
    assert {page.total for page in pages} == {5}
    with pytest.raises(NotFound):
        searching.search(alice.id, "word", page=4, per_page=2)


def test_a_hit_shows_where_its_words_were_said(alice: User) -> None:
    row = said(alice, "Talk", "one", "a <cat> & dog", "", "the Cat", f"كَتـاب{ZWNJ}هاي cat dog", "cat", language="fa")
    [hit] = searching.search(alice.id, "cat dog").hits
    assert (hit.id, hit.title, hit.status, hit.language, hit.created_at) == (row.id, "Talk", "completed", "fa", factories.NOW)
    assert [(one.segment, one.start, one.end, one.excerpt.highlighted) for one in hit.snippets] == [
        (1, 2.0, 4.0, "a &lt;<mark>cat</mark>&gt; &amp; <mark>dog</mark>"),
        (3, 6.0, 8.0, "the <mark>Cat</mark>"),
        (4, 8.0, 10.0, f"كَتـاب{ZWNJ}هاي <mark>cat</mark> <mark>dog</mark>"),
    ]
    [persian] = searching.search(alice.id, "کتاب").hits
    assert [one.excerpt.highlighted for one in persian.snippets] == [f"<mark>كَتـاب{ZWNJ}هاي</mark> cat dog"]


def test_a_hit_by_its_title_alone_shows_no_place(alice: User) -> None:
    said(alice, f"برنامه{ZWNJ}ها", "something else")
    [hit] = searching.search(alice.id, "برنامه").hits
    assert list(hit.snippets) == []


def test_a_segment_that_has_changed_since_shows_nothing(alice: User) -> None:
    row = said(alice, "Talk", "the old word", "a word")
    db.session.execute(update(SegmentRow).where(SegmentRow.transcription_seq == row.seq, SegmentRow.n == 0).values(text="new"))
    [hit] = searching.search(alice.id, "word").hits
    assert [one.segment for one in hit.snippets] == [1]


def test_a_search_costs_the_same_number_of_statements_at_any_size(alice: User) -> None:
    sent: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))

    def cost() -> int:
        sent.clear()
        assert searching.search(alice_id, "word", per_page=50).hits
        return len(sent)

    alice_id = alice.id
    said(alice, "t", "word")
    small = cost()
    for n in range(30):
        said(alice, f"t{n}", *["a word"] * 5)
    assert cost() == small <= 3
