import re
from typing import Any

import pysubs2
from hypothesis import given, settings

from tests.adapters.exports import samples
from tests.adapters.exports.samples import conversation, document, persian, segment, spoken, written
from textor.adapters.exports.vtt import WebVtt
from textor.domain.transcript import Document


def text(of: Document, **options: Any) -> str:
    return written(WebVtt(), of, **options).decode()


def test_a_head_and_voices() -> None:
    assert text(conversation()).startswith(
        "WEBVTT\n\n1\n00:00:00.400 --> 00:00:03.230\n<v Alice>Good morning.\nLet's start with the numbers.\n\n2\n"
    )


def test_without_speakers_there_are_no_voices() -> None:
    assert "<v" not in text(conversation(), speakers=False)


def test_text_and_names_are_escaped() -> None:
    file = text(document(segment("<b>1 & 2</b> --> &lt;", speaker="A > B & <C>")))
    assert "<v A &gt; B &amp; &lt;C&gt;>&lt;b&gt;1 &amp; 2&lt;/b&gt; --&gt; &amp;lt;" in file


def test_pysubs2_reads_back_what_was_said() -> None:
    events = pysubs2.SSAFile.from_string(text(persian()), format_="vtt")
    assert " ".join(event.plaintext.replace("\n", " ") for event in events) == f"{samples.PERSIAN} {samples.PHONE}"


def test_a_backslash_is_a_backslash() -> None:
    assert "C:\\new\\Host" in text(document(segment("C:\\new\\Host")))


def test_hours_go_on_after_ninety_nine() -> None:
    assert "111:06:40.000 --> " in text(document(spoken("Still here.", 400_000)))


@settings(max_examples=60, deadline=None)
@given(samples.documents)
def test_the_only_tags_are_voices_and_the_only_arrows_are_times(document: Document) -> None:
    head, *blocks = text(document).rstrip("\n").split("\n\n")
    assert head == "WEBVTT"
    for block in blocks:
        number, times, *lines = block.split("\n")
        assert number.isdecimal()
        assert re.fullmatch(r"\d{2,}:\d\d:\d\d\.\d{3} --> \d{2,}:\d\d:\d\d\.\d{3}", times)
        assert 1 <= len(lines) <= 2
        said = re.sub(r"^<v [^<>\n]+>", "", "\n".join(lines))
        assert not set(said) & set("<>")
