"""What a model is given to read: everything where it fits, else what the question is about."""

from textor.adapters.text_models.port import Citation, Passage
from textor.features.insights import citing, retrieval
from textor.features.insights.retrieval import Room


def said(*lines: str, source: str | None = None, first: int = 0) -> list[Passage]:
    return [Passage(n, 2.0 * n, 2.0 * n + 2, line, source=source) for n, line in enumerate(lines, first)]


def room(segments: int) -> Room:
    """For so many segments."""
    return Room(segments, lambda passage: 1)


LONG = [f"Nothing of note in part {n}." for n in range(100)]
TALK = [*LONG[:40], "We met at the harbour.", "The ship was called Aurora.", "She sank in a storm.", *LONG[43:]]


def ids(*asked: str, passages: list[Passage], segments: int = 5) -> list[int]:
    return [one.id for one in retrieval.read(passages, asked, room(segments)).given]


def test_all_is_read_where_there_is_room() -> None:
    reading = retrieval.read(said(*TALK, ""), ["What was the ship called?"], room(100))
    assert reading.told == {"segments": 100, "of": 100, "transcripts": 1}


def test_else_what_the_question_is_about_is_read_with_its_neighbours_in_order() -> None:
    assert ids("What was the ship called?", passages=said(*TALK)) == [39, 40, 41, 42, 43]
    assert ids("What was the ship called?", passages=said(*TALK), segments=3) == [39, 40, 41]
    assert ids("What was the ship called?", passages=said(*TALK), segments=1) == [41]


def test_a_short_question_leans_on_the_one_before_it() -> None:
    assert 42 in ids("Where did the storm hit?", "And why?", passages=said(*TALK))
    assert ids("Where did the storm hit?", "Who was at the harbour?", passages=said(*TALK), segments=1) == [40]


def test_words_are_found_in_other_forms_in_persian_and_arabic() -> None:
    persian = said(*LONG[:50], "کتاب\u200cهای تازه را خریدیم.", *LONG[51:])
    arabic = said(*LONG[:50], "اشترينا الكتب من المكتبة أمس.", *LONG[51:])
    assert 50 in ids("كتاب تازه کجاست؟", passages=persian)
    assert 50 in ids("أين مكتبة؟", passages=arabic)


def test_samples_from_beginning_to_end_are_read_where_no_word_of_the_question_is_there() -> None:
    read = ids("What is it about?", passages=said(*LONG), segments=24)
    assert len(read) == 24
    assert read[:6] == [0, 1, 2, 3, 4, 5] and read[6] > 12 and read[-1] > 75


def test_a_title_counts_for_all_that_was_said_under_it() -> None:
    harbour, garden = said(*LONG, source="Harbour"), said("The budget grows.", *LONG, source="Garden", first=200)
    port = [*harbour[:60], Passage(60, 120.0, 122.0, "The budget shrinks.", source="Harbour"), *harbour[61:]]
    assert ids("The budget of the harbour?", passages=[*garden, *port], segments=1) == [60]


def test_neighbours_are_of_the_same_transcript() -> None:
    passages = [*said(*LONG[:20], source="a"), *said("The ship sank.", *LONG[:20], source="b", first=30)]
    assert ids("Did the ship sink?", passages=passages) == [30, 31, 32]


def cited(text: str, *named: int) -> list[Citation]:
    return [Citation(0.0, 0.0, text, named)]


def test_a_citation_stands_if_its_words_do_whatever_their_spelling() -> None:
    passages = said("She said: no WAY!", "We will not go.", "او می\u200cرود به خانه.")
    good = [*cited("no way", 0), *cited("no way we will NOT go", 0, 1), *cited("می رود به خانه", 2)]
    assert [one["text"] for one in citing.checked(good, passages)] == [one.text for one in good]
    assert citing.checked(good, passages)[1]["start"] == 0.0
    assert citing.checked(good, passages)[1]["end"] == 4.0


def test_a_citation_that_nobody_said_is_dropped() -> None:
    passages = [*said("We will not go.", "It rains.", "Never mind."), *said("Bye.", source="other", first=3)]
    bad = [
        *cited("we will go", 0),
        *cited("we will not go", 1),
        *cited("ill not go", 0),
        *cited("not go. Never mind.", 0, 2),
        *cited("We will not go.", 0, 7),
        *cited("Bye.", 7),
        *cited("mind. Bye.", 2, 3),
        *cited("...", 0),
        *cited("", 0),
        *cited("We will not go."),
    ]
    assert citing.checked(bad, passages) == []


def test_a_citation_of_what_was_not_said_in_one_go_becomes_several() -> None:
    passages = [*said("We will not go.", "It rains.", "Never  mind."), *said("Bye.", source="other", first=3)]
    several = citing.checked(cited("We will not go. Never mind. Bye.", 0, 2, 3), passages)
    assert [(one["text"], one["ids"]) for one in several] == [("We will not go.", [0]), ("Never mind.", [2]), ("Bye.", [3])]
