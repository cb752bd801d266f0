"""Model text as pages lay it out: paragraphs, lists, and the times of what is quoted."""

import pytest

from textor.web import prose
from textor.web.prose import Cite, Prose

FIRST, SECOND = Cite(1.0, "The ship sails.", "#g1"), Cite(9.5, "It is late.", "#g4")


def told(laid_out: Prose) -> list[tuple[str, list[str]]]:
    """Each block with its items, times in brackets."""
    return [
        (block.kind, ["".join(p.text + (f"[{p.cite.start:g}]" if p.cite else "") for p in item) for item in block.items])
        for block in laid_out.blocks
    ]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", []),
        ("One.\n\n Two. \n", [("p", ["One."]), ("p", ["Two."])]),
        ("- One.\n• Two.", [("ul", ["One.", "Two."])]),
        ("1. One.\n۲) Two.\nThree.", [("ol", ["One.", "Two."]), ("p", ["Three."])]),
        ("So:\n- One.\n1. Two.", [("p", ["So:"]), ("ul", ["One."]), ("ol", ["Two."])]),
        ("2026. A year.\n-5 degrees", [("p", ["2026. A year."]), ("p", ["-5 degrees"])]),
        ("<b>\u202eOne</b>\x00", [("p", ["<b>One</b>"])]),
    ],
)
def test_lines_become_paragraphs_and_lists(text: str, blocks: list[tuple[str, list[str]]]) -> None:
    assert told(prose.lay_out(text, [])) == blocks


def test_a_quote_has_its_time_behind_it_and_the_rest_is_listed() -> None:
    laid_out = prose.lay_out("She said “The  ship sails.”, I think.\n- It is late.…", [FIRST, SECOND, Cite(3.0, "Else", "#g2")])
    assert told(laid_out) == [("p", ["She said “The ship sails.”,[1] I think."]), ("ul", ["It is late.…[9.5]"])]
    assert [one.start for one in laid_out.rest] == [3.0]


def test_the_same_quote_is_told_once() -> None:
    laid_out = prose.lay_out("It is late. It is late.", [SECOND, Cite(20.0, "It is late.", "#g9"), Cite(30.0, "", "#g10")])
    assert told(laid_out) == [("p", ["It is late.[9.5] It is late.[20]"])]
    assert [one.start for one in laid_out.rest] == [30.0]
