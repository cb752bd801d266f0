"""The built-in model: which sentences it chooses, what it quotes, and that it says no word of its own."""

import re

import pytest
from hypothesis import given, strategies
from hypothesis import settings as hypothesis_settings

from tests.adapters.text_models import samples
from tests.adapters.text_models.samples import ENGLISH, SAMPLES, Sample, passages, source
from textor import settings
from textor.adapters.text_models import sentences, stop_words, terms
from textor.adapters.text_models.extractive import ExtractiveModel
from textor.adapters.text_models.port import Answer, Conversation, Format, Message, Passage, Summary, Wanted, count_words
from textor.domain import folding
from textor.errors import InvalidInput

SUMMARY_WORDS = 90
MODEL = ExtractiveModel()
BY_LANGUAGE = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def summary(said: list[Passage], most: int = SUMMARY_WORDS, wished: Format = "bullet_points") -> Summary:
    return MODEL.summarize(said, Wanted(most, wished))


def asked(said: list[Passage], *questions: str) -> Answer:
    return MODEL.answer(Conversation([Message("user", one) for one in questions]), said)


def texts(*told: str) -> list[str]:
    return [one.text for one in sentences.cut(passages(*told))]


def test_it_is_always_there_and_says_what_it_is() -> None:
    (found,) = ExtractiveModel.from_settings(settings.load({}))
    assert (found.name, found.availability().ready) == ("textor-extractive", True)
    assert "extractive" in found.title
    assert found.capabilities.window_tokens is None


@BY_LANGUAGE
def test_a_summary_has_the_sentences_that_matter(sample: Sample) -> None:
    lines = summary(sample.passages).text.splitlines()
    for beginning in sample.must:
        assert any(line.startswith(f"- {beginning}") for line in lines), (beginning, lines)


@BY_LANGUAGE
def test_what_was_decided_is_the_first_key_point_or_near_it(sample: Sample) -> None:
    points = summary(sample.passages, wished="key_points").text.splitlines()
    assert [point.split(".")[0] for point in points] == [str(number + 1) for number in range(len(points))]
    assert any(sample.must[0] in point for point in points[:2])


@BY_LANGUAGE
def test_every_sentence_of_a_summary_is_found_in_the_source(sample: Sample) -> None:
    said = source(sample.passages)
    for line in summary(sample.passages).text.splitlines():
        assert line.removeprefix("- ") in said
    for line in summary(sample.passages, wished="key_points").text.splitlines():
        assert re.sub(r"^\d+\. ", "", line) in said
    paragraph = summary(sample.passages, wished="paragraph")
    assert paragraph.text == " ".join(one.text for one in paragraph.citations)
    assert all(one.text in said for one in paragraph.citations)


@BY_LANGUAGE
def test_points_stand_in_the_order_they_were_said(sample: Sample) -> None:
    starts = [one.start for one in summary(sample.passages).citations]
    assert starts == sorted(starts)


@BY_LANGUAGE
def test_topics_are_words_of_the_transcript(sample: Sample) -> None:
    found = summary(sample.passages).topics
    assert all(any(topic in one for one in found) for topic in sample.topics)
    assert all(topic in source(sample.passages) for topic in found)


@BY_LANGUAGE
def test_no_word_is_in_two_topics(sample: Sample) -> None:
    found = [word for topic in summary(sample.passages).topics for word in folding.words(topic)]
    assert len(found) == len(set(found))


def test_a_topic_is_no_list_and_no_verb() -> None:
    told = [
        "We sell tulips, roses.",
        "She likes tulips, roses.",
        "Tulips, roses!",
        "می‌سازیم.",
        "ما می‌سازیم.",
        "می‌سازیم آن را.",
        "Yes.",
    ]
    assert set(summary(passages(*told)).topics) == {"tulips", "roses"}


def test_what_is_said_twice_in_other_words_is_told_once() -> None:
    told = ["We replace the rusty bridge cables.", "The rusty cables of the bridge we replace.", "Rusty bridge cables were seen."]
    told += ["Ferry tickets for lorries become cheaper.", "Lorries buy ferry tickets."]
    found = summary(passages(*told), 16).text
    assert ("replace" in found, found.count("replace"), "erry tickets" in found) == (True, 1, True)


@BY_LANGUAGE
def test_questions_find_their_quote(sample: Sample) -> None:
    answers = {question: asked(sample.passages, question).citations for question, _ in sample.asked}
    missed = [question for question, words in sample.asked if not any(words in one.text for one in answers[question])]
    not_first = [question for question, words in sample.asked if not answers[question] or words not in answers[question][0].text]
    assert missed == []
    assert len(not_first) <= 1


@BY_LANGUAGE
def test_the_same_is_said_each_time(sample: Sample) -> None:
    assert summary(sample.passages) == summary(sample.passages)
    assert asked(sample.passages, sample.asked[0][0]) == asked(sample.passages, sample.asked[0][0])


@BY_LANGUAGE
def test_small_talk_is_no_part_of_a_summary(sample: Sample) -> None:
    chosen = summary(sample.passages).citations
    small_talk = {passage.id for passage in sample.passages[:1] + sample.passages[-1:]}
    assert small_talk.isdisjoint(number for one in chosen for number in one.ids)


@BY_LANGUAGE
def test_a_summary_has_no_line_of_two_words(sample: Sample) -> None:
    chosen = summary(sample.passages, 200).citations
    assert all(len(one.text.split()) > 2 for one in chosen)


def test_what_stands_between_two_quotes_is_quoted_once() -> None:
    told = ("The red fox ran.", "It rained.", "The old fox slept.", "Snow fell.", "Nobody came.", "Trees grew.")
    cited = asked(passages(*told), "Was there a fox?").citations
    assert [one.text for one in cited] == ["The red fox ran. It rained.", "The old fox slept. Snow fell."]


def test_an_answer_is_its_quotes() -> None:
    answer = asked(ENGLISH.passages, "How often do sensors report?")
    assert answer.text == "\n\n".join(one.text for one in answer.citations)
    assert answer.usage.total == 0


@pytest.mark.parametrize(
    "question", ["Where do penguins sleep?", "پنگوئن کجا می‌خوابد؟", "أين ينام البطريق؟", "Penguins on the bridge?"]
)
def test_what_was_not_said_is_not_answered(question: str) -> None:
    assert asked(ENGLISH.passages, question) == Answer("")


@pytest.mark.parametrize(
    "question", ["What is it about?", "خلاصه‌ی جلسه چیست؟", "ما موضوع الاجتماع؟", "Summarize the main points"]
)
def test_who_asks_what_it_is_about_gets_the_sentences_that_matter(question: str) -> None:
    assert "decided to replace" in asked(ENGLISH.passages, question).text


def test_a_short_question_leans_on_the_one_before() -> None:
    said = passages("The blue tower opened in 1920.", "Nobody came.", "It rained.", "The red barn opened in 1950.", "It burned.")
    assert "barn" in asked(said, "Tell me about the barn.", "When was it opened?").citations[0].text
    assert "tower" in asked(said, "Tell me about the tower.", "When was it opened?").citations[0].text


def test_words_of_a_sentence_are_cited_without_the_empty_segments_between() -> None:
    said = passages("It is", "", "  ", "over", "now.")
    (found,) = sentences.cut(said)
    assert (found.text, found.cited(said).ids) == ("It is over now.", (1, 4, 5))


def test_a_quote_stays_in_its_own_transcript_and_within_what_is_allowed() -> None:
    said = [*passages("Nobody knew.", source="one"), *passages("The tower is blue.", "It is old.", source="two")]
    said += passages("Third.", source="three")
    assert asked(said, "What about the tower?").text == "The tower is blue. It is old."
    assert asked(said, "Who is old?").text == "The tower is blue. It is old."
    shortest = MODEL.answer(Conversation([Message("user", "the tower?")], max_tokens=4), said)
    assert shortest.text == "The tower"


def test_instructions_are_refused_aloud() -> None:
    with pytest.raises(InvalidInput) as refused:
        MODEL.summarize(ENGLISH.passages, Wanted(instruction="As a poem."))
    assert refused.value.field == "instruction"


def test_a_transcript_is_not_its_own_summary() -> None:
    assert count_words(summary(ENGLISH.passages, 10_000).text) < count_words(source(ENGLISH.passages)) / 2


def test_a_sentence_too_long_for_the_summary_is_cut_and_shown_to_be() -> None:
    found = summary(passages("The committee approved the harbour bridge cables."), 3)
    assert found.text == "The committee approved…"
    assert found.citations[0].text == "The committee approved"


def test_a_cut_sentence_keeps_to_its_length_however_words_are_counted() -> None:
    assert summary(passages("A state-of-the-art design of bridges"), 3).text == "A state-of-…"


def test_without_full_stops_the_segments_are_the_sentences() -> None:
    told = ("the harbour bridge is closed", "we replace the bridge cables", "lorries use the ferry")
    assert texts(*told) == list(told)
    assert summary(passages(*told), 12, "paragraph").text.count("…") == 2


def test_a_sentence_goes_over_segments_and_is_cited_whole() -> None:
    said = passages("And so my fellow", "Americans, ask not. Ask", "what you can do.")
    found = sentences.cut(said)
    assert [one.text for one in found] == ["And so my fellow Americans, ask not.", "Ask what you can do."]
    assert [one.cited(said).ids for one in found] == [(1, 2), (2, 3)]
    assert (found[1].cited(said).start, found[1].cited(said).end) == (4.0, 12.0)


def test_a_sentence_ends_where_another_speaks_or_a_long_pause_begins() -> None:
    one, other = Passage(1, 0, 2, "I think we", "A"), Passage(2, 2, 4, "should go", "B")
    late = Passage(3, 60, 61, "away.", "B")
    assert [found.text for found in sentences.cut([one, other, late])] == ["I think we", "should go", "away."]


@pytest.mark.parametrize(
    ("told", "cut"),
    [
        ("Dr. Okafor met Mr. Lee at 3.5 km. He ran.", ["Dr. Okafor met Mr. Lee at 3.5 km.", "He ran."]),
        ("The U.S. Navy came, e.g. No. 5 did. It left!", ["The U.S. Navy came, e.g. No. 5 did.", "It left!"]),
        ("It costs ca. five. Yes.", ["It costs ca. five.", "Yes."]),
        ("So do I. You too.", ["So do I.", "You too."]),
        ("حال شما چطور است؟ خوبم. شما؟", ["حال شما چطور است؟", "خوبم.", "شما؟"]),
        ("کجا؟\u200f اینجا.\u200f", ["کجا؟\u200f", "اینجا.\u200f"]),
        ("سال ۱۴۰۲ ه.ش. بود. تمام.", ["سال ۱۴۰۲ ه.ش. بود.", "تمام."]),
        ("اول؛ دوم؛ سوم.", ["اول؛ دوم؛ سوم."]),
        (f"{'كلمة ' * 12}هنا؛ ثم انتهى.", [f"{'كلمة ' * 12}هنا؛", "ثم انتهى."]),
        ("会议开始。谁来了？", ["会议开始。", "谁来了？"]),
        ('Wait… what? «Yes.» "No."', ["Wait… what?", "«Yes.»", '"No."']),
        (" \n ", []),
    ],
)
def test_sentences_end_where_people_end_them(told: str, cut: list[str]) -> None:
    assert texts(told) == cut


def test_speech_without_an_end_is_cut_at_commas_or_anywhere() -> None:
    flat, commas = texts("word " * 500), texts("one two three four five six seven eight, " * 50)
    assert max(map(count_words, flat + commas)) <= sentences.LONGEST_WORDS
    assert all(text.endswith(",") for text in commas)
    assert " ".join(flat) == ("word " * 500).strip()


def test_words_are_the_same_with_their_endings_and_in_every_spelling() -> None:
    persian, arabic = terms.Vocabulary("fa"), terms.Vocabulary("ar")
    assert set(persian.terms("پیشبینی")) < set(persian.terms("پیش‌بینی"))
    assert persian.terms("كتابهاي") == persian.terms("کتاب‌های") == persian.terms("کتاب")
    assert set(arabic.terms("المدرسة")) < set(arabic.terms("والمدرسة وَمدرسة"))
    assert persian.terms("planned plans planning") == ["plan"] * 3
    assert persian.terms("this is the and می‌شود که") == []


def test_the_language_is_told_by_its_small_words_unless_it_is_known() -> None:
    assert [terms.vocabulary([sample.told]).arabic for sample in SAMPLES.values()] == ["fa", "fa", "ar"]
    assert terms.vocabulary([samples.PERSIAN.told], "ar-EG").arabic == "ar"


def test_stop_words_are_written_as_words_are_compared() -> None:
    assert all(folding.words(word) == [word] for word in stop_words.ALL | stop_words.CUES | stop_words.OVERVIEW)


def test_ten_thousand_equal_sentences_are_said_once() -> None:
    assert (
        summary(passages(*["All sentences are equal here."] * 10_000), wished="paragraph").text == "All sentences are equal here."
    )


@pytest.mark.parametrize("told", ["word", "😀 🎉", "...", "the of", "\u200f\u202b؟!\u202c", "12", "a" * 10_000])
def test_what_says_little_is_its_own_summary(told: str) -> None:
    found = summary(passages(told), 5)
    assert found.citations[0].text == told
    assert found.text.rstrip("…").endswith(told.rstrip("…"))


SAID = strategies.text(strategies.sampled_from("ab c .?!…؟؛،,0\u200c\u200fبو😀\n"), max_size=60) | strategies.text(max_size=40)


@given(strategies.lists(SAID, max_size=8), strategies.integers(1, 20))
@hypothesis_settings(max_examples=60, deadline=None)
def test_whatever_was_said_no_word_is_invented(told: list[str], most: int) -> None:
    said = passages(*told)
    found = summary(said, most, "paragraph")
    answer = MODEL.answer(Conversation([Message("user", " ".join(told))], max_tokens=2 * most), said)
    assert all(one.text in source(said) for one in (*found.citations, *answer.citations))
    assert count_words(found.text) <= most
    assert count_words(answer.text) <= most
