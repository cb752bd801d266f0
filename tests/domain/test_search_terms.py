"""What a query asks for, and where a folded text has it."""

import pytest

from textor.domain import folding, search_terms
from textor.domain.search_terms import Excerpt, Term

Asked = list[tuple[tuple[str, ...], bool]]


def asked(query: str, *, is_typing: bool = False) -> Asked:
    return [(term.spellings[0], term.is_prefix) for term in search_terms.parse(query, is_typing=is_typing)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Budget plan", [(("budget",), False), (("plan",), True)]),
        ('"Budget plan"', [(("budget", "plan"), False)]),
        ('late "budget pl', [(("late",), False), (("budget", "pl"), True)]),
        ("«بودجهٔ سال» كم", [(("بودجه", "سال"), False), (("کم",), True)]),
        ("e-mail", [(("e", "mail"), True)]),
        ('one "two three" four', [(("one",), False), (("two", "three"), False), (("four",), True)]),
        ("NEAR(a b) OR NOT ^c", [(("near", "a"), False), (("b",), False), (("or",), False), (("not",), False), (("c",), True)]),
        ('"" """ \' * - : ^ ( ) { } \\ % \0', []),
        ("", []),
    ],
)
def test_words_are_asked_for_one_by_one_and_in_quotes_together(query: str, found: Asked) -> None:
    assert asked(query) == found


def test_while_somebody_types_each_word_may_be_a_beginning() -> None:
    assert asked('bud pl "as it is"', is_typing=True) == [(("bud",), True), (("pl",), True), (("as", "it", "is"), False)]


def test_a_joined_word_is_asked_for_in_both_spellings() -> None:
    assert search_terms.parse("می\u200cخواهم") == [Term((("میخواهم",), ("می", "خواهم")), is_prefix=True)]


def test_a_query_without_an_end_is_cut() -> None:
    words = [word for spelling, _ in asked("word " * 10_000) for word in spelling]
    assert len(words) == search_terms.MOST_WORDS
    assert len(asked('"' + "word " * 10_000)[0][0]) == search_terms.MOST_WORDS


def shown(text: str, query: str) -> Excerpt:
    terms = search_terms.parse(query)
    folded, parts = folding.fold(text), " ".join(folding.parts(text))
    return search_terms.excerpt(text, search_terms.places(folded, terms), search_terms.places(parts, terms))


@pytest.mark.parametrize(
    ("text", "query", "highlighted"),
    [
        ("The Budget, then.", "budget", "The <mark>Budget</mark>, then."),
        ("a <b> & Café", "cafe", "a &lt;b&gt; &amp; <mark>Café</mark>"),
        ("budgets and a budget", "budg", "<mark>budgets</mark> and a <mark>budget</mark>"),
        ("budgets and a budget", '"budget"', "budgets and a <mark>budget</mark>"),
        ("new old new: car", '"new car"', "new old <mark>new: car</mark>"),
        ("كتاب‌هاي من", "کتاب من", "<mark>كتاب‌هاي</mark> <mark>من</mark>"),
        ("كتاب‌هاي من", "کتابهای", "<mark>كتاب‌هاي</mark> من"),
        ("می خواهم", "می\u200cخواهم", "<mark>می خواهم</mark>"),
        ("می\u200cخواهم", '"می خواهم"', "<mark>می\u200cخواهم</mark>"),
        ("a b a b a", '"a b a"', "<mark>a b a</mark> b a"),
        ("nothing", "else", "nothing"),
    ],
)
def test_what_is_found_is_marked_as_it_is_written(text: str, query: str, highlighted: str) -> None:
    assert shown(text, query).highlighted == highlighted


def test_of_a_long_text_whole_words_around_the_first_match_are_shown() -> None:
    excerpt = shown("before " * 100 + "needle " + "after " * 100, "needle")
    assert len(excerpt.text) <= search_terms.SHOWN + 2
    assert excerpt.text.startswith("…before before") and excerpt.text.endswith("after…")
    assert "before <mark>needle</mark> after" in excerpt.highlighted
    assert shown("needle " + "after " * 100, "needle").text.startswith("needle after")
    assert shown("before " * 100 + "needle", "needle").text.endswith("before needle")


def test_a_match_that_is_long_is_shown_whole() -> None:
    phrase = " ".join(["w" * 60] * 8)
    assert phrase in shown(f"before {phrase} after", f'"{phrase}"').highlighted


def test_the_lines_with_most_of_what_is_asked_for_are_best() -> None:
    text = "alpha\n\nbeta\nalpha beta\nalpha\nbeta"
    found = search_terms.places(text, search_terms.parse("alpha beta"))
    assert search_terms.best_lines(found, 3) == [0, 2, 3]
    assert search_terms.best_lines(found, 1) == [3]


def test_a_phrase_may_go_on_in_the_next_line() -> None:
    lines = ["as I said, Happy", "", "Birthday to you"]
    text = "\n".join(map(folding.fold, lines))
    (place,) = search_terms.places(text, search_terms.parse('"happy birthday"'))
    assert (place.line, place.first, place.last) == (0, 3, 5)
    assert search_terms.excerpt(lines[0], [place], []).highlighted == "as I said, <mark>Happy</mark>"


def test_a_word_within_another_is_none() -> None:
    assert search_terms.places("cart art", search_terms.parse('"art"'))[0].first == 1
