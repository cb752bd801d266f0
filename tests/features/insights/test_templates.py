"""A user's own templates for summaries."""

from typing import Any

import pytest
from apiflask import APIFlask

from tests import at_once
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import templates
from textor.models import User
from textor.toolbox import Toolbox


def names(user: User) -> list[str]:
    return [one.name for one in templates.listed(user.id)]


def test_a_template_is_kept_listed_and_forgotten(tools: Toolbox, alice: User) -> None:
    kept = templates.save(tools, alice.id, " Minutes ", "Name who decides.\r\nBe\0 brief.", "bullet_points", 120)
    templates.save(tools, alice.id, "A letter", "", "paragraph", 300)
    assert names(alice) == ["A letter", "Minutes"]
    assert (kept.name, kept.instruction, kept.format, kept.max_words) == (
        "Minutes",
        "Name who decides.\nBe brief.",
        "bullet_points",
        120,
    )
    templates.delete(alice.id, kept.id)
    assert names(alice) == ["A letter"]


def test_saved_under_a_name_that_is_known_it_takes_that_ones_place(tools: Toolbox, alice: User) -> None:
    first = templates.save(tools, alice.id, "Minutes", "One.", "paragraph", 100).id
    assert templates.save(tools, alice.id, "Minutes", "Two.", "key_points", 50).id == first
    assert [(one.instruction, one.format) for one in templates.listed(alice.id)] == [("Two.", "key_points")]


def test_what_can_be_no_template_is_refused(tools: Toolbox, alice: User) -> None:
    faults: tuple[tuple[dict[str, Any], str], ...] = (
        ({"name": " \0"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"instruction": "x" * 2001}, "instruction"),
        ({"format_name": "poem"}, "format"),
        ({"max_words": 0}, "max_length"),
    )
    for told, field in faults:
        with pytest.raises(InvalidInput) as refused:
            templates.save(tools, alice.id, **({"name": "Minutes", "instruction": "Be kind."} | told))
        assert refused.value.field == field
    assert names(alice) == []


def test_a_user_has_so_many_and_no_more(tools: Toolbox, alice: User) -> None:
    for n in range(templates.MOST):
        templates.save(tools, alice.id, f"Number {n}", "", "paragraph", 100)
    with pytest.raises(WrongState, match="50 templates"):
        templates.save(tools, alice.id, "One more", "", "paragraph", 100)
    templates.save(tools, alice.id, "Number 7", "Changed.", "paragraph", 100)
    assert len(names(alice)) == templates.MOST


def test_nobody_sees_or_forgets_somebody_elses(tools: Toolbox, alice: User, bob: User) -> None:
    kept = templates.save(tools, alice.id, "Minutes", "", "paragraph", 100)
    assert names(bob) == []
    for template_id in (kept.id, 10**9):
        with pytest.raises(NotFound):
            templates.delete(bob.id, template_id)
    templates.save(tools, bob.id, "Minutes", "", "paragraph", 100)
    assert names(alice) == names(bob) == ["Minutes"]


@pytest.mark.both_databases
def test_of_two_that_save_one_name_at_once_there_is_one(app: APIFlask, tools: Toolbox, alice: User) -> None:
    user_id = alice.id
    db.session.commit()
    at_once.results(app, 4, lambda: templates.save(tools, user_id, "Minutes", "", "paragraph", 100).id)
    assert names(alice) == ["Minutes"]
