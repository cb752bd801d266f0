from typing import Any

import pytest

from tests.adapters.exports.samples import NASTY, conversation, document, segment, written
from textor.adapters.exports.md import Markdown, escape
from textor.domain.transcript import Document


def text(of: Document, **options: Any) -> str:
    return written(Markdown(), of, **options).decode()


def test_title_facts_and_turns() -> None:
    assert text(conversation()).split("\n\n") == [
        "# A meeting",
        "2026-11-20 · 1:01 · whisper base",
        "## Alice `0:00`",
        "Good morning. Let's start with the numbers.",
        "## Bob `0:05`",
        "They are better than last week. Very good.\n",
    ]


def test_a_warning_is_a_quotation() -> None:
    assert "\n> Only the first hour was heard\\_\n" in text(document(segment("x"), warnings=("Only the first hour was heard_",)))


@pytest.mark.parametrize(
    ("said", "escaped"),
    [
        ("*not* _bold_ `code`", "\\*not\\* \\_bold\\_ \\`code\\`"),
        ("<script>", "\\<script\\>"),
        ("[a](javascript:b)", "\\[a\\](javascript:b)"),
        ("# heading", "\\# heading"),
        ("1. one", "1\\. one"),
        ("12) twelve", "12\\) twelve"),
        ("- a list", "\\- a list"),
        ("---", "\\---"),
        ("&lt;", "&amp;lt;"),
        ("1.5 hours - all of it", "1\\.5 hours - all of it"),
    ],
)
def test_nothing_said_is_taken_for_markup(said: str, escaped: str) -> None:
    assert escape(said) == escaped


def test_no_text_opens_a_block_of_its_own() -> None:
    lines = text(document(*(segment(nasty, 10.0 * n) for n, nasty in enumerate(NASTY))), timestamps=False).splitlines()
    assert [line for line in lines if line.startswith(("#", ">", "-", "+", "*", "    ", "<", "`"))] == ["# A meeting"]
