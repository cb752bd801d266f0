"""What web, workers and commands share."""

import pytest
from apiflask import APIFlask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from textor.extensions import db

pytestmark = pytest.mark.both_databases


def test_an_error_of_the_database_does_not_repeat_what_was_to_be_written(app: APIFlask) -> None:
    with pytest.raises(SQLAlchemyError) as caught:
        db.session.execute(text("UPDATE nothing SET spoken = :spoken"), {"spoken": "a transcript"})
    db.session.rollback()
    assert "a transcript" not in str(caught.value)
