"""Map and reduce: whatever the length, all is read, what is cited was said, and the length is kept."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import FakeTextModel
from textor.adapters.text_models.port import Passage, Wanted, count_words
from textor.errors import InvalidInput, TextModelError
from textor.features.insights import citing, summarizing, windows
from textor.features.insights.summarizing import Made, Said, Step

PERSIAN = "جلسه امروز درباره بودجه سال آینده و استخدام نیروی تازه در شهر اصفهان بود و همه موافق بودند"
FIVE_HOURS = 3_000


def transcript(count: int, line: str = "Number {n} says that the harbour needs a new crane.") -> list[Passage]:
    return [Passage(n, 6.0 * n, 6.0 * n + 5, line.format(n=n), "A") for n in range(count)]


class Reader:
    """Asks a fake model as a worker does, and notes the steps."""

    def __init__(self, model: FakeTextModel) -> None:
        self.model = model
        self.steps: list[Step] = []

    def __call__(self, said: Sequence[Passage], wanted: Wanted, step: Step, /) -> Said:
        self.steps.append(step)
        answer = self.model.summarize(said, wanted)
        return Said(answer.text, answer.topics, citing.checked(answer.citations, said))

    def made(self, passages: Sequence[Passage], wanted: Wanted | None = None) -> Made:
        return summarizing.made(self.model, passages, wanted or Wanted(), self)


def points(passages: Sequence[Passage], wanted: Wanted) -> str:
    """Some lines of the passages' own words, as a model's points are."""
    return "\n".join(f"- {one.text}" for one in chosen(passages))


def chosen(passages: Sequence[Passage]) -> Sequence[Passage]:
    return [*passages[: -1 : max(1, len(passages) // 9)], passages[-1]]


def cited(passages: Sequence[Passage]) -> list[tuple[int, ...]]:
    return [(one.id,) for one in chosen(passages)]


def reader(window: int | None = 8192, **told: Any) -> Reader:
    return Reader(FakeTextModel(**{"says": points, "cites": cited, "window_tokens": window} | told))


def given_to(asked: Reader) -> list[Sequence[Passage]]:
    return [passages for _verb, passages, _wanted in asked.model.calls]


def test_what_fits_is_summed_up_in_one_call() -> None:
    asked = reader(cites=lambda passages: [(passages[0].id,), (passages[-1].id,)])
    made = asked.made(transcript(30), Wanted(200, "key_points", language="en", instruction="Be kind."))
    assert [wanted for _verb, _passages, wanted in asked.model.calls] == [
        Wanted(200, "key_points", language="en", instruction="Be kind.")
    ]
    assert made.read == {"segments": 30, "of": 30, "seconds": 179.0, "parts": 1}
    assert [one["ids"] for one in made.citations] == [[0], [29]]
    assert asked.steps[-1].is_last


@pytest.mark.parametrize("line", ["Number {n} says that the harbour needs a new crane.", PERSIAN + " {n}"])
def test_five_hours_are_read_whole_by_a_model_of_an_8k_window(line: str) -> None:
    asked = reader()
    passages = transcript(FIVE_HOURS, line)
    made = asked.made(passages, Wanted(500))
    first_round = [step for step in asked.steps if step.message.startswith("Reading part")]
    read = [one.text for part in given_to(asked)[: len(first_round)] for one in part]
    assert read == [one.text for one in passages]
    assert made.read == {"segments": FIVE_HOURS, "of": FIVE_HOURS, "seconds": 17_999.0, "parts": len(first_round)}
    assert len(first_round) > 10
    assert asked.steps[-2].message == "Putting the parts together"
    assert [step.progress for step in asked.steps] == sorted(step.progress for step in asked.steps)


def test_no_call_is_larger_than_the_window() -> None:
    asked = reader(4096)
    asked.made(transcript(600), Wanted(5000, instruction="Name the harbour. " * 20))
    for _verb, passages, wanted in asked.model.calls:
        answer = windows.answer_tokens(wanted.max_words)
        wish = asked.model.tokens(wanted.instruction)
        assert windows.whole(asked.model, passages) + answer + wish + windows.OWN_TOKENS <= 4096


def test_what_is_cited_in_the_end_was_said_where_it_is_cited() -> None:
    passages = transcript(FIVE_HOURS)
    made = reader().made(passages)
    by_id = {one.id: one for one in passages}
    assert made.citations
    for one in made.citations:
        (said,) = (by_id[number] for number in one["ids"])
        assert (one["start"], one["end"], one["text"]) == (said.start, said.end, said.text)
    assert made.citations[0]["ids"] == [0]


def test_points_are_read_with_the_times_of_what_they_stand_on() -> None:
    asked = reader(4096)
    asked.made(transcript(200))
    last = given_to(asked)[-1]
    assert [one.id for one in last] == list(range(len(last)))
    assert (last[0].start, last[0].end) == (0.0, 5.0)
    assert last[0].text.startswith("Number 0 says")


def test_a_citation_belongs_to_the_line_that_has_its_words() -> None:
    def backwards(passages: Sequence[Passage]) -> list[tuple[int, ...]]:
        return list(reversed(cited(passages)))

    asked = reader(4096, cites=backwards)
    asked.made(transcript(200))
    assert all(one.text.split()[1] == str(int(one.start) // 6) for one in given_to(asked)[-1])


def test_a_passage_longer_than_a_call_is_read_in_pieces_and_cited_as_one() -> None:
    text = " ".join(f"Sentence {n} is about the harbour." for n in range(2_000))
    asked = reader()
    made = asked.made([Passage(7, 0.0, 9.0, text)], Wanted())
    first_round = sum(step.message.startswith("Reading part") for step in asked.steps)
    read = " ".join(one.text for part in given_to(asked)[:first_round] for one in part)
    assert read == text
    assert all(one.text.endswith(".") for part in given_to(asked)[:first_round] for one in part)
    assert {number for one in made.citations for number in one["ids"]} == {7}
    assert (made.read["segments"], made.read["of"]) == (1, 1)


def test_passages_without_a_word_are_not_asked_about() -> None:
    asked = reader()
    made = asked.made([Passage(0, 0.0, 1.0, " "), Passage(1, 1.0, 2.0, "Hello there."), Passage(2, 2.0, 3.0, "")])
    assert [one.text for one in given_to(asked)[0]] == ["Hello there."]
    assert made.read == {"segments": 1, "of": 1, "seconds": 1.0, "parts": 1}
    assert {number for one in made.citations for number in one["ids"]} == {1}


def test_a_model_that_rambles_comes_to_an_end() -> None:
    asked = reader(4096, says=lambda passages, wanted: "\n".join(f"- {one.text} {'so ' * 50}" for one in passages))
    made = asked.made(transcript(400), Wanted(50))
    assert count_words(made.text) <= 50
    assert len(asked.model.calls) < 100


def test_a_part_without_points_is_no_fault_of_the_others() -> None:
    def silent_first(passages: Sequence[Passage], wanted: Wanted) -> str:
        return "" if passages[0].start == 0 and wanted.format == "bullet_points" else points(passages, wanted)

    made = reader(4096, says=silent_first).made(transcript(200))
    assert made.text


@pytest.mark.parametrize("count", [3, 400])
def test_a_model_that_says_nothing_has_failed(count: int) -> None:
    with pytest.raises(TextModelError, match="nothing to say"):
        reader(4096, says="").made(transcript(count))


def test_a_model_with_a_tiny_window_is_refused() -> None:
    with pytest.raises(InvalidInput, match="can't read enough") as refused:
        reader(2000).made(transcript(3))
    assert refused.value.field == "model_name"


def test_a_model_without_a_window_reads_all_at_once() -> None:
    asked = reader(None)
    asked.made(transcript(FIVE_HOURS, PERSIAN + " {n}"))
    assert len(asked.model.calls) == 1


def test_the_length_is_kept_by_whole_sentences() -> None:
    text = "One two three. Four five six. Seven eight nine."
    assert summarizing.kept(text, 9) == text
    assert summarizing.kept(text, 8) == "One two three. Four five six."
    assert summarizing.kept(text, 2) == "One two…"


def test_the_length_of_a_list_is_kept_by_whole_lines() -> None:
    listed = "1. One two three.\n2. Four five\n3. Six seven eight"
    assert summarizing.kept(listed, 8) == "1. One two three.\n2. Four five"
    assert summarizing.kept(listed, 5) == "1. One two three."


@given(st.text(alphabet="ab 1.!؟。\n-،سل…字", max_size=300), st.integers(1, 40))
def test_no_text_is_longer_than_wanted(text: str, most: int) -> None:
    short = summarizing.kept(text.strip(), most)
    assert count_words(short) <= most
    assert count_words(short) > 0 or count_words(text) == 0


def test_cutting_a_long_text_takes_no_time() -> None:
    text = " ".join(f"{'word ' * (n % 9)}end." for n in range(20_000))
    assert count_words(summarizing.kept(text, 500)) <= 500
